#include "engine/lower/convolution_step.h"
#include "engine/lower/lower.h"
#include "engine/lower/quantized_inputs.h"

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

}  // namespace

Result<bool> lower_gemm(PlanBuilder& builder, const ir::Node& node) {
  const ir::Graph& graph = builder.graph();
  const ir::Tensor* b = graph.constant(node.input(1));
  const ir::Tensor* c = graph.constant(node.input(2));
  if (b == nullptr || b->data_type() != ir::DataType::kFloat32 ||
      node.attribute_int("transA", 0) != 0)
    return false;
  const bool trans_b = node.attribute_int("transB", 0) != 0;
  const std::int64_t k = b->dim(trans_b ? 1 : 0);
  const std::int64_t n = b->dim(trans_b ? 0 : 1);
  const std::int64_t rows = builder.dims(node.input(0))[0];
  std::vector<float> bias;
  if (node.input(2) != ir::kNoValue) {
    // A row that every result row gets, or one number.
    if (c == nullptr || (c->num_elements() != n && c->num_elements() != 1)) return false;
    if (c->num_elements() == n && n > 1 && (c->rank() == 0 || c->dims().back() != n)) return false;
    const float beta = node.attribute_float("beta", 1);
    for (std::int64_t j = 0; j < n; ++j) {
      bias.push_back(beta *
                     c->data<float>()[c->num_elements() == 1 ? 0 : static_cast<std::size_t>(j)]);
    }
  }
  const kernels::ConvolutionShape shape = rows_shape(rows, k, n);
  if (!shape.valid()) return false;
  const std::vector<float> weights = transposed(*b, trans_b, node.attribute_float("alpha", 1));
  add_convolution_f32(builder, node, node.input(0), shape, weights, bias, Layout::kRowMajor);
  return true;
}

Result<bool> lower_mat_mul(PlanBuilder& builder, const ir::Node& node) {
  const ir::Tensor* b = builder.graph().constant(node.input(1));
  const auto& a = builder.dims(node.input(0));
  if (b == nullptr || b->rank() != 2 || b->data_type() != ir::DataType::kFloat32 || a.size() < 2)
    return false;
  std::int64_t rows = 1;
  for (std::size_t i = 0; i + 1 < a.size(); ++i) rows *= a[i];
  const kernels::ConvolutionShape shape = rows_shape(rows, b->dim(0), b->dim(1));
  if (!shape.valid()) return false;
  add_convolution_f32(builder, node, node.input(0), shape, transposed(*b, false, 1), {},
                      Layout::kRowMajor);
  return true;
}

Result<bool> lower_qgemm(PlanBuilder& builder, const ir::Node& node) {
  const ir::Graph& graph = builder.graph();
  const ir::Tensor* b = graph.constant(node.input(3));
  const ir::Tensor* b_scale = graph.constant(node.input(4));
  const auto x = quantized_tensor(graph, node, 1, graph.value(node.input(0)).type.data_type);
  const bool bias_known = node.input(6) == ir::kNoValue || graph.constant(node.input(6)) != nullptr;
  if (!x || b == nullptr || b->data_type() != ir::DataType::kInt8 || b_scale == nullptr ||
      b_scale->data_type() != ir::DataType::kFloat32 || !is_zero(graph, node.input(5)) ||
      !bias_known) {
    return false;
  }
  const bool trans_b = node.attribute_int("transB", 0) != 0;
  const std::int64_t k = b->dim(trans_b ? 1 : 0);
  const std::int64_t n = b->dim(trans_b ? 0 : 1);
  std::vector<std::int8_t> weights(static_cast<std::size_t>(n * k));
  for (std::int64_t j = 0; j < n; ++j) {
    for (std::int64_t p = 0; p < k; ++p) {
      weights[static_cast<std::size_t>(j * k + p)] =
          b->data<std::int8_t>()[static_cast<std::size_t>(trans_b ? j * k + p : p * n + j)];
    }
  }
  const kernels::ConvolutionShape shape = rows_shape(builder.dims(node.input(0))[0], k, n);
  if (!shape.valid()) return false;
  const auto bias = int32_bias(graph, node.input(6));
  std::shared_ptr<const kernels::ConvolutionInt8> layer;
  if (node.input(7) == ir::kNoValue) {
    layer = kernels::ConvolutionInt8::create_float_output(
        shape, weights, bias, x->activation, multipliers(x->scale, *b_scale, n, std::nullopt),
        builder.isa());
  } else {
    const auto y = quantized_tensor(graph, node, 7, graph.value(node.output()).type.data_type);
    if (!y) return false;
    layer = kernels::ConvolutionInt8::create(
        shape, weights, bias, x->activation,
        {multipliers(x->scale, *b_scale, n, y->scale), y->activation, y->activation.lowest(),
         y->activation.highest()},
        builder.isa());
  }
  add_convolution_int8(builder, node, node.input(0), shape, std::move(layer), Layout::kRowMajor);
  return true;
}

}  // namespace lathe::engine
