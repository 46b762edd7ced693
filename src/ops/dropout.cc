#include <algorithm>
#include <atomic>
#include <chrono>

#include "base/random.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

enum DropoutInput : std::size_t { kDropoutData, kDropoutRatio, kTrainingMode };

constexpr double kDefaultRatio = 0.5;

// Whether the output is random; nothing where a run decides.
std::optional<bool> is_training(const InferContext& context) {
  if (!context.has_input(kTrainingMode)) return false;
  const ir::Tensor* mode = context.constant(kTrainingMode);
  return mode == nullptr ? std::nullopt : std::optional(mode->get_int64(0) != 0);
}

Result<Types> infer_dropout(const InferContext& context) {
  const ir::TensorType& x = context.input(kDropoutData);
  const ir::Tensor* given =
      context.has_input(kDropoutRatio) ? context.constant(kDropoutRatio) : nullptr;
  if (given != nullptr && is_training(context) == true) {
    const double ratio = given->get_double(0);
    if (!(ratio >= 0 && ratio < 1)) return invalid_data("ratio is {}, expected [0, 1)", ratio);
  }
  std::vector<ir::TensorType> types{x};
  if (context.node().outputs.size() > 1) types.push_back({ir::DataType::kBool, x.shape});
  return types;
}

// As the node states it; otherwise another one each time.
Random dropout_generator(const EvaluateContext& context) {
  if (const std::int64_t* seed = context.attributes().find_int("seed"))
    return Random(static_cast<std::uint64_t>(*seed));
  static std::atomic<std::uint64_t> calls{0};
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return Random(mix_seed(static_cast<std::uint64_t>(now), ++calls));
}

// 0 where nothing is dropped: at rest, too.
double dropout_ratio(const EvaluateContext& context) {
  if (!context.has_input(kTrainingMode) || context.inputs[kTrainingMode].get_int64(0) == 0)
    return 0;
  return context.has_input(kDropoutRatio) ? context.inputs[kDropoutRatio].get_double(0)
                                          : kDefaultRatio;
}

Result<Values> evaluate_dropout(const EvaluateContext& context) {
  ir::Tensor y = context.inputs[kDropoutData];
  ASSIGN_OR_RETURN(ir::Tensor mask, ir::Tensor::create(ir::DataType::kBool, y.dims()));
  const auto kept = mask.mutable_data<bool>();
  if (const double ratio = dropout_ratio(context); ratio == 0) {
    std::fill(kept.begin(), kept.end(), true);
  } else {
    Random random = dropout_generator(context);
    const double scale = 1 / (1 - ratio);
    for (std::int64_t i = 0; i < y.num_elements(); ++i) {
      bool& keep = kept[static_cast<std::size_t>(i)];
      keep = static_cast<double>(random.uniform()) >= ratio;
      y.set_double(i, y.get_double(i) * (keep ? scale : 0));
    }
  }
  std::vector<ir::Tensor> outputs{std::move(y)};
  if (context.output_types.size() > 1) outputs.push_back(std::move(mask));
  return outputs;
}

}  // namespace

// An output that is random where it trains; at rest it is the input.
OpDef define_Dropout() {
  return {.name = "Dropout",
          .infer = infer_dropout,
          .evaluate = evaluate_dropout,
          .traits = {.impure = true},
          .operand_shapes = {{1, OperandShape::Rule::kScalar}, {2, OperandShape::Rule::kScalar}}};
}

}  // namespace lathe::ops
