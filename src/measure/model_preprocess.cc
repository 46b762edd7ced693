#include "measure/model_preprocess.h"

#include <nlohmann/json.hpp>

#include "base/json_text.h"
namespace lathe::measure {
namespace {

// The extents and channels that the model's input has; where it leaves them open, common ones.
data::Preprocess example_for(const ir::Graph& graph) {
  data::Preprocess example;
  example.height = example.width = 224;
  if (!graph.inputs().empty()) {
    const auto& shape = graph.tensor_type(graph.inputs()[0]).shape;
    if (shape && shape->size() == 4) {
      const auto extent = [&](std::size_t axis, int otherwise) {
        const ir::Dim& dim = (*shape)[axis];
        const bool fits = dim.known() && dim.value() > 0 && dim.value() < 1 << 14;
        return fits ? static_cast<int>(dim.value()) : otherwise;
      };
      if (extent(1, 3) == 1) example.channels = data::Channels::kGray;
      example.height = extent(2, example.height);
      example.width = extent(3, example.width);
    }
  }
  const auto channels = static_cast<std::size_t>(data::channel_count(example.channels));
  example.mean.assign(channels, 0);
  example.std.assign(channels, 1);
  return example;
}

}  // namespace

Error missing_preprocess(const ir::Graph& graph) {
  return error(ErrorCode::kNotFound,
               "the model does not say how images become its input: its metadata has no '{}'; pass "
               "what it was trained with, as in --preprocess '{}'",
               data::kPreprocessKey, json_text(data::to_json(example_for(graph))));
}

Result<std::optional<data::Preprocess>> resolve_preprocess(
    const ir::Graph& graph, const data::Dataset& dataset,
    const std::optional<data::Preprocess>& given) {
  if (!dataset.is_images()) {
    if (!given) return given;
    return invalid_argument("--preprocess has no effect: {} holds features, not images",
                            dataset.name());
  }
  if (given) return given;
  ASSIGN_OR_RETURN(auto preprocess, data::read_preprocess(graph.metadata));
  if (!preprocess) return missing_preprocess(graph);
  return preprocess;
}

}  // namespace lathe::measure
