#include "ops/recurrent.h"

namespace lathe::ops {
namespace {

constexpr std::string_view kActivationsOfRnn[] = {"Tanh"};
constexpr RecurrentOperator kRnn{1, kActivationsOfRnn};

Result<Types> infer_rnn(const InferContext& context) { return infer_recurrent(context, kRnn); }

Result<Values> evaluate_rnn(const EvaluateContext& context) {
  return evaluate_recurrent(context, kRnn,
                            [](const RecurrentDirection& direction, std::span<const double> gates,
                               RecurrentState& state) {
                              const std::vector<double> before = state.hidden;
                              for (std::size_t j = 0; j < before.size(); ++j) {
                                state.hidden[j] =
                                    direction.activations[0](gates[j] + direction.recur(j, before));
                              }
                            });
}

}  // namespace

OpDef define_RNN() {
  return {.name = "RNN", .infer = infer_rnn, .evaluate = evaluate_rnn, .macs = macs_recurrent};
}

}  // namespace lathe::ops
