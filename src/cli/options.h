// Options that mean the same in every verb.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/progress.h"
#include "base/result.h"
#include "data/dataset.h"
#include "data/preprocess.h"
#include "ir/graph.h"

namespace CLI {
class App;
}

namespace lathe::cli {

struct OutputOptions {
  bool json = false;
  bool quiet = false;
  void declare(CLI::App& app);
};

struct DataOptions {
  std::string spec;
  std::string split = "test";
  std::int64_t limit = 0;
  std::string preprocess;  // JSON text or a file of it
  bool strict = false;
  void declare(CLI::App& app, bool required, std::string_view default_split);
  Result<std::shared_ptr<const data::Dataset>> open(std::string_view split_override = {}) const;
  Result<std::optional<data::Preprocess>> parse_preprocess() const;
};

struct BackendOptions {
  std::string backend = "native";
  int threads = 0;
  void declare(CLI::App& app);
};

// "28x28" or "28" as height and width.
struct Extents {
  std::int64_t height = 0;
  std::int64_t width = 0;
};
Result<Extents> parse_extents(const std::string& text);

// Reads a model and infers its shapes.
Result<ir::Graph> load(const std::string& path);

// One JSON object on standard output.
void print_json(const nlohmann::json& json);
// Text on standard output as it is.
void print(std::string_view text);

// A function for long work to report to, drawn as a bar unless `quiet`.
std::function<void(std::int64_t, std::int64_t)> progress_callback(const std::string& title,
                                                                  bool quiet);

}  // namespace lathe::cli
