#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <set>

#include "base/checked_math.h"
#include "ops/attributes.h"
#include "ops/shape_math.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"Clip",
                                           "Elu",
                                           "Gelu",
                                           "Gemm",
                                           "GroupNormalization",
                                           "HardSigmoid",
                                           "HardSwish",
                                           "InstanceNormalization",
                                           "LayerNormalization",
                                           "LeakyRelu",
                                           "LogSoftmax",
                                           "MatMul",
                                           "Mean",
                                           "PRelu",
                                           "ReduceL1",
                                           "ReduceLogSum",
                                           "ReduceLogSumExp",
                                           "ReduceMax",
                                           "ReduceMin",
                                           "ReduceProd",
                                           "ReduceSum",
                                           "ReduceSumSquare",
                                           "Relu",
                                           "RMSNormalization",
                                           "Selu",
                                           "Sigmoid",
                                           "Softmax",
                                           "Softplus",
                                           "Softsign",
                                           "Sum"};

using ir::ValueId;
using Dims = std::vector<std::int64_t>;

// Of a product of matrices in a type that no kernel multiplies: so many fit into a cache.
constexpr std::int64_t kMostProducts = 1 << 18;

// Writes down formulas.
class Formula {
 public:
  Formula(const ir::Graph& graph, const ir::Node& node)
      : graph_(graph),
        node_(node),
        type_(graph.tensor_type(node.output()).data_type),
        attributes_(ops::attributes(node)) {}

  // What computes the node, or nothing.
  std::optional<ValueId> write();
  Patch take() { return std::move(patch_); }

 private:
  ValueId add(std::string_view op, std::vector<ValueId> inputs, ir::AttributeMap attributes = {}) {
    return patch_.add_node({.name = node_.name,
                            .op_type = std::string(op),
                            .inputs = std::move(inputs),
                            .attributes = std::move(attributes)});
  }
  // Of the node's type.
  ValueId number(double value) {
    ir::Tensor scalar = ir::Tensor::zeros(type_, {});
    scalar.set_double(0, value);
    return patch_.add_constant("number", std::move(scalar));
  }
  ValueId integers(const Dims& values) {
    return patch_.add_constant("integers", ir::Tensor::vector_int64(values));
  }
  [[nodiscard]] float get(std::string_view name) const { return attributes_.get_float(name); }
  [[nodiscard]] bool is_float32() const { return type_ == ir::DataType::kFloat32; }
  [[nodiscard]] std::optional<Dims> known_dims_of(ValueId value) const {
    const auto& shape = graph_.tensor_type(value).shape;
    return shape ? ir::known_dims(*shape) : std::nullopt;
  }
  [[nodiscard]] bool has_constant_bounds() const {
    const auto is_constant = [&](std::size_t slot) {
      return node_.input(slot) == ir::kNoValue || graph_.constant(node_.input(slot)) != nullptr;
    };
    return is_constant(1) && is_constant(2);
  }
  ValueId clamp(ValueId x, ValueId low, ValueId high) {
    if (low != ir::kNoValue) x = add("Max", {x, low});
    return high == ir::kNoValue ? x : add("Min", {x, high});
  }
  ValueId positive(ValueId x) { return add("Max", {x, number(0)}); }
  ValueId negative(ValueId x) { return add("Min", {x, number(0)}); }
  // alpha * (exp(x) - 1) below 0, x above.
  ValueId elu(ValueId x, double alpha) {
    const ValueId grown = add("Sub", {add("Exp", {negative(x)}), number(1)});
    return add("Add", {positive(x), add("Mul", {grown, number(alpha)})});
  }
  ValueId gelu(ValueId x);
  // log(1 + exp(x)), which does not overflow like this.
  ValueId softplus(ValueId x) {
    const ValueId below = add("Exp", {add("Neg", {add("Abs", {x})})});
    return add("Add", {positive(x), add("Log", {add("Add", {below, number(1)})})});
  }
  ValueId mean(ValueId x, const Dims& axes) { return add("ReduceMean", {x, integers(axes)}); }
  // (x - mean) / sqrt(variance + epsilon) along the axes.
  ValueId normalized(ValueId x, const Dims& axes) {
    return scaled_to_one(add("Sub", {x, mean(x, axes)}), axes);
  }
  ValueId scaled_to_one(ValueId x, const Dims& axes) {
    const ValueId power = mean(add("Mul", {x, x}), axes);
    return add("Div", {x, add("Sqrt", {add("Add", {power, number(get("epsilon"))})})});
  }
  // A constant with one element for each channel, to meet [N, C, spatial...] of a rank.
  std::optional<ValueId> per_channel(std::size_t slot, std::size_t rank);
  std::optional<ValueId> affine(ValueId x, std::size_t rank);
  std::optional<ValueId> gemm();
  std::optional<ValueId> group_normalization();
  std::optional<ValueId> instance_normalization();
  // From the attribute on to the last.
  [[nodiscard]] std::optional<Dims> normalized_axes() const;
  std::optional<ValueId> rms_normalization();
  std::optional<ValueId> reduce_log_sum(bool of_exponentials);
  ValueId sum_of_all() {
    ValueId total = node_.input(0);
    for (std::size_t i = 1; i < node_.inputs.size(); ++i)
      total = add("Add", {total, node_.input(i)});
    return total;
  }

