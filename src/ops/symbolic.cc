#include "ops/symbolic.h"

#include <algorithm>

#include "ops/evaluate.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

using ir::SymInt;

SymInt plus(const SymInt& a, const SymInt& b) { return a + b; }
SymInt minus(const SymInt& a, const SymInt& b) { return a - b; }
SymInt times(const SymInt& a, const SymInt& b) { return a * b; }
SymInt divided(const SymInt& a, const SymInt& b) {
  if (a.is_number() && b.is_number() && (*a.number() < 0 || *b.number() <= 0)) return {};
  return floor_div(a, b);
}

// What is computed from extents is not negative.
SymInt equal(const SymInt& a, const SymInt& b) {
  if (a.is_number() && b.is_number()) return a == b ? 1 : 0;
  if (a.is_expression() && b.is_expression() && a == b) return 1;
  const auto negative = [](const SymInt& x) { return x.is_number() && *x.number() < 0; };
  if ((a.is_expression() && negative(b)) || (b.is_expression() && negative(a))) return 0;
  return {};
}

// The whole numbers that stand for elements of several tensors while these are moved about. The
// first stands for 0, which operators fill in.
class Tokens {
 public:
  ir::Tensor encode(const SymbolicTensor& tensor) {
    ir::Tensor tokens = ir::Tensor::zeros(ir::DataType::kInt64, tensor.dims);
    auto out = tokens.mutable_data<std::int64_t>();
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::int64_t>(meanings_.size());
      meanings_.push_back(tensor.elements[i]);
    }
    return tokens;
  }

  [[nodiscard]] std::optional<SymbolicTensor> decode(const ir::Tensor& tokens) const {
    SymbolicTensor tensor{tokens.dims(), {}};
    for (const std::int64_t token : tokens.to_int64s()) {
      if (token < 0 || token >= static_cast<std::int64_t>(meanings_.size())) return std::nullopt;
      tensor.elements.push_back(meanings_[static_cast<std::size_t>(token)]);
    }
    return tensor;
  }

 private:
  std::vector<SymInt> meanings_{SymInt(0)};
};

// The same elements in memory, where all are numbers.
std::optional<ir::Tensor> as_numbers(const SymbolicTensor& tensor, ir::DataType type) {
  ir::Tensor numbers = ir::Tensor::zeros(ir::DataType::kInt64, tensor.dims);
  auto out = numbers.mutable_data<std::int64_t>();
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!tensor.elements[i].is_number()) return std::nullopt;
    out[i] = *tensor.elements[i].number();
  }
  return numbers.cast(type);
}

}  // namespace

std::optional<SymbolicTensor> symbolic_broadcast(const SymbolicContext& context,
                                                 SymInt (*function)(const SymInt&, const SymInt&)) {
  if (context.inputs.size() != 2 || context.inputs[0] == nullptr || context.inputs[1] == nullptr)
    return std::nullopt;
  const SymbolicTensor& a = *context.inputs[0];
  const SymbolicTensor& b = *context.inputs[1];
  SymbolicTensor y{require_dims(context.output), {}};
  if (product_of(y.dims) == 0) return y;
  const Dims stride_a = broadcast_strides(a.dims, y.dims);
  const Dims stride_b = broadcast_strides(b.dims, y.dims);
  Dims index(y.dims.size(), 0);
  do {
    std::int64_t ia = 0;
    std::int64_t ib = 0;
    for (std::size_t d = 0; d < index.size(); ++d) {
      ia += index[d] * stride_a[d];
      ib += index[d] * stride_b[d];
    }
    y.elements.push_back(function(a.elements[static_cast<std::size_t>(ia)],
                                  b.elements[static_cast<std::size_t>(ib)]));
  } while (next_index(index, y.dims));
  return y;
}

std::optional<SymbolicTensor> symbolic_sum(const SymbolicContext& context) {
  return symbolic_broadcast(context, plus);
}
std::optional<SymbolicTensor> symbolic_difference(const SymbolicContext& context) {
  return symbolic_broadcast(context, minus);
}
std::optional<SymbolicTensor> symbolic_product(const SymbolicContext& context) {
  return symbolic_broadcast(context, times);
}
std::optional<SymbolicTensor> symbolic_quotient(const SymbolicContext& context) {
  if (!ir::is_integer(context.output.data_type)) return std::nullopt;
  return symbolic_broadcast(context, divided);
}
std::optional<SymbolicTensor> symbolic_equality(const SymbolicContext& context) {
  return symbolic_broadcast(context, equal);
}

std::optional<SymbolicTensor> symbolic_copy(const SymbolicContext& context) {
  const ir::DataType type = context.output.data_type;
  const bool is_number = ir::is_integer(type) || ir::is_floating_point(type);
  if (!is_number || context.inputs.empty() || context.inputs[0] == nullptr) return std::nullopt;
  return *context.inputs[0];
}

std::optional<SymbolicTensor> symbolic_movement(const SymbolicContext& context) {
  const Signature& signature = *find_op(context.node.domain, context.node.op_type)->signature;
  const auto variable = signature.output(0)->variable;
  if (!variable) return std::nullopt;
  Tokens tokens;
  std::vector<ir::Tensor> inputs;
  for (std::size_t i = 0; i < context.node.inputs.size(); ++i) {
    if (context.node.inputs[i] == ir::kNoValue) {
      inputs.emplace_back();
      continue;
    }
    const SymbolicTensor* known = context.inputs[i];
    if (known == nullptr) return std::nullopt;
    if (signature.input(i)->variable == variable) {
      inputs.push_back(tokens.encode(*known));
    } else if (auto numbers = as_numbers(*known, context.types[i].data_type)) {
      inputs.push_back(*std::move(numbers));
    } else {
      return std::nullopt;
    }
  }
  const auto moved = evaluate_node(context.node, inputs);
  if (!moved.ok()) return std::nullopt;
  return tokens.decode(moved->front());
}

}  // namespace lathe::ops
