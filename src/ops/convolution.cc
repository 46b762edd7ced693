#include "ops/convolution.h"

#include "base/checked_math.h"

namespace lathe::ops {

Result<std::optional<ConvolutionTypes>> infer_convolution(const ir::Node& node,
                                                          const ir::TensorType& input,
                                                          const ir::TensorType& weights) {
  if (weights.shape && weights.shape->size() < 3) {
    return invalid_data("weights have shape {}, expected [M,C/group,kernel...]",
                        ir::to_string(*weights.shape));
  }
  if (!input.shape || !weights.shape) return std::optional<ConvolutionTypes>{};
  const ir::Shape& x = *input.shape;
  const ir::Shape& w = *weights.shape;
  if (x.size() < 3)
    return invalid_data("input has shape {}, expected [N,C,spatial...]", ir::to_string(x));
  if (w.size() != x.size()) {
    return invalid_data("weights have rank {}, expected {} as the input", w.size(), x.size());
  }
  if (!ir::fully_known(w)) return unsupported("weights of unknown shape {}", ir::to_string(w));

  const std::int64_t group = attributes(node).get_int("group");
  if (group < 1) return invalid_data("group is {}", group);
  if (w[0].value() % group != 0) {
    return invalid_data("{} output channels are not divisible by group {}", w[0].value(), group);
  }
  if (x[1].known() && (x[1].value() % group != 0 || w[1].value() != x[1].value() / group)) {
    return invalid_data("weights {} with group {} do not fit an input of {} channels",
                        ir::to_string(w), group, x[1].value());
  }
  Dims kernel;
  for (std::size_t i = 2; i < w.size(); ++i) {
    if (w[i].value() < 1) return invalid_data("weights have shape {}", ir::to_string(w));
    kernel.push_back(w[i].value());
  }
  const Dims* stated = attributes(node).find_ints("kernel_shape");
  if (stated != nullptr && *stated != kernel) {
    return invalid_data("kernel_shape is {}, but the weights have shape {}", ir::to_string(*stated),
                        ir::to_string(w));
  }
  ConvolutionTypes types;
  ASSIGN_OR_RETURN(types.window, resolve_window(node, kernel, std::span(x).subspan(2)));
  ASSIGN_OR_RETURN(types.output, window_output_shape(types.window, x, w[0], false));
  return std::optional(std::move(types));
}

std::optional<std::int64_t> convolution_macs(const ir::TensorType& weights,
                                             const ir::TensorType& output) {
  const Dims w = require_dims(weights);
  Dims factors = require_dims(output);
  factors.insert(factors.end(), w.begin() + 1, w.end());
  return checked_product(factors);
}

}  // namespace lathe::ops