  std::optional<ValueId> layer_normalization();
  std::optional<ValueId> mat_mul();
  std::optional<ValueId> softmax(bool log);
  std::optional<ValueId> reduce_as(ir::DataType type);
  // What float32 has kernels for.
  std::optional<ValueId> write_other_types();

  const ir::Graph& graph_;
  const ir::Node& node_;
  ir::DataType type_;
  ops::Attributes attributes_;
  Patch patch_;
};

ValueId Formula::gelu(ValueId x) {
  const ValueId half = add("Mul", {x, number(0.5)});
  ValueId share = ir::kNoValue;
  if (attributes_.get_string("approximate") == "tanh") {
    const ValueId cube = add("Mul", {add("Mul", {x, x}), x});
    const ValueId inner = add("Add", {x, add("Mul", {cube, number(0.044715)})});
    share = add("Tanh", {add("Mul", {inner, number(std::sqrt(2 / std::numbers::pi))})});
  } else {
    share = add("Erf", {add("Mul", {x, number(std::numbers::sqrt2 / 2)})});
  }
  return add("Mul", {half, add("Add", {share, number(1)})});
}

std::optional<ValueId> Formula::per_channel(std::size_t slot, std::size_t rank) {
  const ir::Tensor* values = graph_.constant(node_.input(slot));
  if (values == nullptr || values->rank() != 1) return std::nullopt;
  Dims dims(rank - 1, 1);
  dims[0] = values->num_elements();
  return patch_.add_constant(graph_.value(node_.input(slot)).name + ".column",
                             values->reshaped(std::span<const std::int64_t>(dims)));
}

// x * scale + bias, of inputs 1 and 2.
std::optional<ValueId> Formula::affine(ValueId x, std::size_t rank) {
  const auto scale = per_channel(1, rank);
  const auto bias = per_channel(2, rank);
  if (!scale || !bias) return std::nullopt;
  return add("Add", {add("Mul", {x, *scale}), *bias});
}

// But for the product with constant weights, which has kernels of its own.
std::optional<ValueId> Formula::gemm() {
  const auto& shape = graph_.tensor_type(node_.output()).shape;
  if (!shape) return std::nullopt;
  const ir::Tensor* weights = graph_.constant(node_.input(1));
  const ir::Tensor* c = graph_.constant(node_.input(2));
  const bool is_row = c != nullptr && (c->num_elements() == 1 ||
                                       (c->rank() > 0 && c->dims().back() == c->num_elements()));
  if (is_float32() && weights != nullptr && !attributes_.get_bool("transA") &&
      (node_.input(2) == ir::kNoValue || is_row))
    return std::nullopt;
  const auto matrix = [&](std::size_t slot, std::string_view transposed) {
    const ValueId given = node_.input(slot);
    if (!attributes_.get_bool(transposed)) return given;
    return add("Transpose", {given}, {{"perm", Dims{1, 0}}});
  };
  const auto scaled = [&](ValueId value, double factor) {
    return factor == 1 ? value : add("Mul", {value, number(factor)});
  };
  const ValueId product =
      scaled(add("MatMul", {matrix(0, "transA"), matrix(1, "transB")}), get("alpha"));
  if (node_.input(2) == ir::kNoValue) return product;
  return add("Add", {product, scaled(node_.input(2), get("beta"))});
}

std::optional<ValueId> Formula::group_normalization() {
  const auto& shape = graph_.tensor_type(node_.input(0)).shape;
  if (!shape || shape->size() < 3) return std::nullopt;
  Dims back{0};
  for (std::size_t i = 1; i < shape->size(); ++i) {
    if (!(*shape)[i].known() || (*shape)[i].value() < 1) return std::nullopt;
    back.push_back((*shape)[i].value());
  }
  const ValueId groups =
      add("Reshape", {node_.input(0), integers({0, attributes_.get_int("num_groups"), -1})});
  return affine(add("Reshape", {normalized(groups, {2}), integers(back)}), shape->size());
}

