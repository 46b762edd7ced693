#include "passes/fold_constants.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"DequantizeLinear"};

// Weights that no integer operator reads are float32 once for all runs: a kernel needs them so, and
// they would be dequantized anew in each run. The types of the fewest bits have two.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  constexpr std::size_t kGrowth = 32 / 2;
  return fold_constants(graph, id, kGrowth);
}

}  // namespace

const Rule kDequantizeConstants{"dequantize_constants", kOperators, apply};

}  // namespace lathe::passes
