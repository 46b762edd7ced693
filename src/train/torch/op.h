// How one operator of the graph is computed by LibTorch, so that its autograd can follow.
//
// Adding an operator: a function `TrainOp train_Name()` in the file of its family, and one line in
// train_ops.inc.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "base/result.h"
#include "ir/graph.h"

namespace lathe::train {

// One node while it runs. Its attributes and shapes have passed ops::infer_shapes.
struct OpCall {
  const ir::Node& node;
  // Absent inputs, and those that the operator reads on the host, are undefined.
  std::span<const at::Tensor> inputs;
  // Inputs that the operator reads on the host; null where absent.
  std::span<const ir::Tensor* const> constants;
  bool training = false;
  // Convolutions and matrix products compute in bfloat16.
  bool bfloat16 = false;
  // The first input may be overwritten: nothing else reads it, the backward pass neither.
  bool may_overwrite = false;

  [[nodiscard]] const at::Tensor& input(std::size_t i) const {
    static const at::Tensor kAbsent;
    return i < inputs.size() ? inputs[i] : kAbsent;
  }
  [[nodiscard]] const ir::Tensor* constant(std::size_t i) const {
    return i < constants.size() ? constants[i] : nullptr;
  }
};

// The node's first output. LibTorch's exceptions are caught by the caller, who adds the node's
// name.
using RunFn = Result<at::Tensor> (*)(const OpCall&);

// A set of input slots.
class Slots {
 public:
  constexpr Slots() = default;
  constexpr Slots(std::initializer_list<unsigned> slots) {
    for (const unsigned slot : slots) bits_ |= 1U << slot;
  }
  [[nodiscard]] constexpr bool contains(std::size_t slot) const {
    return slot < 32 && ((bits_ >> slot) & 1U) != 0;
  }

 private:
  std::uint32_t bits_ = 0;
};

struct TrainOp {
  RunFn run = nullptr;
  // Inputs that are trained where they are initializers: weights under decay, and others.
  Slots weights = {};
  Slots biases = {};
  // Initializers that the operator itself updates in training.
  Slots statistics = {};
  // Initializers that are read on the host: axes, shapes, limits. They must be constants.
  Slots host = {};
  // The output is needed by the operator's own backward pass, or shares its input's memory: no one
  // may overwrite it.
  bool keeps_output = false;
  // A matrix product, that the last of a graph computes in float32.
  bool product = false;
};

// Null where training does not know the operator.
const TrainOp* find_train_op(std::string_view domain, std::string_view op_type);

}  // namespace lathe::train
