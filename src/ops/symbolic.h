// Shape arithmetic: small integer tensors whose elements are computed from extents before a run.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ir/graph.h"
#include "ir/sym_int.h"

namespace lathe::ops {

class Attributes;

// The elements of a tensor of whole numbers, in row-major order; unknown ones are unknown SymInts.
// Of bool: 0 or 1.
struct SymbolicTensor {
  std::vector<std::int64_t> dims;
  std::vector<ir::SymInt> elements;
};

// Longer tensors are no shapes.
inline constexpr std::int64_t kMostSymbolicElements = 64;

// One node whose first output is asked for.
struct SymbolicContext {
  const ir::Node& node;
  const Attributes& attributes;
  std::span<const SymbolicTensor* const> inputs;  // null: absent, or nothing is known of it
  std::span<const ir::TensorType> types;          // of the inputs; of undefined type where absent
  const ir::TensorType& output;                   // whose extents are known
};

// Nothing where the operator cannot tell.
using SymbolicFn = std::optional<SymbolicTensor> (*)(const SymbolicContext&);

// function(a, b) of two inputs, broadcast.
std::optional<SymbolicTensor> symbolic_broadcast(const SymbolicContext& context,
                                                 ir::SymInt (*function)(const ir::SymInt&,
                                                                        const ir::SymInt&));
// Of whole numbers.
std::optional<SymbolicTensor> symbolic_sum(const SymbolicContext& context);
std::optional<SymbolicTensor> symbolic_difference(const SymbolicContext& context);
std::optional<SymbolicTensor> symbolic_product(const SymbolicContext& context);
// Of integers; extents are not negative, so that rounding down is what Div does.
std::optional<SymbolicTensor> symbolic_quotient(const SymbolicContext& context);
std::optional<SymbolicTensor> symbolic_equality(const SymbolicContext& context);
// The elements of input 0 as they are.
std::optional<SymbolicTensor> symbolic_copy(const SymbolicContext& context);
// Elements of those inputs that have the output's type variable, elsewhere. The others say where,
// and have to be known.
std::optional<SymbolicTensor> symbolic_movement(const SymbolicContext& context);

}  // namespace lathe::ops
