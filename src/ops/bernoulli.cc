#include "ops/output_type.h"
#include "ops/random_draws.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_bernoulli(const InferContext& context) {
  const ir::TensorType& probabilities = context.input(0);
  ASSIGN_OR_RETURN(const ir::DataType type, output_type(context, "dtype", probabilities.data_type));
  return std::vector{ir::TensorType{type, probabilities.shape}};
}

Result<Values> evaluate_bernoulli(const EvaluateContext& context) {
  const ir::Tensor& probabilities = context.inputs[0];
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(context.output_types[0].data_type, probabilities.dims()));
  Random random = random_of(context.attributes());
  for (std::int64_t i = 0; i < y.num_elements(); ++i) {
    const double probability = probabilities.get_double(i);
    if (!(probability >= 0 && probability <= 1))
      return invalid_argument("input has the value {}, expected 0 to 1", probability);
    y.set_double(i, uniform_double(random) < probability ? 1 : 0);
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Bernoulli() {
  return {.name = "Bernoulli",
          .infer = infer_bernoulli,
          .evaluate = evaluate_bernoulli,
          .traits = {.impure = true}};
}

}  // namespace lathe::ops
