// RandomNormal, RandomUniform, and the same with the shape of an input.
#include "ops/dispatch.h"
#include "ops/output_type.h"
#include "ops/random_draws.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Status check_normal(const Attributes& attributes) {
  const float scale = attributes.get_float("scale");
  if (scale >= 0) return {};
  return invalid_data("attribute 'scale' is {}, expected 0 or more", scale);
}

Status check_uniform(const Attributes& attributes) {
  const float low = attributes.get_float("low");
  const float high = attributes.get_float("high");
  if (low <= high) return {};
  return invalid_data("attribute 'low' is {}, expected at most 'high', which is {}", low, high);
}

Result<Types> infer_of_shape(const InferContext& context) {
  ASSIGN_OR_RETURN(const ir::DataType type, output_type(context, "dtype"));
  const Dims& dims = *context.attributes().find_ints("shape");
  for (const std::int64_t extent : dims)
    if (extent < 0) return invalid_data("attribute 'shape' has the extent {}", extent);
  ir::Shape shape = ir::make_shape(dims);
  RETURN_IF_ERROR(ir::check_extents(shape));
  return std::vector{ir::TensorType{type, std::move(shape)}};
}

Result<Types> infer_like_shape(const InferContext& context) {
  ASSIGN_OR_RETURN(const ir::DataType type,
                   output_type(context, "dtype", context.input(0).data_type));
  return std::vector{ir::TensorType{type, context.input(0).shape}};
}

template <typename Draw>
Result<Values> fill_with_draws(const EvaluateContext& context, Draw draw) {
  const ir::TensorType& type = context.output_types[0];
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(type.data_type, require_dims(type)));
  Random random = random_of(context.attributes());
  dispatch_float(type.data_type, [&]<typename T>() {
    for (T& element : y.mutable_data<T>())
      element = static_cast<T>(draw.template operator()<T>(random));
  });
  return std::vector{std::move(y)};
}

Result<Values> evaluate_normal(const EvaluateContext& context) {
  const auto mean = static_cast<double>(context.attributes().get_float("mean"));
  const auto scale = static_cast<double>(context.attributes().get_float("scale"));
  // Of float32 also for float64: what is beyond it may differ from machine to machine.
  return fill_with_draws(context, [=]<typename T>(Random& random) {
    return mean + scale * static_cast<double>(random.normal());
  });
}

Result<Values> evaluate_uniform(const EvaluateContext& context) {
  const auto low = static_cast<double>(context.attributes().get_float("low"));
  const auto high = static_cast<double>(context.attributes().get_float("high"));
  return fill_with_draws(context, [=]<typename T>(Random& random) {
    // As many bits as T can tell, so that none is rounded up to 1.
    const double drawn =
        std::is_same_v<T, float> ? static_cast<double>(random.uniform()) : uniform_double(random);
    return low + (high - low) * drawn;
  });
}

template <Status (*check)(const Attributes&), InferFn infer>
Result<Types> infer_checked(const InferContext& context) {
  RETURN_IF_ERROR(check(context.attributes()));
  return infer(context);
}

}  // namespace

OpDef define_RandomNormal() {
  return {.name = "RandomNormal",
          .infer = infer_checked<check_normal, infer_of_shape>,
          .evaluate = evaluate_normal,
          .traits = {.impure = true}};
}

OpDef define_RandomNormalLike() {
  return {.name = "RandomNormalLike",
          .infer = infer_checked<check_normal, infer_like_shape>,
          .evaluate = evaluate_normal,
          .traits = {.reads_shapes_only = true, .impure = true}};
}

OpDef define_RandomUniform() {
  return {.name = "RandomUniform",
          .infer = infer_checked<check_uniform, infer_of_shape>,
          .evaluate = evaluate_uniform,
          .traits = {.impure = true}};
}

OpDef define_RandomUniformLike() {
  return {.name = "RandomUniformLike",
          .infer = infer_checked<check_uniform, infer_like_shape>,
          .evaluate = evaluate_uniform,
          .traits = {.reads_shapes_only = true, .impure = true}};
}

}  // namespace lathe::ops
