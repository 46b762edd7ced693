#include "engine/lower/convolution_step.h"
#include "engine/lower/lower.h"
#include "engine/lower/quantized_inputs.h"
#include "ops/attributes.h"
#include "ops/requantize.h"
#include "ops/shape_math.h"

namespace lathe::engine {
namespace {

// A matrix as [out, in] = [columns of the product, inner extent], scaled.
std::vector<float> transposed(const ir::Tensor& b, bool already, float factor) {
  const auto values = b.data<float>();
  const auto k = static_cast<std::size_t>(b.dim(already ? 1 : 0));
  const auto n = static_cast<std::size_t>(b.dim(already ? 0 : 1));
  std::vector<float> weights(n * k);
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t p = 0; p < k; ++p)
      weights[j * k + p] = factor * values[already ? j * k + p : p * n + j];
  }
  return weights;
}

kernels::ConvolutionShape rows_shape(std::int64_t rows, std::int64_t in, std::int64_t out) {
  kernels::ConvolutionShape shape;
  shape.batch = rows;
  shape.in_c = in;
  shape.out_c = out;
  return shape;
}

// A constant B of a Gemm or QGemm, as [inner extent, columns of the product].
struct GemmWeights {
  const ir::Tensor* tensor;
  bool transposed;
  std::int64_t k;
  std::int64_t n;
};

GemmWeights gemm_weights(const ir::Graph& graph, const ir::Node& node, std::size_t slot) {
  const ir::Tensor* b = graph.constant(node.input(slot));
  const bool trans_b = ops::attributes(node).get_bool("transB");
  return {b, trans_b, b->dim(trans_b ? 1 : 0), b->dim(trans_b ? 0 : 1)};
}

kernels::ConvolutionShape gemm_shape(const ir::Graph& graph, const ir::Node& node,
                                     const GemmWeights& weights) {
  return rows_shape(dims_of(graph, node.input(0))[0], weights.k, weights.n);
}

// A product with the constant matrix in `slot`, all leading axes of the left one taken together.
kernels::ConvolutionShape mat_mul_shape(const ir::Graph& graph, const ir::Node& node,
                                        std::size_t slot) {
  const auto a = dims_of(graph, node.input(0));
  const ir::Tensor& b = *graph.constant(node.input(slot));
  return rows_shape(product(std::span(a).first(a.size() - 1)), b.dim(0), b.dim(1));
}

bool is_float_matrix(const ir::Tensor* tensor) {
  return tensor != nullptr && tensor->rank() == 2 && tensor->data_type() == ir::DataType::kFloat32;
}

}  // namespace

// B is constant; C is absent, or constant and one number or a row that every result row gets.
bool fits_gemm(const ir::Graph& graph, const ir::Node& node) {
  if (!float_storage(graph, node.input(0)) || !is_float_matrix(graph.constant(node.input(1))) ||
      ops::attributes(node).get_bool("transA"))
    return false;
  const GemmWeights b = gemm_weights(graph, node, 1);
  if (node.input(2) != ir::kNoValue) {
    const ir::Tensor* c = graph.constant(node.input(2));
    if (c == nullptr || (c->num_elements() != b.n && c->num_elements() != 1)) return false;
    if (c->num_elements() == b.n && b.n > 1 && (c->rank() == 0 || c->dims().back() != b.n))
      return false;
  }
  return gemm_shape(graph, node, b).valid();
}

void lower_gemm(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Graph& graph = builder.graph();
  const ir::Node& node = op.main;
  const GemmWeights b = gemm_weights(graph, node, 1);
  const float alpha = ops::attributes(node).get_float("alpha");
  const float beta = ops::attributes(node).get_float("beta");
  std::vector<float> weights;
  std::vector<float> bias;
  add_convolution_f32(builder, op, gemm_shape(graph, node, b),
                      {b.transposed ? 1 : 0, as_parameter(alpha), as_parameter(beta)}, [&] {
                        weights = transposed(*b.tensor, b.transposed, alpha);
                        if (const ir::Tensor* c = graph.constant(node.input(2))) {
                          const auto values = c->data<float>();
                          for (std::size_t j = 0; j < static_cast<std::size_t>(b.n); ++j)
                            bias.push_back(beta * values[values.size() == 1 ? 0 : j]);
                        }
                        return kernels::WeightsF32{weights, bias};
                      });
}

