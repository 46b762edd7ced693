#include "kernels/elementwise_f32.h"

#include "kernels/parallel.h"
#include "kernels/storage.h"

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

template <typename Stored>
void run_binary(const BinaryF32Problem& problem, const ElementwiseF32Kernel& row,
                const Operands& operands) {
  constexpr auto kBytes = std::int64_t{sizeof(Stored)};
  const auto* a = static_cast<const Stored*>(operands.inputs[0]);
  const auto* b = static_cast<const Stored*>(operands.inputs[1]);
  auto* out = static_cast<Stored*>(operands.outputs[0]);
  BinaryF32Args<Stored> args{problem.op,        problem.operand,  a, b, out, 1, 0,
                             problem.clamp.min, problem.clamp.max};
  if (problem.operand == OperandF32::kColumn) {
    parallel_slots(operands.pool, problem.rows,
                   expected_stream_nanoseconds(2 * kBytes * problem.rows * problem.columns),
                   [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                     BinaryF32Args<Stored> part = args;
                     part.a += begin * problem.columns;
                     part.out += begin * problem.columns;
                     part.rows = static_cast<std::size_t>(end - begin);
                     part.columns = static_cast<std::size_t>(problem.columns);
                     row.binary(part);
                   });
    return;
  }
  const std::int64_t count = problem.rows * problem.columns;
  const bool same = problem.operand == OperandF32::kSame;
  // The output may be the operand: one value of it is taken first.
  const Stored scalar = same || count == 0 ? Stored{} : *b;
  for_grains(operands.pool, count, expected_stream_nanoseconds((same ? 3 : 2) * kBytes * count),
             [&](std::int64_t begin, std::int64_t end) {
               BinaryF32Args<Stored> part = args;
               part.a += begin;
               part.b = same ? b + begin : &scalar;
               part.out += begin;
               part.columns = static_cast<std::size_t>(end - begin);
               row.binary(part);
             });
}

template <typename Stored>
void run_unary(const UnaryF32Problem& problem, const ElementwiseF32Kernel& row,
               const Operands& operands) {
  const auto* in = static_cast<const Stored*>(operands.inputs[0]);
  auto* out = static_cast<Stored*>(operands.outputs[0]);
  const double cost = unary_cost(problem.op, row.isa);
  for_grains(operands.pool, problem.count, cost * static_cast<double>(problem.count),
             [&](std::int64_t begin, std::int64_t end) {
               row.unary(UnaryF32Args<Stored>{problem.op, in + begin, out + begin,
                                              static_cast<std::size_t>(end - begin), problem.alpha,
                                              problem.beta, problem.clamp.min, problem.clamp.max});
             });
}

}  // namespace

void ElementwiseBinaryF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  with_storage(problem.storage,
               [&](auto stored) { run_binary<decltype(stored)>(problem, row, operands); });
}

void ElementwiseUnaryF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  with_storage(problem.storage,
               [&](auto stored) { run_unary<decltype(stored)>(problem, row, operands); });
}

}  // namespace lathe::kernels
