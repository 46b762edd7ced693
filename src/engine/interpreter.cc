#include "engine/interpreter.h"

#include <cstring>

#include "ops/evaluate.h"

namespace lathe::engine {
namespace {

// An empty tensor may have no place.
void copy_bytes(void* to, const void* from, std::size_t size) {
  if (size > 0) std::memcpy(to, from, size);
}

bool is_absent(const ir::TensorType& type) { return type.data_type == ir::DataType::kUndefined; }

}  // namespace

Status interpret(const InterpretedNode& interpreted, std::span<const void* const> inputs,
                 std::span<void* const> outputs) {
  std::vector<ir::Datum> values;
  for (const ir::TensorType& type : interpreted.inputs) {
    if (is_absent(type)) {
      values.emplace_back();
      continue;
    }
    const auto dims = *ir::known_dims(*type.shape);
    const std::span bytes(static_cast<const std::byte*>(inputs.front()),
                          byte_size(type.data_type, dims));
    // The evaluator keeps no tensor beyond the call.
    ASSIGN_OR_RETURN(ir::Tensor tensor, ir::Tensor::borrow(type.data_type, dims, bytes, nullptr));
    inputs = inputs.subspan(1);
    values.emplace_back(std::move(tensor));
  }
  const ir::Node& node = interpreted.node;
  const std::span<const ir::Datum> all(values);
  const auto evaluated =
      ops::evaluate_node(node, all.first(node.inputs.size()), all.subspan(node.inputs.size()));
  if (!evaluated.ok()) return evaluated.error().with_context(interpreted.place);
  for (std::size_t i = 0; i < interpreted.outputs.size(); ++i) {
    if (is_absent(interpreted.outputs[i])) continue;
    const ir::Tensor* tensor = (*evaluated)[i].tensor();
    if (tensor == nullptr || tensor->type() != interpreted.outputs[i]) {
      return error(ErrorCode::kInternal, "{}: output {} is not what was inferred",
                   interpreted.place, i);
    }
    copy_bytes(outputs.front(), tensor->bytes().data(), tensor->num_bytes());
    outputs = outputs.subspan(1);
  }
  return {};
}

}  // namespace lathe::engine
