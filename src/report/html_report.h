// One self-contained HTML page that shows what was done to a model, what it cost and what it
// gained. It opens from disk, without network and without scripts, in light and dark, on a phone
// and on paper.
//
// A number that is not known is NaN (double) or negative (integer), a text that is not known is
// empty; the page leaves out whatever has nothing to show. All text is escaped, so names may come
// from hostile files.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace lathe::report {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

struct ModelSummary {
  std::string name = {};   // "float32", "int8"
  std::string file = {};   // path as the user knows it
  double top1 = kUnknown;  // fractions
  double top5 = kUnknown;
  std::int64_t samples = -1;  // that top1 and top5 were measured on
  std::int64_t size_bytes = -1;
  std::int64_t parameters = -1;
  std::int64_t macs = -1;  // multiply-accumulates for one sample
  std::int64_t arena_bytes = -1;
  double p50_ms = kUnknown;  // latency of one inference
  double p90_ms = kUnknown;
  double p99_ms = kUnknown;
  double mean_ms = kUnknown;
  double images_per_s = kUnknown;
};

struct Epoch {
  std::int64_t epoch = 0;  // from 1
  double train_loss = kUnknown;
  double train_top1 = kUnknown;
  double validation_loss = kUnknown;
  double validation_top1 = kUnknown;
  double learning_rate = kUnknown;
};
struct History {
  std::vector<Epoch> epochs = {};
};

// One layer of the network, in network order; a side where it was not measured is NaN.
struct LayerTiming {
  std::string name = {};
  std::string op_type = {};
  double macs = kUnknown;
  double float_ms = kUnknown;
  double int8_ms = kUnknown;
  std::string float_kernel = {};
  std::string int8_kernel = {};
};

// A test image with what the models said of it.
struct Example {
  std::string png = {};  // the bytes of a PNG or JPEG file; anything else shows no image
  std::string truth = {};
  std::string predicted_float = {};
  std::string predicted_int8 = {};
  double confidence = kUnknown;  // of the smallest model's prediction, a fraction
};

struct Report {
  std::string title = {};
  std::string summary = {};  // a sentence or two below the headline: what was trained on what
  std::vector<std::pair<std::string, std::string>> system = {};  // name and value
  // The model before first, then what was made of it, in order. The headline compares the first
  // with the last.
  std::vector<ModelSummary> models = {};
  std::optional<History> history = {};
  std::vector<LayerTiming> layers = {};
  std::vector<Example> examples = {};
  std::vector<std::string> commands = {};  // that reproduce it, in order
  std::string generated_at = {};           // date and time, as it shall be shown
};

// The answer in words, as plain text: "int8 is 3.6× smaller and 2.1× faster than float32, and loses
// 0.12 points of accuracy." Empty where there are not two models with something to compare.
std::string headline(const Report& report);

std::string to_html(const Report& report);
// Replaces `path` as a whole.
Status write_html(const Report& report, const Path& path);

}  // namespace lathe::report
