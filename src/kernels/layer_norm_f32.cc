#include "kernels/layer_norm_f32.h"

#include "kernels/parallel.h"

namespace lathe::kernels {

void LayerNormF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  const auto* in = static_cast<const float*>(operands.inputs[0]);
  const auto* scale = static_cast<const float*>(operands.inputs[1]);
  const auto* bias = problem.bias ? static_cast<const float*>(operands.inputs[2]) : nullptr;
  auto* out = static_cast<float*>(operands.outputs[0]);
  const std::int64_t columns = problem.columns;
  parallel_slots(operands.pool, problem.rows, 1.0 * static_cast<double>(problem.rows * columns),
                 [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                   row.function({in + begin * columns, scale, bias, out + begin * columns,
                                 static_cast<std::size_t>(end - begin),
                                 static_cast<std::size_t>(columns), problem.epsilon});
                 });
}

}  // namespace lathe::kernels
