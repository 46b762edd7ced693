#include "ops/recurrent.h"

namespace lathe::ops {
namespace {

constexpr std::string_view kActivationsOfLstm[] = {"Sigmoid", "Tanh", "Tanh"};
constexpr RecurrentOperator kLstm{4, kActivationsOfLstm, true};

// Gates i (input), o (output), f (forget), c (cell), in this order; peepholes of i, o, f.
void step_lstm(const RecurrentDirection& direction, bool input_forget,
               std::span<const double> gates, RecurrentState& state) {
  const std::size_t size = direction.hidden_size;
  const Activation& f = direction.activations[0];
  const Activation& g = direction.activations[1];
  const Activation& h = direction.activations[2];
  const std::vector<double> before = state.hidden;
  const auto gate = [&](std::size_t row) { return gates[row] + direction.recur(row, before); };
  const auto peek = [&](std::size_t row, std::size_t j) {
    return direction.peepholes[row] * state.cell[j];
  };
  for (std::size_t j = 0; j < size; ++j) {
    const double input = f(gate(j) + peek(j, j));
    const double forget = input_forget ? 1 - input : f(gate(2 * size + j) + peek(2 * size + j, j));
    state.cell[j] = forget * state.cell[j] + input * g(gate(3 * size + j));
    const double output = f(gate(size + j) + peek(size + j, j));
    state.hidden[j] = output * h(state.cell[j]);
  }
}

Result<Types> infer_lstm(const InferContext& context) { return infer_recurrent(context, kLstm); }

Result<Values> evaluate_lstm(const EvaluateContext& context) {
  const bool input_forget = context.attributes().get_bool("input_forget");
  return evaluate_recurrent(
      context, kLstm,
      [&](const RecurrentDirection& direction, std::span<const double> gates,
          RecurrentState& state) { step_lstm(direction, input_forget, gates, state); });
}

}  // namespace

OpDef define_LSTM() {
  return {.name = "LSTM", .infer = infer_lstm, .evaluate = evaluate_lstm, .macs = macs_recurrent};
}

}  // namespace lathe::ops
