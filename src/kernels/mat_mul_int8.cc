#include "kernels/mat_mul_int8.h"

#include <fmt/format.h>
#include <string>
#include <vector>

#include "kernels/batched_product.h"
#include "kernels/igemm/convolution_int8.h"

namespace lathe::kernels {
namespace {

// One product, as the convolution of `rows` pixels that its kernels see.
ConvolutionInt8Problem one_product_int8(const MatMulInt8Problem& problem) {
  ConvolutionInt8Problem product;
  product.shape.batch = problem.rows;
  product.shape.in_c = problem.inner;
  product.shape.out_c = problem.columns;
  product.input = problem.a;
  product.float_output = problem.float_output;
  product.output = problem.output;
  product.min = problem.min;
  product.max = problem.max;
  return product;
}

}  // namespace

std::string_view MatMulInt8::name(const Row& row) {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> made;
    for (const Row& each : kRows) made.push_back(fmt::format("mat_mul_{}", each.name));
    return made;
  }();
  return names[static_cast<std::size_t>(&row - std::data(kRows))];
}

double MatMulInt8::nanoseconds(const Problem& problem, const Row& row) {
  return static_cast<double>(product_count(problem.batch)) *
         IgemmConvolutionInt8::nanoseconds(one_product_int8(problem), row);
}

std::size_t MatMulInt8::scratch_bytes(const Problem& problem, const Row& row, int threads) {
  return products_scratch_bytes<IgemmConvolutionInt8>(problem.batch, one_product_int8(problem), row,
                                                      threads);
}

void MatMulInt8::run(const Problem& problem, const Row& row, const Operands& operands) {
  const ConvolutionInt8Problem product = one_product_int8(problem);
  const auto* a = static_cast<const std::uint8_t*>(operands.inputs[0]);
  const auto* b = static_cast<const std::uint8_t*>(operands.inputs[1]);
  auto* out = static_cast<std::byte*>(operands.outputs[0]);
  const std::int64_t value_bytes = problem.float_output ? sizeof(float) : 1;
  run_products<IgemmConvolutionInt8>(
      problem, product, row, operands,
      [&](std::int64_t right, std::byte* packed, ThreadPool& pool) {
        IgemmConvolutionInt8::pack_matrix(product, row, b + right * problem.inner * problem.columns,
                                          problem.b, problem.multiplier, packed, pool);
      },
      [&](std::int64_t left, std::int64_t index, const std::byte* packed, std::byte* scratch,
          ThreadPool& pool) {
        const void* rows = a + left * problem.rows * problem.inner;
        void* made = out + index * problem.rows * problem.columns * value_bytes;
        IgemmConvolutionInt8::run_matrix(product, row, problem.b,
                                         {&rows, &made, packed, scratch, pool});
      });
}

}  // namespace lathe::kernels