std::optional<ValueId> Formula::instance_normalization() {
  const auto& shape = graph_.tensor_type(node_.input(0)).shape;
  if (!shape || shape->size() < 3) return std::nullopt;
  Dims spatial;
  for (std::size_t i = 2; i < shape->size(); ++i) spatial.push_back(static_cast<std::int64_t>(i));
  return affine(normalized(node_.input(0), spatial), shape->size());
}

std::optional<Dims> Formula::normalized_axes() const {
  const auto& shape = graph_.tensor_type(node_.input(0)).shape;
  if (!shape) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(shape->size());
  std::int64_t axis = attributes_.get_int("axis");
  Dims axes;
  for (axis += axis < 0 ? rank : 0; axis < rank; ++axis) axes.push_back(axis);
  return axes;
}

std::optional<ValueId> Formula::rms_normalization() {
  const auto axes = normalized_axes();
  if (!axes) return std::nullopt;
  return add("Mul", {scaled_to_one(node_.input(0), *axes), node_.input(1)});
}

std::optional<ValueId> Formula::reduce_log_sum(bool of_exponentials) {
  const ir::Tensor* axes = graph_.constant(node_.input(1));
  if (node_.input(1) != ir::kNoValue && (axes == nullptr || axes->num_elements() == 0))
    return std::nullopt;
  if (axes == nullptr && attributes_.get_bool("noop_with_empty_axes")) return std::nullopt;
  const auto reduce = [&](std::string_view op, ValueId x, bool keeps) {
    std::vector<ValueId> inputs{x};
    if (axes != nullptr) inputs.push_back(node_.input(1));
    return add(op, std::move(inputs), {{"keepdims", std::int64_t{keeps}}});
  };
  const bool keeps = attributes_.get_bool("keepdims");
  const ValueId x = node_.input(0);
  if (!of_exponentials) return add("Log", {reduce("ReduceSum", x, keeps)});
  // The largest is taken away first, so that nothing overflows; but not where it is infinite.
  const auto most = [&](bool kept) {
    constexpr double kLargest = std::numeric_limits<float>::max();
    return clamp(reduce("ReduceMax", x, kept), number(-kLargest), number(kLargest));
  };
  const ValueId sum = reduce("ReduceSum", add("Exp", {add("Sub", {x, most(true)})}), keeps);
  return add("Add", {add("Log", {sum}), most(keeps)});
}

std::optional<ValueId> Formula::layer_normalization() {
  const auto axes = normalized_axes();
  if (!axes || node_.outputs.size() != 1) return std::nullopt;
  const ValueId scaled = add("Mul", {normalized(node_.input(0), *axes), node_.input(1)});
  return node_.input(2) == ir::kNoValue ? scaled : add("Add", {scaled, node_.input(2)});
}

// All products at once, and then their sums: as long as these are few.
std::optional<ValueId> Formula::mat_mul() {
  const auto a = known_dims_of(node_.input(0));
  const auto b = known_dims_of(node_.input(1));
  const auto y = known_dims_of(node_.output());
  if (!a || !b || !y || a->size() < 2 || b->size() < 2) return std::nullopt;
  const auto sums = checked_product(*y);
  const auto products = sums ? checked_product(std::array{*sums, a->back()}) : std::nullopt;
  if (!products || *products > kMostProducts) return std::nullopt;
  const ValueId rows = add("Unsqueeze", {node_.input(0), integers({-1})});
  const ValueId columns = add("Unsqueeze", {node_.input(1), integers({-3})});
  return add("ReduceSum", {add("Mul", {rows, columns}), integers({-2})},
             {{"keepdims", std::int64_t{0}}});
}

// The largest is taken away first, so that nothing overflows.
std::optional<ValueId> Formula::softmax(bool log) {
  const ValueId axis = integers({attributes_.get_int("axis")});
  const ValueId x = node_.input(0);
  const ValueId below = add("Sub", {x, add("ReduceMax", {x, axis})});
  const ValueId grown = add("Exp", {below});
  const ValueId sum = add("ReduceSum", {grown, axis});
  return log ? add("Sub", {below, add("Log", {sum})}) : add("Div", {grown, sum});
}

// In a type that has kernels, and back: sums and products wrap around to the same.
std::optional<ValueId> Formula::reduce_as(ir::DataType type) {
  const auto cast = [&](ValueId x, ir::DataType to) {
    return add("Cast", {x}, {{"to", static_cast<std::int64_t>(to)}});
  };
  std::vector<ValueId> inputs = node_.inputs;
  inputs[0] = cast(inputs[0], type);
  return cast(add(node_.op_type, std::move(inputs), node_.attributes), type_);
}

