#include "kernels/elementwise_int8.h"

#include "kernels/parallel_lines.h"

namespace lathe::kernels {

void ElementwiseAddInt8::run(const Problem& problem, const Row& row, const Operands& operands) {
  const auto* a = static_cast<const std::uint8_t*>(operands.inputs[0]);
  const auto* b = static_cast<const std::uint8_t*>(operands.inputs[1]);
  auto* out = static_cast<std::uint8_t*>(operands.outputs[0]);
  const RequantizeArgs requantize = requantize_args(problem.output, problem.min, problem.max);
  parallel_lines(
      operands.pool, problem.count, expected_stream_nanoseconds(3 * problem.count),
      [&](std::int64_t begin, std::int64_t end) {
        row.function({a + begin, b + begin, out + begin, static_cast<std::size_t>(end - begin),
                      problem.a.flip(), problem.b.flip(), problem.a.unsigned_zero_point(),
                      problem.b.unsigned_zero_point(), problem.a_multiplier, problem.b_multiplier,
                      requantize});
      });
}

}  // namespace lathe::kernels
