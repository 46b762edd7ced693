#include "kernels/movement.h"

#include <cstring>

#include "kernels/transpose.h"

namespace lathe::kernels {

void Permute::run(const Problem& problem, const Row&, const Operands& operands) {
  permute(operands.inputs[0], operands.outputs[0], problem.dims, problem.permutation,
          static_cast<std::size_t>(problem.element_bytes), operands.pool);
}

void Concat::run(const Problem& problem, const Row&, const Operands& operands) {
  auto* to = static_cast<std::byte*>(operands.outputs[0]);
  for (std::int64_t o = 0; o < problem.outer; ++o) {
    for (std::size_t i = 0; i < problem.blocks.size(); ++i) {
      const std::int64_t bytes = problem.blocks[i];
      if (bytes == 0) continue;  // which may have no place
      std::memcpy(to, static_cast<const std::byte*>(operands.inputs[i]) + o * bytes,
                  static_cast<std::size_t>(bytes));
      to += bytes;
    }
  }
}

}  // namespace lathe::kernels
