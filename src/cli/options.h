// Options that mean the same in every verb.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "cli/arguments.h"
#include "data/dataset.h"
#include "data/preprocess.h"
#include "engine/backend.h"
#include "ir/graph.h"

namespace lathe::cli {

class OutputFiles;

struct OutputOptions {
  bool json = false;
  bool quiet = false;
  void declare(Arguments app);
};

struct DataOptions {
  std::string spec;
  std::string split = "test";
  std::int64_t limit = 0;
  std::string preprocess;  // JSON text or a file of it
  bool strict = false;
  // Without a default split there is no --split.
  void declare(Arguments app, bool required, std::string_view default_split);
  // Refuses those of `flags` that were given: "--limit has no effect on image files".
  Status refuse(std::initializer_list<std::string_view> flags, std::string_view where) const;
  // Tells what is read: a file of --preprocess, and what the data is made of.
  void add_to(OutputFiles& files) const;
  Result<std::shared_ptr<const data::Dataset>> open(std::string_view split_override = {}) const;
  Result<std::optional<data::Preprocess>> parse_preprocess() const;

 private:
  Arguments app_;  // tells what was given
};

// --opset: of the ONNX file that a verb writes.
struct OpsetFlag {
  std::int64_t opset = 0;  // not given
  void declare(Arguments app);
  Result<std::optional<int>> parse() const;
};

// Adds "name=1x3x640x640" and the like to `shapes`; the name may be left out. Errors name `flag`.
Status add_shapes(std::string_view flag, std::span<const std::string> texts,
                  std::map<std::string, std::vector<std::int64_t>>& shapes);

// --shape and --dim: extents that a model leaves open, for every verb that compiles one.
//
//   RETURN_IF_ERROR(call.shapes.add_to(options));   // then engine::bind_shapes checks them
struct ShapeFlags {
  std::vector<std::string> shapes;      // "name=1x3x640x640"; the name may be left out
  std::vector<std::string> dimensions;  // "name=640"
  void declare(Arguments app);
  [[nodiscard]] bool given() const { return !shapes.empty() || !dimensions.empty(); }
  Status add_to(engine::CompileOptions& options) const;
  // As the command line has them: {"--dim", "name=640"}.
  [[nodiscard]] std::vector<std::string> words() const;
};

// Refuses a --batch, which options.batch is, where `graph` cannot have that: its file, --shape or
// --dim gives another. `model`: what the graph's file is called.
Status check_batch(const ir::Graph& graph, const engine::CompileOptions& options,
                   std::string_view model);

// How a model is run, but for the backend's name: what compile() is told.
struct CompileFlags {
  int threads = 0;
  int streams = 0;
  std::string prefer = "latency";
  std::string precision = "f32";
  std::string memory_limit;
  std::int64_t tile_rows = 0;
  bool tune = false;
  std::vector<std::string> providers;
  std::vector<std::string> provider_options;
  std::vector<std::string> disabled_passes;
  bool print_passes = false;
  ShapeFlags shapes;
  // `concurrency`: whether --threads and --streams are among them; bench takes lists of those.
  void declare(Arguments app, bool concurrency = true);
  Result<engine::CompileOptions> parse() const;
};

struct BackendOptions {
  std::string backend = "native";
  bool explain = false;
  CompileFlags compile;
  void declare(Arguments app);
  // Prints how `auto` orders the backends for a model, where --explain asks for that.
  Status explain_choice(const ir::Graph& graph, const engine::CompileOptions& options) const;
};

// "4096", "512K", "64M", "2g" as bytes; K is 1024.
Result<std::int64_t> parse_bytes(std::string_view text);

// Refuses a number beyond these, and one that is none ("nan", "inf").
Status check_range(std::string_view option, double value, double least, double most);

// A line on standard error, above a progress line.
void say(std::string_view line);
// What an executable has to say, on standard error.
void print_notes(std::span<const std::string> notes, bool quiet);
// What a dataset has to say; the same note is not said twice, also where two splits have it.
void print_data_notes(std::span<const std::string> notes, bool quiet);

// "28x28" or "28" as height and width, each in [1, data::kMaxExtent].
struct Extents {
  std::int64_t height = 0;
  std::int64_t width = 0;
};
Result<Extents> parse_extents(std::string_view option, const std::string& text);

// One JSON object on standard output.
void print_json(const nlohmann::json& json);
// Text on standard output as it is. Never fails: standard_output_error() tells at the end.
void print(std::string_view text);
// The errno of what could not be printed, 0 where everything could.
int standard_output_error();

// A function for long work to report to, drawn as a bar unless `quiet`.
std::function<void(std::int64_t, std::int64_t)> progress_callback(const std::string& title,
                                                                  bool quiet);

}  // namespace lathe::cli
