#include "kernels/softmax_f32.h"

#include <cmath>

#include "kernels/parallel.h"

namespace lathe::kernels {
namespace {

float natural_log(float x) { return std::log(x); }

}  // namespace

void SoftmaxF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  const auto* in = static_cast<const float*>(operands.inputs[0]);
  auto* out = static_cast<float*>(operands.outputs[0]);
  const double element = row.isa == Isa::kScalar ? 10 : 1;  // nanoseconds of an exponential
  parallel_slots(operands.pool, problem.rows,
                 element * static_cast<double>(problem.rows * problem.columns),
                 [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                   row.function({in + begin * problem.columns, out + begin * problem.columns,
                                 static_cast<std::size_t>(end - begin),
                                 static_cast<std::size_t>(problem.columns),
                                 problem.log ? natural_log : nullptr});
                 });
}

}  // namespace lathe::kernels
