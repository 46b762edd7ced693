#include "kernels/quantize.h"

#include "kernels/parallel_lines.h"

namespace lathe::kernels {

void QuantizeLinear::run(const Problem& problem, const Row& row, const Operands& operands) {
  const auto* in = static_cast<const float*>(operands.inputs[0]);
  auto* out = static_cast<std::uint8_t*>(operands.outputs[0]);
  const RequantizeArgs requantize =
      requantize_args(problem.output, problem.output.lowest(), problem.output.highest());
  parallel_lines(operands.pool, problem.count, expected_stream_nanoseconds(5 * problem.count),
                 [&](std::int64_t begin, std::int64_t end) {
                   row.quantize({in + begin, out + begin, static_cast<std::size_t>(end - begin),
                                 problem.scale, requantize});
                 });
}

void DequantizeLinear::run(const Problem& problem, const Row& row, const Operands& operands) {
  const auto* in = static_cast<const std::uint8_t*>(operands.inputs[0]);
  auto* out = static_cast<float*>(operands.outputs[0]);
  parallel_lines(
      operands.pool, problem.count, expected_stream_nanoseconds(5 * problem.count),
      [&](std::int64_t begin, std::int64_t end) {
        row.dequantize({in + begin, out + begin, static_cast<std::size_t>(end - begin),
                        problem.scale, problem.input.flip(), problem.input.unsigned_zero_point()});
      });
}

}  // namespace lathe::kernels
