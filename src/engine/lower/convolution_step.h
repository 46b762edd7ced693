// The step of a convolution or fully connected layer, shared by the lowerings that make one.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/lower/lower.h"
#include "engine/plan_builder.h"

namespace lathe::engine {

// What a node's packed weights depend on: the operand in slot `weights`, all others behind the
// first, and `parameters`, numbers that change how they are read.
PackingKey packing_key(const ir::Node& node, std::size_t weights,
                       std::vector<std::int64_t> parameters);

// A float's bits, as a parameter of a packing.
std::int64_t as_parameter(float value);

// Adds the step, which does what `op` does with its epilogue. `weights()` gives WeightsF32 that
// stay valid until it is called again or the function is gone.
template <typename MakeWeights>
void add_convolution_f32(PlanBuilder& builder, const ops::FusedOperator& op,
                         const kernels::ConvolutionShape& shape,
                         std::vector<std::int64_t> parameters, const MakeWeights& weights) {
  const bool residual = op.epilogue.residual != ir::kNoValue;
  std::vector<SlotId> inputs{builder.slot(op.main.input(0))};
  if (residual) inputs.push_back(builder.slot(op.epilogue.residual));
  const SlotId output = builder.define(op.main.output());
  const kernels::ElementType storage = *float_storage(builder.graph(), op.main.input(0));
  const bool float_output =
      float_storage(builder.graph(), op.main.output()) == kernels::ElementType::kFloat32;
  parameters.push_back(static_cast<std::int64_t>(storage));
  builder.add_step(
      op,
      kernels::ConvolutionF32Problem{shape,
                                     {op.epilogue.minimum, op.epilogue.maximum},
                                     residual,
                                     storage,
                                     storage != kernels::ElementType::kFloat32 && float_output},
      std::move(inputs), output, packing_key(op.main, 1, std::move(parameters)), weights);
}

// The same of an integer layer, whose problem holds the epilogue; for WeightsInt8.
template <typename MakeWeights>
void add_convolution_int8(PlanBuilder& builder, const ops::FusedOperator& op,
                          kernels::ConvolutionInt8Problem problem,
                          std::vector<std::int64_t> parameters, const MakeWeights& weights) {
  const SlotId input = builder.slot(op.main.input(0));
  const SlotId output = builder.define(op.main.output());
  parameters.push_back(problem.input.is_signed ? 1 : 0);
  builder.add_step(op, std::move(problem), {input}, output,
                   packing_key(op.main, 3, std::move(parameters)), weights);
}

}  // namespace lathe::engine
