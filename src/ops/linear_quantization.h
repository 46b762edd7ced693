// What QuantizeLinear and DequantizeLinear share: which scale belongs to an element.
#pragma once

#include "ops/op_def.h"

namespace lathe::ops {

// The type that an attribute names by its number.
Result<ir::DataType> element_type_attribute(const Attributes& attributes, std::string_view name);

// Checks the shapes of scale and zero point: a scalar, a vector along `axis`, or, with block_size
// above 0, blocks along `axis`.
Status check_linear_quantization(const InferContext& context);

// Index of the scale for each element of x, for a node that passed the check.
class ScaleIndex {
 public:
  ScaleIndex(const ir::Node& node, const ir::Tensor& x, const ir::Tensor& scale);
  [[nodiscard]] std::int64_t operator()(std::int64_t element) const;

 private:
  std::int64_t inner_ = 1;   // elements behind one step along the axis
  std::int64_t extent_ = 1;  // along the axis
  std::int64_t block_ = 1;   // elements along the axis that share a scale
  bool blocked_ = false;     // scales have the rank of x, fewer along the axis
  bool scalar_ = true;
};

}  // namespace lathe::ops
