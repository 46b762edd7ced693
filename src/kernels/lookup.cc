#include "kernels/lookup.h"

#include <cstdint>

#include "kernels/parallel_lines.h"

namespace lathe::kernels {

void Lookup::run(const Problem& problem, const Row&, const Operands& operands) {
  const auto* in = static_cast<const std::uint8_t*>(operands.inputs[0]);
  const auto* table = static_cast<const std::uint8_t*>(operands.inputs[1]);
  auto* out = static_cast<std::uint8_t*>(operands.outputs[0]);
  // A load for each element, and one for what it names.
  parallel_lines(operands.pool, problem.count, 0.5 * static_cast<double>(problem.count),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin; i < end; ++i) out[i] = table[in[i]];
                 });
}

}  // namespace lathe::kernels
