#include "engine/lower/lower.h"

namespace lathe::engine {
namespace {

std::optional<kernels::ElementType> element_type(ir::DataType type) {
  using ir::DataType;
  using kernels::ElementType;
  switch (type) {
    case DataType::kFloat32:
      return ElementType::kFloat32;
    case DataType::kFloat64:
      return ElementType::kFloat64;
    case DataType::kFloat16:
      return ElementType::kFloat16;
    case DataType::kBFloat16:
      return ElementType::kBFloat16;
    case DataType::kInt8:
      return ElementType::kInt8;
    case DataType::kUint8:
      return ElementType::kUint8;
    case DataType::kInt16:
      return ElementType::kInt16;
    case DataType::kUint16:
      return ElementType::kUint16;
    case DataType::kInt32:
      return ElementType::kInt32;
    case DataType::kUint32:
      return ElementType::kUint32;
    case DataType::kInt64:
      return ElementType::kInt64;
    case DataType::kUint64:
      return ElementType::kUint64;
    case DataType::kBool:
      return ElementType::kBool;
    default:
      return std::nullopt;
  }
}

}  // namespace

bool fits_cast(const ir::Graph& graph, const ir::Node& node) {
  return element_type(graph.tensor_type(node.input(0)).data_type) &&
         element_type(graph.tensor_type(node.output()).data_type);
}

void lower_cast(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Node& node = op.main;
  const auto type_of = [&](ir::ValueId value) {
    return *element_type(builder.graph().tensor_type(value).data_type);
  };
  const SlotId input = builder.slot(node.input(0));
  builder.add_step(op,
                   kernels::CastProblem{type_of(node.input(0)), type_of(node.output()),
                                        product(builder.dims(node.output()))},
                   {input}, builder.define(node.output()));
}

}  // namespace lathe::engine
