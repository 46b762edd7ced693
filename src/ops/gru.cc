#include "ops/recurrent.h"

namespace lathe::ops {
namespace {

constexpr std::string_view kActivationsOfGru[] = {"Sigmoid", "Tanh"};
constexpr RecurrentOperator kGru{3, kActivationsOfGru};

// Gates z (update), r (reset), h (hidden), in this order.
void step_gru(const RecurrentDirection& direction, bool linear_before_reset,
              std::span<const double> gates, RecurrentState& state) {
  const std::size_t size = direction.hidden_size;
  const Activation& f = direction.activations[0];
  const Activation& g = direction.activations[1];
  const std::vector<double> before = state.hidden;
  std::vector<double> reset(size);
  std::vector<double> kept(size);
  for (std::size_t j = 0; j < size; ++j) {
    reset[j] = f(gates[size + j] + direction.recur(size + j, before));
    kept[j] = reset[j] * before[j];
  }
  for (std::size_t j = 0; j < size; ++j) {
    const double update = f(gates[j] + direction.recur(j, before));
    const std::size_t row = 2 * size + j;
    const double recurrence =
        linear_before_reset ? reset[j] * direction.recur(row, before) : direction.recur(row, kept);
    const double hidden = g(gates[row] + recurrence);
    state.hidden[j] = (1 - update) * hidden + update * before[j];
  }
}

Result<Types> infer_gru(const InferContext& context) { return infer_recurrent(context, kGru); }

Result<Values> evaluate_gru(const EvaluateContext& context) {
  const bool linear_before_reset = context.attributes().get_bool("linear_before_reset");
  return evaluate_recurrent(
      context, kGru,
      [&](const RecurrentDirection& direction, std::span<const double> gates,
          RecurrentState& state) { step_gru(direction, linear_before_reset, gates, state); });
}

}  // namespace

OpDef define_GRU() {
  return {.name = "GRU", .infer = infer_gru, .evaluate = evaluate_gru, .macs = macs_recurrent};
}

}  // namespace lathe::ops
