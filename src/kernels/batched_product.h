// What batched products of two computed matrices have in common: which matrices are multiplied, and
// how threads share them. For the problems MatMulF32Problem and MatMulInt8Problem.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "kernels/kernel.h"
#include "kernels/parallel.h"

namespace lathe::kernels {

inline std::int64_t product_count(const std::vector<std::int64_t>& batch) {
  std::int64_t count = 1;
  for (const std::int64_t extent : batch) count *= extent;
  return count;
}

// Which matrix of an operand the index-th product takes.
inline std::int64_t matrix_of(const std::vector<std::int64_t>& batch,
                              const std::vector<std::int64_t>& strides, std::int64_t index) {
  std::int64_t matrix = 0;
  for (std::size_t i = batch.size(); i-- > 0;) {
    matrix += index % batch[i] * strides[i];
    index /= batch[i];
  }
  return matrix;
}

// With several products for each thread, threads take whole ones.
inline bool is_split_by_products(const std::vector<std::int64_t>& batch, int threads) {
  return threads > 1 && product_count(batch) >= threads;
}

inline std::size_t aligned_bytes(std::size_t bytes) {
  return (bytes + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment;
}

// Of one product, the convolution of its rows as pixels that the kernels of `Convolution` see:
// packed columns, then what its kernel needs.
template <typename Convolution>
std::size_t product_bytes(const typename Convolution::Problem& product,
                          const typename Convolution::Row& row, int threads) {
  return aligned_bytes(Convolution::packed_bytes(product, row)) +
         aligned_bytes(Convolution::scratch_bytes(product, row, threads));
}

template <typename Convolution>
std::size_t products_scratch_bytes(const std::vector<std::int64_t>& batch,
                                   const typename Convolution::Problem& product,
                                   const typename Convolution::Row& row, int threads) {
  // A pool may have fewer threads than was meant, and then split otherwise.
  const auto slots =
      static_cast<std::size_t>(std::min<std::int64_t>(threads, product_count(batch)));
  const std::size_t split = slots > 1 ? slots * product_bytes<Convolution>(product, row, 1) : 0;
  return is_split_by_products(batch, threads)
             ? split
             : std::max(split, product_bytes<Convolution>(product, row, threads));
}

// Runs all products of `problem`: pack(matrix of b, packed, pool) where it is another one than
// before, then multiply(matrix of a, index of the product, packed, scratch, pool).
template <typename Convolution, typename Problem, typename Pack, typename Multiply>
void run_products(const Problem& problem, const typename Convolution::Problem& product,
                  const typename Convolution::Row& row, const Operands& operands, const Pack& pack,
                  const Multiply& multiply) {
  const std::size_t packed_bytes = aligned_bytes(Convolution::packed_bytes(product, row));
  const auto run = [&](std::int64_t begin, std::int64_t end, std::byte* scratch, ThreadPool& pool) {
    std::int64_t packed = -1;  // which matrix of b
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t right = matrix_of(problem.batch, problem.b_strides, i);
      if (right != packed) pack(right, scratch, pool);
      packed = right;
      multiply(matrix_of(problem.batch, problem.a_strides, i), i, scratch, scratch + packed_bytes,
               pool);
    }
  };
  auto* scratch = static_cast<std::byte*>(operands.scratch);
  const std::int64_t count = product_count(problem.batch);
  if (!is_split_by_products(problem.batch, operands.pool.threads()))
    return run(0, count, scratch, operands.pool);
  const std::size_t bytes = product_bytes<Convolution>(product, row, 1);
  parallel_slots(operands.pool, count,
                 expected_mac_nanoseconds(count * product.shape.macs(), row.isa),
                 [&](std::int64_t slot, std::int64_t begin, std::int64_t end) {
                   ThreadPool own(1);
                   run(begin, end, scratch + static_cast<std::size_t>(slot) * bytes, own);
                 });
}

}  // namespace lathe::kernels
