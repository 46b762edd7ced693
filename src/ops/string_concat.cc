#include <algorithm>

#include "ops/elementwise.h"
#include "ops/text.h"

namespace lathe::ops {
namespace {

// How many bytes one input gives to the result, where each element appears `repeats` times.
std::optional<std::int64_t> bytes_given(const ir::Tensor& x, std::int64_t results) {
  if (x.num_elements() == 0) return 0;
  std::int64_t bytes = 0;
  for (const std::string& text : x.data<std::string>())
    bytes += static_cast<std::int64_t>(text.size());
  const std::int64_t repeats = results / x.num_elements();
  if (bytes > kMostTextBytes / std::max<std::int64_t>(repeats, 1)) return std::nullopt;
  return bytes * repeats;
}

Status check_text_size(const ir::Tensor& x, const ir::Tensor& y, const Dims& dims) {
  const std::int64_t results = product_of(dims);
  const auto first = bytes_given(x, results);
  const auto second = bytes_given(y, results);
  if (results <= kMostStrings && first && second && *first + *second <= kMostTextBytes) return {};
  return error(ErrorCode::kResourceExhausted, "string{} is too much text", ir::to_string(dims));
}

Result<Values> evaluate_string_concat(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const ir::Tensor& y = context.inputs[1];
  const Dims dims = require_dims(context.output_types[0]);
  RETURN_IF_ERROR(check_text_size(x, y, dims));
  ASSIGN_OR_RETURN(ir::Tensor z, ir::Tensor::create(ir::DataType::kString, dims));
  fill_broadcast<std::string, std::string, std::string>(
      x, y, z, [](const std::string& a, const std::string& b) { return a + b; });
  return std::vector{std::move(z)};
}

}  // namespace

OpDef define_StringConcat() {
  return {.name = "StringConcat",
          .infer = infer_binary,
          .evaluate = evaluate_string_concat,
          .traits = {.binary_elementwise = true}};
}

}  // namespace lathe::ops
