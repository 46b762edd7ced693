#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"QLinearConv", "QConv", "QLinearMatMul", "QMatMul",
                                           "QGemm"};

// The same bytes less 128 each.
ir::Tensor to_signed(const ir::Tensor& tensor) {
  ir::Tensor result = ir::Tensor::zeros(ir::DataType::kInt8, tensor.dims());
  const auto from = tensor.data<std::uint8_t>();
  auto to = result.mutable_data<std::int8_t>();
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = static_cast<std::int8_t>(from[i] - 128);
  return result;
}

// Constant uint8 weights become int8: weights and zero points shift alike, so that nothing changes,
// and kernels meet one type.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  constexpr std::size_t kWeights = 3;
  constexpr std::size_t kZeroPoint = 5;
  const ir::Node& node = graph.node(id);
  const ir::Tensor* weights = graph.constant(node.input(kWeights));
  const ir::Tensor* zero = graph.constant(node.input(kZeroPoint));
  if (weights == nullptr || weights->data_type() != ir::DataType::kUint8 || zero == nullptr)
    return std::nullopt;
  const auto named = [&](std::size_t slot) { return graph.value(node.input(slot)).name + ".int8"; };
  Patch patch;
  patch.set_input(id, kWeights, patch.add_constant(named(kWeights), to_signed(*weights)));
  patch.set_input(id, kZeroPoint, patch.add_constant(named(kZeroPoint), to_signed(*zero)));
  return patch;
}

}  // namespace

const Rule kMakeWeightsSigned{"make_weights_signed", kOperators, apply};

}  // namespace lathe::passes
