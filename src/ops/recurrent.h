// What RNN, GRU and LSTM share: shapes, and the loops over directions, sequences and time.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "ops/op_def.h"
#include "ops/recurrent_activation.h"

namespace lathe::ops {

// One of the operators. Its inputs are X, W, R, B, sequence_lens, initial_h, and where it has a
// cell, initial_c and P; its outputs Y, Y_h, and where it has a cell, Y_c.
struct RecurrentOperator {
  std::int64_t gates;                             // matrices in W and R for each direction
  std::span<const std::string_view> activations;  // of one direction, where the node names none
  bool has_cell = false;
};

// What one direction of a layer computes with. Rows of matrices and elements of biases are those of
// the first gate, then of the second and so on.
struct RecurrentDirection {
  std::size_t hidden_size;
  std::span<const double> weights;    // R: [gates * hidden_size, hidden_size]
  std::span<const double> bias;       // Rb: [gates * hidden_size]
  std::span<const double> peepholes;  // P: [3 * hidden_size]; zeros where there are none
  std::span<const Activation> activations;

  // Row i of R times a vector, plus element i of Rb.
  [[nodiscard]] double recur(std::size_t i, std::span<const double> vector) const;
};

// What a sequence has come to.
struct RecurrentState {
  std::vector<double> hidden;
  std::vector<double> cell;  // empty where the operator has none
};

// One step in time; `gates` is W * x + Wb of all gates.
using RecurrentStep =
    FunctionRef<void(const RecurrentDirection&, std::span<const double> gates, RecurrentState&)>;

// The sum of products of two vectors of one length.
double dot_product(std::span<const double> a, std::span<const double> b);

Result<Types> infer_recurrent(const InferContext& context, const RecurrentOperator& op);
Result<Values> evaluate_recurrent(const EvaluateContext& context, const RecurrentOperator& op,
                                  RecurrentStep step);
std::optional<std::int64_t> macs_recurrent(const ir::Node& node,
                                           std::span<const ir::TensorType> inputs,
                                           std::span<const ir::TensorType> outputs);

}  // namespace lathe::ops