namespace {

// The geometry of a product of matrices that are both computed, or more than one constant, with the
// right one in a slot.
template <typename Product>
std::optional<Product> computed_product(const ir::Graph& graph, const ir::Node& node,
                                        std::size_t right) {
  const auto a = dims_of(graph, node.input(0));
  const auto b = dims_of(graph, node.input(right));
  const auto y = dims_of(graph, node.output());
  if (a.size() < 2 || b.size() < 2) return std::nullopt;
  const std::span batch = std::span(y).first(y.size() - 2);
  Product problem;
  problem.batch = {batch.begin(), batch.end()};
  problem.a_strides = ops::broadcast_strides(std::span(a).first(a.size() - 2), batch);
  problem.b_strides = ops::broadcast_strides(std::span(b).first(b.size() - 2), batch);
  problem.rows = a[a.size() - 2];
  problem.columns = b.back();
  problem.inner = a.back();
  // One matrix on the right: all rows of the left ones at once.
  if (product(std::span(b).first(b.size() - 2)) == 1) {
    problem.rows = product(std::span(a).first(a.size() - 1));
    problem.batch = problem.a_strides = problem.b_strides = {};
  }
  if (!kernels::check_problem(problem).ok()) return std::nullopt;
  return problem;
}

std::optional<kernels::MatMulF32Problem> mat_mul_problem(const ir::Graph& graph,
                                                         const ir::Node& node) {
  if (graph.tensor_type(node.output()).data_type != ir::DataType::kFloat32) return std::nullopt;
  return computed_product<kernels::MatMulF32Problem>(graph, node, 1);
}

}  // namespace

bool fits_mat_mul(const ir::Graph& graph, const ir::Node& node) {
  if (is_float_matrix(graph.constant(node.input(1)))) {
    return float_storage(graph, node.input(0)) && dims_of(graph, node.input(0)).size() >= 2 &&
           mat_mul_shape(graph, node, 1).valid();
  }
  return mat_mul_problem(graph, node).has_value();
}

void lower_mat_mul(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Graph& graph = builder.graph();
  if (!is_float_matrix(graph.constant(op.main.input(1)))) {
    std::vector<SlotId> inputs{builder.slot(op.main.input(0)), builder.slot(op.main.input(1))};
    kernels::MatMulF32Problem problem = *mat_mul_problem(graph, op.main);
    problem.clamp = {op.epilogue.minimum, op.epilogue.maximum};
    builder.add_step(op, std::move(problem), std::move(inputs), builder.define(op.main.output()));
    return;
  }
  std::vector<float> weights;
  add_convolution_f32(builder, op, mat_mul_shape(graph, op.main, 1), {0}, [&] {
    weights = transposed(*graph.constant(op.main.input(1)), false, 1);
    return kernels::WeightsF32{weights, {}};
  });
}

namespace {

// Operands 1 to 5 of a QGemm or QLinearMatMul, as kernels take them: weights are a constant int8
// matrix without zero points.
bool is_integer_product(const ir::Graph& graph, const ir::Node& node) {
  const ir::Tensor* b = graph.constant(node.input(3));
  const ir::Tensor* b_scale = graph.constant(node.input(4));
  return b != nullptr && b->rank() == 2 && b->data_type() == ir::DataType::kInt8 &&
         b_scale != nullptr && b_scale->data_type() == ir::DataType::kFloat32 &&
         is_zero(graph, node.input(5)) &&
         quantized_tensor(graph, node, 1, graph.tensor_type(node.input(0)).data_type);
}

std::vector<std::int8_t> transposed_int8(const GemmWeights& b) {
  const auto values = b.tensor->data<std::int8_t>();
  std::vector<std::int8_t> weights(static_cast<std::size_t>(b.n * b.k));
  for (std::int64_t j = 0; j < b.n; ++j) {
    for (std::int64_t p = 0; p < b.k; ++p) {
      weights[static_cast<std::size_t>(j * b.k + p)] =
          values[static_cast<std::size_t>(b.transposed ? j * b.k + p : p * b.n + j)];
    }
  }
  return weights;
}

// The step of an integer product whose output has its scale in operand `y_scale`, or is float32
// where that is absent.
void add_integer_product(PlanBuilder& builder, const ops::FusedOperator& op,
                         const kernels::ConvolutionShape& shape, const GemmWeights& b,
                         std::span<const std::int32_t> bias, std::size_t y_scale) {
  const ir::Node& node = op.main;
  const ir::Graph& graph = builder.graph();
  const auto type_of = [&](ir::ValueId v) { return graph.tensor_type(v).data_type; };
  const QuantizedTensor x = *quantized_tensor(graph, node, 1, type_of(node.input(0)));
  kernels::ConvolutionInt8Problem problem{shape, x.activation, true, {}, 0, 255};
  std::optional<float> scale;
  if (node.input(y_scale) != ir::kNoValue) {
    const QuantizedTensor y = *quantized_tensor(graph, node, y_scale, type_of(node.output()));
    const IntegerBounds bounds = integer_bounds(y.activation, op.epilogue);
    problem = {shape, x.activation, false, y.activation, bounds.low, bounds.high};
    scale = y.scale;
  }
  std::vector<std::int8_t> weights;
  std::vector<float> factors;
  add_convolution_int8(builder, op, problem, {b.transposed ? 1 : 0}, [&] {
    weights = transposed_int8(b);
    factors = multipliers(x.scale, *graph.constant(node.input(4)), b.n, scale);
    return kernels::WeightsInt8{weights, bias, factors};
  });
}

}  // namespace