std::optional<ValueId> Formula::write_other_types() {
  const ValueId x = node_.input(0);
  const std::string& op = node_.op_type;
  if (op == "Relu" || op == "Clip") {
    // Of 8 bits they are bounds of what made the value, which fuse_epilogue gives it.
    if (type_ == ir::DataType::kInt8 || type_ == ir::DataType::kUint8) return std::nullopt;
    return op == "Relu" ? positive(x) : clamp(x, node_.input(1), node_.input(2));
  }
  if (op.starts_with("Reduce")) {
    const bool compares = op == "ReduceMax" || op == "ReduceMin";
    const bool is_wide = type_ == ir::DataType::kUint64;
    const bool is_taken = type_ == ir::DataType::kInt8 || type_ == ir::DataType::kUint8 ||
                          type_ == ir::DataType::kUint32 || type_ == ir::DataType::kBool ||
                          (is_wide && !compares);
    return is_taken ? reduce_as(ir::DataType::kInt64) : std::nullopt;
  }
  if (type_ != ir::DataType::kFloat64) return std::nullopt;
  if (op == "MatMul") return mat_mul();
  const auto hard_sigmoid = [&](double alpha, double beta) {
    const ValueId line = add("Add", {add("Mul", {x, number(alpha)}), number(beta)});
    return clamp(line, number(0), number(1));
  };
  if (op == "Sigmoid")
    return add("Reciprocal", {add("Add", {add("Exp", {add("Neg", {x})}), number(1)})});
  if (op == "LeakyRelu")
    return add("Add", {positive(x), add("Mul", {negative(x), number(get("alpha"))})});
  if (op == "HardSigmoid") return hard_sigmoid(get("alpha"), get("beta"));
  if (op == "HardSwish") return add("Mul", {x, hard_sigmoid(1.0 / 6, 0.5)});
  if (op == "GroupNormalization") return group_normalization();
  if (op == "InstanceNormalization") return instance_normalization();
  if (op == "LayerNormalization") return layer_normalization();
  if (op == "Softmax" || op == "LogSoftmax") return softmax(op == "LogSoftmax");
  return std::nullopt;
}

std::optional<ValueId> Formula::write() {
  const ValueId x = node_.input(0);
  const std::string& op = node_.op_type;
  static const std::set<std::string_view> kernels_of_float32{"Clip",
                                                             "GroupNormalization",
                                                             "HardSigmoid",
                                                             "HardSwish",
                                                             "InstanceNormalization",
                                                             "LayerNormalization",
                                                             "LeakyRelu",
                                                             "LogSoftmax",
                                                             "MatMul",
                                                             "ReduceL1",
                                                             "ReduceMax",
                                                             "ReduceMin",
                                                             "ReduceProd",
                                                             "ReduceSum",
                                                             "ReduceSumSquare",
                                                             "Relu",
                                                             "Sigmoid",
                                                             "Softmax"};
  if (op == "Clip" && is_float32() && !has_constant_bounds())
    return clamp(x, node_.input(1), node_.input(2));
  if (kernels_of_float32.contains(op)) return is_float32() ? std::nullopt : write_other_types();
  if (!is_float32() && type_ != ir::DataType::kFloat64) return std::nullopt;
  if (op == "Elu") return elu(x, get("alpha"));
  if (op == "Selu") return add("Mul", {elu(x, get("alpha")), number(get("gamma"))});
  if (op == "Gelu") return gelu(x);
  if (op == "Softplus") return softplus(x);
  if (op == "Softsign") return add("Div", {x, add("Add", {add("Abs", {x}), number(1)})});
  if (op == "PRelu") return add("Add", {positive(x), add("Mul", {negative(x), node_.input(1)})});
  if (op == "Sum") return sum_of_all();
  if (op == "Mean") {
    return add("Div", {sum_of_all(), number(static_cast<double>(node_.inputs.size()))});
  }
  if (op == "Gemm") return gemm();
  if (op == "RMSNormalization") return rms_normalization();
  return reduce_log_sum(op == "ReduceLogSumExp");
}

// Functions and normalizations that no kernel computes alone, in the type that they have, as the
// formulas that they are by definition.
RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  if (!node.domain.empty() || !graph.type(node.output()).is_tensor() ||
      !graph.type(node.input(0)).is_tensor() ||
      graph.tensor_type(node.output()).data_type != graph.tensor_type(node.input(0)).data_type ||
      (node.op_type == "Sum" && node.inputs.size() < 2)) {
    return std::nullopt;
  }
  Formula formula(graph, node);
  const auto made = formula.write();
  if (!made) return std::nullopt;
  Patch patch = formula.take();
  patch.replace_uses(node.output(), *made);
  return patch;
}

}  // namespace

const Rule kDecomposeFunctions{"decompose_functions", kOperators, apply};

}  // namespace lathe::passes
