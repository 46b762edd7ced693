#include "kernels/mat_mul_f32.h"

#include <fmt/format.h>
#include <string>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "kernels/igemm_f32/igemm_convolution_f32.h"
#include "kernels/parallel.h"

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

std::int64_t count_of(const std::vector<std::int64_t>& extents) {
  std::int64_t count = 1;
  for (const std::int64_t extent : extents) count *= extent;
  return count;
}

// Which matrix of an operand the index-th product takes.
std::int64_t matrix_of(const MatMulF32Problem& problem, const std::vector<std::int64_t>& strides,
                       std::int64_t index) {
  std::int64_t matrix = 0;
  for (std::size_t i = problem.batch.size(); i-- > 0;) {
    matrix += index % problem.batch[i] * strides[i];
    index /= problem.batch[i];
  }
  return matrix;
}

// With several products for each thread, threads take whole ones.
bool is_split_by_products(const MatMulF32Problem& problem, int threads) {
  return threads > 1 && count_of(problem.batch) >= threads;
}

std::size_t aligned(std::size_t bytes) {
  return (bytes + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment;
}

// Of one product: packed columns, then what its kernel needs.
std::size_t slot_bytes(const ConvolutionF32Problem& product, const IgemmF32Kernel& row,
                       int threads) {
  return aligned(IgemmConvolutionF32::packed_bytes(product, row)) +
         aligned(IgemmConvolutionF32::scratch_bytes(product, row, threads));
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
  const ConvolutionF32Problem product = one_product(problem);
  return is_split_by_products(problem, threads)
             ? static_cast<std::size_t>(threads) * slot_bytes(product, row, 1)
             : slot_bytes(product, row, threads);
}

void MatMulF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  const ConvolutionF32Problem product = one_product(problem);
  const auto* a = static_cast<const float*>(operands.inputs[0]);
  const auto* b = static_cast<const float*>(operands.inputs[1]);
  auto* out = static_cast<float*>(operands.outputs[0]);
  const std::size_t packed_bytes = aligned(IgemmConvolutionF32::packed_bytes(product, row));
  const auto multiply = [&](std::int64_t begin, std::int64_t end, std::byte* scratch,
                            ThreadPool& pool) {
    std::int64_t packed = -1;  // which matrix of b
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t right = matrix_of(problem, problem.b_strides, i);
      if (right != packed) {
        IgemmConvolutionF32::pack_matrix(product, row, b + right * problem.inner * problem.columns,
                                         scratch, pool);
      }
      packed = right;
      const void* left =
          a + matrix_of(problem, problem.a_strides, i) * problem.rows * problem.inner;
      void* made = out + i * problem.rows * problem.columns;
      IgemmConvolutionF32::run(product, row, {&left, &made, scratch, scratch + packed_bytes, pool});
    }
  };
  auto* scratch = static_cast<std::byte*>(operands.scratch);
  const std::int64_t count = count_of(problem.batch);
  if (!is_split_by_products(problem, operands.pool.threads()))
    return multiply(0, count, scratch, operands.pool);
  const std::size_t bytes = slot_bytes(product, row, 1);
  const std::int64_t macs = count * product.shape.macs();
  parallel_slots(operands.pool, count, expected_mac_nanoseconds(macs, row.isa),
                 [&](std::int64_t slot, std::int64_t begin, std::int64_t end) {
                   ThreadPool own(1);
                   multiply(begin, end, scratch + static_cast<std::size_t>(slot) * bytes, own);
                 });
}

}  // namespace lathe::kernels
