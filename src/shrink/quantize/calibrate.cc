#include "shrink/quantize/calibrate.h"

#include <algorithm>
#include <cmath>

#include "data/loader.h"
#include "engine/native.h"
#include "measure/batch_runner.h"
#include "measure/model_preprocess.h"

namespace lathe::shrink {
namespace {

// Rows of a batch that are padding must not be observed, so ranges are taken after the runner has
// cut them off.
Status observe(const ir::Tensor& tensor, const std::string& name, ActivationRanges& ranges) {
  const auto values = tensor.data<float>();
  if (values.empty()) return {};
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  // A NaN anywhere makes the sum NaN, where it could hide from the comparison.
  double sum = 0;
  for (const float v : values) sum += static_cast<double>(v);
  if (!std::isfinite(sum))
    return invalid_data("value '{}' is not finite on the calibration data", name);
  const auto [it, first] = ranges.emplace(name, ActivationRange{*low, *high});
  if (!first) {
    it->second.min = std::min(it->second.min, *low);
    it->second.max = std::max(it->second.max, *high);
  }
  return {};
}

}  // namespace

Result<Calibration> calibrate(const ir::Graph& graph, std::span<const ir::ValueId> values,
                              std::shared_ptr<const data::Dataset> dataset,
                              const CalibrateOptions& options) {
  ASSIGN_OR_RETURN(const auto preprocess,
                   measure::resolve_preprocess(graph, *dataset, options.preprocess));
  ir::Graph observed = graph;
  observed.set_outputs({values.begin(), values.end()});
  ASSIGN_OR_RETURN(
      const measure::BatchRunner runner,
      measure::BatchRunner::create(std::move(observed), engine::native_backend(), options.compile));

  // Shuffled, since many datasets lie sorted by class.
  data::LoaderOptions loading;
  loading.batch_size = runner.batch();
  loading.shuffle = true;
  loading.seed = options.seed;
  loading.strict = options.strict;
  loading.cache_bytes = 0;
  const std::int64_t total =
      options.samples > 0 ? std::min(options.samples, dataset->size()) : dataset->size();
  data::Loader loader(std::move(dataset), preprocess, loading);
  loader.start_epoch(0);
  Calibration calibration;
  std::int64_t& seen = calibration.samples.seen;
  while (seen < total) {
    if (options.stop_requested && options.stop_requested())
      return error(ErrorCode::kInterrupted, "after {} of {} calibration samples", seen, total);
    ASSIGN_OR_RETURN(const std::optional<data::Batch> batch, loader.next());
    if (!batch) break;
    const std::int64_t rows = std::min(batch->inputs.dim(0), total - seen);
    ASSIGN_OR_RETURN(const ir::Tensor inputs, measure::with_rows(batch->inputs, rows));
    ASSIGN_OR_RETURN(const std::vector<ir::Tensor> outputs, runner.run(inputs));
    for (std::size_t i = 0; i < values.size(); ++i) {
      RETURN_IF_ERROR(observe(outputs[i], graph.value(values[i]).name, calibration.ranges));
    }
    seen += rows;
    if (options.on_progress) options.on_progress(seen, total);
  }
  if (seen == 0) return invalid_data("the calibration data has no readable sample");
  calibration.samples.left_out = loader.corrupt_samples();
  return calibration;
}

}  // namespace lathe::shrink
