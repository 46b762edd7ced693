#include <cstring>

#include "ops/cast_elements.h"

namespace lathe::ops {
namespace {

Result<Types> infer_bit_cast(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  ASSIGN_OR_RETURN(const ir::DataType to, element_type_of(context.attributes().get_int("to")));
  const int bits = ir::bits_per_element(x.data_type);
  if (to == ir::DataType::kString || ir::bits_per_element(to) != bits) {
    return invalid_data("attribute 'to' is {}, whose elements do not have {} bits as those of {}",
                        ir::data_type_name(to), bits, ir::data_type_name(x.data_type));
  }
  return std::vector{ir::TensorType{to, x.shape}};
}

// Of the input as it is, not widened. A bool is 0 or 1 in memory, so all other bits count as 1.
Result<Values> evaluate_bit_cast(const EvaluateContext& context) {
  const ir::Tensor& x = *context.values[0].tensor();
  ASSIGN_OR_RETURN(const ir::DataType to, element_type_of(context.attributes().get_int("to")));
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(to, x.dims()));
  const auto from = x.bytes();
  const auto bytes = y.mutable_bytes();
  if (to == ir::DataType::kBool) {
    for (std::size_t i = 0; i < from.size(); ++i)
      bytes[i] = from[i] == std::byte{0} ? std::byte{0} : std::byte{1};
  } else if (!from.empty()) {
    std::memcpy(bytes.data(), from.data(), from.size());
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_BitCast() {
  return {.name = "BitCast",
          .infer = infer_bit_cast,
          .evaluate = evaluate_bit_cast,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
