#include "kernels/elementwise_f32.h"

#include "kernels/parallel.h"

namespace lathe::kernels {
namespace {

// Elements that threads split by: a few cache lines, so that no two write to the same one.
constexpr std::int64_t kGrain = 256;

// Calls body(begin, end) on ranges of [0, count), each but the last a multiple of kGrain.
template <typename Body>
void for_grains(ThreadPool& pool, std::int64_t count, double nanoseconds, const Body& body) {
  parallel_slots(pool, (count + kGrain - 1) / kGrain, nanoseconds,
                 [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                   body(begin * kGrain, std::min(end * kGrain, count));
                 });
}

// Nanoseconds an element: three streams of memory for arithmetic, a polynomial for the rest,
// without vectors a call of the standard library.
double unary_cost(UnaryOpF32 op, Isa isa) {
  switch (op) {
    case UnaryOpF32::kSigmoid:
    case UnaryOpF32::kTanh:
    case UnaryOpF32::kExp:
    case UnaryOpF32::kSilu:
    case UnaryOpF32::kLog:
    case UnaryOpF32::kErf:
      return isa == Isa::kScalar ? 10 : 1;
    default:
      return expected_stream_nanoseconds(8);
  }
}

}  // namespace

void ElementwiseBinaryF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  const auto* a = static_cast<const float*>(operands.inputs[0]);
  const auto* b = static_cast<const float*>(operands.inputs[1]);
  auto* out = static_cast<float*>(operands.outputs[0]);
  const float min = problem.clamp.min;
  const float max = problem.clamp.max;
  if (problem.operand == OperandF32::kColumn) {
    parallel_slots(operands.pool, problem.rows,
                   expected_stream_nanoseconds(8 * problem.rows * problem.columns),
                   [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                     const std::int64_t at = begin * problem.columns;
                     row.binary({problem.op, problem.operand, a + at, b, out + at,
                                 static_cast<std::size_t>(end - begin),
                                 static_cast<std::size_t>(problem.columns), min, max});
                   });
    return;
  }
  const std::int64_t count = problem.rows * problem.columns;
  const bool same = problem.operand == OperandF32::kSame;
  // The output may be the operand: one value of it is taken first.
  const float scalar = same || count == 0 ? 0 : *b;
  for_grains(operands.pool, count, expected_stream_nanoseconds((same ? 12 : 8) * count),
             [&](std::int64_t begin, std::int64_t end) {
               row.binary({problem.op, problem.operand, a + begin, same ? b + begin : &scalar,
                           out + begin, 1, static_cast<std::size_t>(end - begin), min, max});
             });
}

void ElementwiseUnaryF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  const auto* in = static_cast<const float*>(operands.inputs[0]);
  auto* out = static_cast<float*>(operands.outputs[0]);
  const double cost = unary_cost(problem.op, row.isa);
  for_grains(
      operands.pool, problem.count, cost * static_cast<double>(problem.count),
      [&](std::int64_t begin, std::int64_t end) {
        row.unary({problem.op, in + begin, out + begin, static_cast<std::size_t>(end - begin),
                   problem.alpha, problem.beta, problem.clamp.min, problem.clamp.max});
      });
}

}  // namespace lathe::kernels
