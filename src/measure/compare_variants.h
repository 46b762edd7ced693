// What several forms of one model are worth beside each other: before and after quantization,
// pruning, distillation, in any number. Numbers only; report/ shows them.
//
//   const std::array sources{VariantSource{"float32", "cnn.onnx", &graph},
//                            VariantSource{"int8", "cnn-int8.onnx", &quantized}};
//   ASSIGN_OR_RETURN(VariantComparison comparison, compare_variants(sources, test, {}));
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "data/dataset.h"
#include "data/preprocess.h"
#include "engine/backend.h"
#include "ir/graph.h"
#include "measure/paired_accuracy.h"

namespace lathe::measure {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// A number that is not known is NaN (double) or negative (integer), a text that is not known empty.
struct Variant {
  std::string name = {};   // "float32", "int8"
  std::string model = {};  // its file, as the user named it
  double top1 = kUnknown;  // fractions
  double top5 = kUnknown;
  std::int64_t samples = -1;             // that both were measured on
  std::vector<std::int32_t> ranks = {};  // Evaluation::ranks
  std::int64_t size_bytes = -1;
  std::int64_t parameters = -1;
  std::int64_t batch_normalizations = -1;  // nodes; folded into layers they are no parameters
  std::int64_t macs = -1;                  // multiply-accumulates of one inference
  std::int64_t arena_bytes = -1;
  double p50_ms = kUnknown;  // latency of one inference, of batch 1 where the model takes that
  double p90_ms = kUnknown;
  double p99_ms = kUnknown;
  double mean_ms = kUnknown;
  double items_per_s = kUnknown;
};

struct LayerTime {
  double ms = kUnknown;  // of one inference
  std::string kernel = {};
};
// A layer by its name, which variants share; in the order of the network.
struct LayerTimes {
  std::string name = {};
  std::string op_type = {};              // of the first variant that has it
  double macs = kUnknown;                // likewise
  std::vector<LayerTime> variants = {};  // of each variant; unknown where it lacks the layer
};

// A test image with what each variant says of it.
struct Example {
  std::string png = {};  // the bytes of an image file
  std::string truth = {};
  std::vector<std::string> predicted = {};  // by each variant
  double confidence = kUnknown;             // of the last variant's prediction, a fraction
};

struct VariantComparison {
  std::vector<Variant> variants = {};  // the first is what others are compared with
  std::vector<LayerTimes> layers = {};
  std::vector<Example> examples = {};
  bool interrupted = false;  // by stop_requested: what had not been measured yet is not known
};

struct VariantSource {
  std::string name;
  std::string file;
  const ir::Graph* graph = nullptr;  // what the file holds
};

struct CompareVariantsOptions {
  // Of the latency measurement; evaluations take its shapes and dimensions.
  engine::CompileOptions compile = {.threads = 1};
  double seconds = 1;                               // of each variant's
  std::string late_remedy = {};                     // where measuring takes too long, as in bench()
  std::size_t examples = 12;                        // at most
  bool strict = false;                              // a sample that cannot be read is an error
  std::optional<data::Preprocess> preprocess = {};  // instead of the models' metadata
  // What is being done, and how far that is.
  std::function<void(std::string_view, std::int64_t, std::int64_t)> on_progress = {};
  // Asked between units of work; true ends it with what was measured so far.
  std::function<bool()> stop_requested = {};
};

// Size and latency of the files, measured in turns; accuracy of the graphs on `test`; times of
// their layers; examples of what they answer. The caller must have no other threads running
// (bench()).
Result<VariantComparison> compare_variants(std::span<const VariantSource> sources,
                                           const std::shared_ptr<const data::Dataset>& test,
                                           const CompareVariantsOptions& options);

// An array of "model", "name", "top1", "top5", "samples", "size_bytes", "parameters", "macs",
// "arena_bytes", "p50_ms", "p90_ms", "p99_ms", "mean_ms"; what is not known is left out. From the
// second on "top1_change" as well, against the first, with "top1_change_low" and
// "top1_change_high".
nlohmann::json variants_json(std::span<const Variant> variants);

}  // namespace lathe::measure
