#include <complex>

#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_non_zero(const InferContext& context) {
  const auto& shape = context.input(0).shape;
  const ir::Dim rank = shape ? ir::Dim(static_cast<std::int64_t>(shape->size())) : ir::Dim();
  return std::vector{
      ir::TensorType{ir::DataType::kInt64, ir::Shape{rank, ir::Dim(ir::SymInt::data_dependent())}}};
}

template <typename Complex>
bool is_non_zero_complex(const ir::Tensor& x, std::int64_t i) {
  Complex value;
  std::memcpy(&value, &x.bytes()[static_cast<std::size_t>(i) * sizeof value], sizeof value);
  return value != Complex{};
}

// Of text: whether there is any.
bool is_non_zero(const ir::Tensor& x, std::int64_t i) {
  switch (x.data_type()) {
    case ir::DataType::kString:
      return !x.data<std::string>()[static_cast<std::size_t>(i)].empty();
    case ir::DataType::kComplex64:
      return is_non_zero_complex<std::complex<float>>(x, i);
    case ir::DataType::kComplex128:
      return is_non_zero_complex<std::complex<double>>(x, i);
    default:
      return x.get_double(i) != 0;
  }
}

Result<Values> evaluate_non_zero(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  std::vector<Dims> found;
  Dims index(x.rank(), 0);
  for (std::int64_t i = 0; i < x.num_elements(); ++i) {
    if (is_non_zero(x, i)) found.push_back(index);
    next_index(index, x.dims());
  }
  const Dims dims{static_cast<std::int64_t>(x.rank()), static_cast<std::int64_t>(found.size())};
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kInt64, dims));
  const auto out = y.mutable_data<std::int64_t>();
  for (std::size_t n = 0; n < found.size(); ++n) {
    for (std::size_t axis = 0; axis < x.rank(); ++axis)
      out[axis * found.size() + n] = found[n][axis];
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_NonZero() {
  return {.name = "NonZero", .infer = infer_non_zero, .evaluate = evaluate_non_zero};
}

}  // namespace lathe::ops