bool fits_qgemm(const ir::Graph& graph, const ir::Node& node) {
  const bool bias_known = node.input(6) == ir::kNoValue || graph.constant(node.input(6)) != nullptr;
  return is_integer_product(graph, node) && bias_known &&
         (node.input(7) == ir::kNoValue ||
          quantized_tensor(graph, node, 7, graph.tensor_type(node.output()).data_type)) &&
         gemm_shape(graph, node, gemm_weights(graph, node, 3)).valid();
}

void lower_qgemm(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Graph& graph = builder.graph();
  const GemmWeights b = gemm_weights(graph, op.main, 3);
  add_integer_product(builder, op, gemm_shape(graph, op.main, b), b,
                      int32_bias(graph, op.main.input(6)), 7);
}

namespace {

// A QLinearMatMul or QMatMul of two computed operands, each with one scale and zero point.
std::optional<kernels::MatMulInt8Problem> computed_integer_product(const ir::Graph& graph,
                                                                   const ir::Node& node) {
  const auto type_of = [&](ir::ValueId v) { return graph.tensor_type(v).data_type; };
  const auto a = quantized_tensor(graph, node, 1, type_of(node.input(0)));
  const auto b = quantized_tensor(graph, node, 4, type_of(node.input(3)));
  if (!a || !b) return std::nullopt;
  auto problem = computed_product<kernels::MatMulInt8Problem>(graph, node, 3);
  if (!problem) return std::nullopt;
  problem->a = a->activation;
  problem->b = b->activation;
  if (node.op_type == "QMatMul") {
    problem->float_output = true;
    problem->multiplier = a->scale * b->scale;
    return problem;
  }
  const auto y = quantized_tensor(graph, node, 6, type_of(node.output()));
  if (!y) return std::nullopt;
  problem->multiplier = ops::requantize_multiplier(a->scale, b->scale, y->scale);
  problem->output = y->activation;
  problem->min = y->activation.lowest();
  problem->max = y->activation.highest();
  return problem;
}

bool is_product_with_weights(const ir::Graph& graph, const ir::Node& node) {
  return is_integer_product(graph, node) && dims_of(graph, node.input(0)).size() >= 2 &&
         (node.op_type == "QMatMul" ||
          quantized_tensor(graph, node, 6, graph.tensor_type(node.output()).data_type)) &&
         mat_mul_shape(graph, node, 3).valid();
}

}  // namespace

bool fits_qlinear_mat_mul(const ir::Graph& graph, const ir::Node& node) {
  return is_product_with_weights(graph, node) || computed_integer_product(graph, node);
}

void lower_qlinear_mat_mul(PlanBuilder& builder, const ops::FusedOperator& op) {
  const ir::Graph& graph = builder.graph();
  const ir::Node& node = op.main;
  if (is_product_with_weights(graph, node)) {
    const ir::Tensor* b = graph.constant(node.input(3));
    add_integer_product(builder, op, mat_mul_shape(graph, node, 3),
                        {b, false, b->dim(0), b->dim(1)}, {}, 6);
    return;
  }
  kernels::MatMulInt8Problem problem = *computed_integer_product(graph, node);
  if (!problem.float_output) {
    const IntegerBounds bounds = integer_bounds(problem.output, op.epilogue);
    problem.min = bounds.low;
    problem.max = bounds.high;
  }
  std::vector<SlotId> inputs{builder.slot(node.input(0)), builder.slot(node.input(3))};
  builder.add_step(op, std::move(problem), std::move(inputs), builder.define(node.output()));
}

}  // namespace lathe::engine
