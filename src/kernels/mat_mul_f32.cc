#include "kernels/mat_mul_f32.h"

#include <fmt/format.h>
#include <string>
#include <vector>

#include "kernels/batched_product.h"
#include "kernels/igemm/convolution_f32.h"

namespace lathe::kernels {
namespace {

// One product, as the convolution of `rows` pixels that its kernels see.
ConvolutionF32Problem one_product(const MatMulF32Problem& problem) {
  ConvolutionF32Problem product;
  product.shape.batch = problem.rows;
  product.shape.in_c = problem.inner;
  product.shape.out_c = problem.columns;
  product.clamp = problem.clamp;
  return product;
}

}  // namespace

std::string_view MatMulF32::name(const Row& row) {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> made;
    for (const Row& each : kRows) made.push_back(fmt::format("mat_mul_{}", each.name));
    return made;
  }();
  return names[static_cast<std::size_t>(&row - std::data(kRows))];
}

std::size_t MatMulF32::scratch_bytes(const Problem& problem, const Row& row, int threads) {
  return products_scratch_bytes<IgemmConvolutionF32>(problem.batch, one_product(problem), row,
                                                     threads);
}

void MatMulF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  const ConvolutionF32Problem product = one_product(problem);
  const auto* a = static_cast<const float*>(operands.inputs[0]);
  const auto* b = static_cast<const float*>(operands.inputs[1]);
  auto* out = static_cast<float*>(operands.outputs[0]);
  run_products<IgemmConvolutionF32>(
      problem, product, row, operands,
      [&](std::int64_t right, std::byte* packed, ThreadPool& pool) {
        IgemmConvolutionF32::pack_matrix(product, row, b + right * problem.inner * problem.columns,
                                         packed, pool);
      },
      [&](std::int64_t left, std::int64_t index, const std::byte* packed, std::byte* scratch,
          ThreadPool& pool) {
        const void* rows = a + left * problem.rows * problem.inner;
        void* made = out + index * problem.rows * problem.columns;
        IgemmConvolutionF32::run(product, row, {&rows, &made, packed, scratch, pool});
      });
}

}  // namespace lathe::kernels
