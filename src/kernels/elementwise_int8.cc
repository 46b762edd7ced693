#include "kernels/elementwise_int8.h"

#include "kernels/parallel_lines.h"
#include "kernels/strided.h"

namespace lathe::kernels {
namespace {

// Elements that operands which do not lie densely are gathered by.
constexpr std::int64_t kPieceInt8 = 4096;

void run_binary_int8(const BinaryInt8Problem& problem, void (*function)(const BinaryInt8Args&),
                     const Operands& operands) {
  const std::size_t rank = problem.extents.size();
  const auto reader = [&](std::size_t operand) {
    return StridedReader(operands.inputs[operand], problem.extents,
                         std::span(problem.strides).subspan(operand * rank, rank), 1);
  };
  const StridedReader a = reader(0);
  const StridedReader b = reader(1);
  auto* out = static_cast<std::uint8_t*>(operands.outputs[0]);
  std::int64_t elements = 1;
  for (const std::int64_t extent : problem.extents) elements *= extent;
  const RequantizeArgs requantize = requantize_args(problem.output, problem.min, problem.max);
  parallel_lines(
      operands.pool, elements, expected_stream_nanoseconds(3 * elements),
      [&](std::int64_t begin, std::int64_t end) {
        alignas(64) std::uint8_t buffers[2][kPieceInt8];
        for (std::int64_t at = begin; at < end; at += kPieceInt8) {
          const std::int64_t piece = std::min(kPieceInt8, end - at);
          function({static_cast<const std::uint8_t*>(a.read(at, piece, buffers[0])),
                    static_cast<const std::uint8_t*>(b.read(at, piece, buffers[1])), out + at,
                    static_cast<std::size_t>(piece), problem.a.flip(), problem.b.flip(),
                    problem.a.unsigned_zero_point(), problem.b.unsigned_zero_point(),
                    problem.a_multiplier, problem.b_multiplier, requantize});
        }
      });
}

}  // namespace

void ElementwiseAddInt8::run(const Problem& problem, const Row& row, const Operands& operands) {
  run_binary_int8(problem, row.add, operands);
}

void ElementwiseMulInt8::run(const Problem& problem, const Row& row, const Operands& operands) {
  run_binary_int8(problem, row.mul, operands);
}

}  // namespace lathe::kernels
