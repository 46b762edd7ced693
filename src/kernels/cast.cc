#include "kernels/cast.h"

#include "kernels/parallel_lines.h"

namespace lathe::kernels {
namespace {

bool is_half(ElementType type) {
  return type == ElementType::kFloat16 || type == ElementType::kBFloat16;
}

}  // namespace

bool Cast::fits(const Problem& problem, const Row& row) {
  return !row.halves || (problem.from == ElementType::kFloat32 && is_half(problem.to)) ||
         (is_half(problem.from) && problem.to == ElementType::kFloat32);
}

void Cast::run(const Problem& problem, const Row& row, const Operands& operands) {
  const auto* in = static_cast<const std::byte*>(operands.inputs[0]);
  auto* out = static_cast<std::byte*>(operands.outputs[0]);
  const std::int64_t from = element_bytes(problem.from);
  const std::int64_t to = element_bytes(problem.to);
  parallel_lines(operands.pool, problem.count,
                 expected_stream_nanoseconds((from + to) * problem.count),
                 [&](std::int64_t begin, std::int64_t end) {
                   row.convert({problem.from, problem.to, in + begin * from, out + begin * to,
                                static_cast<std::size_t>(end - begin)});
                 });
}

}  // namespace lathe::kernels
