#include "kernels/transpose.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory_resource>
#include <vector>

#include "base/result.h"
#include "kernels/parallel.h"
#include "kernels/rounding.h"

namespace lathe::kernels {
namespace {

// A dimension of the output: strides count elements.
struct Axis {
  std::int64_t size;
  std::int64_t in_stride;
  std::int64_t out_stride;
};

// Rows that a thread transposes at a time: whole cache lines of the input, and of few columns some
// pages, of which the kernel makes one run.
template <typename T>
std::int64_t block_rows(std::int64_t columns) {
  return columns <= 4 ? 4096 : 64 / static_cast<std::int64_t>(sizeof(T));
}

using Axes = std::pmr::vector<Axis>;

// The output's dimensions, outermost first, without those of size 1 and with neighbours joined that
// stay neighbours.
Axes joined_axes(std::span<const std::int64_t> in_shape, std::span<const std::int64_t> permutation,
                 std::pmr::memory_resource& memory) {
  std::pmr::vector<std::int64_t> in_strides(in_shape.size(), &memory);
  std::int64_t stride = 1;
  for (std::size_t i = in_shape.size(); i-- > 0;) {
    in_strides[i] = stride;
    stride *= in_shape[i];
  }
  Axes axes(&memory);
  axes.reserve(permutation.size() + 1);
  for (const std::int64_t dimension : permutation) {
    const auto i = static_cast<std::size_t>(dimension);
    if (in_shape[i] == 1) continue;
    if (!axes.empty() && axes.back().in_stride == in_strides[i] * in_shape[i]) {
      axes.back().size *= in_shape[i];
      axes.back().in_stride = in_strides[i];
    } else {
      axes.push_back({in_shape[i], in_strides[i], 0});
    }
  }
  stride = 1;
  for (std::size_t i = axes.size(); i-- > 0;) {
    axes[i].out_stride = stride;
    stride *= axes[i].size;
  }
  return axes;
}

struct Offsets {
  std::int64_t in = 0;
  std::int64_t out = 0;
};

// Where the index-th combination of the axes lies, the last axis fastest.
Offsets locate(std::span<const Axis> axes, std::int64_t index) {
  Offsets offsets;
  for (std::size_t i = axes.size(); i-- > 0;) {
    const std::int64_t position = index % axes[i].size;
    index /= axes[i].size;
    offsets.in += position * axes[i].in_stride;
    offsets.out += position * axes[i].out_stride;
  }
  return offsets;
}

std::int64_t count_of(std::span<const Axis> axes) {
  std::int64_t count = 1;
  for (const Axis& axis : axes) count *= axis.size;
  return count;
}

// The innermost dimension stays: whole runs are copied.
template <typename T>
void copy_runs(const T* in, T* out, std::span<const Axis> axes, ThreadPool& pool, double cost) {
  const auto run = static_cast<std::size_t>(axes.back().size);
  const std::span<const Axis> outer = axes.first(axes.size() - 1);
  parallel_slots(pool, count_of(outer), cost,
                 [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin; i < end; ++i) {
                     const Offsets at = locate(outer, i);
                     std::memcpy(out + at.out, in + at.in, run * sizeof(T));
                   }
                 });
}

// The input's innermost dimension moves: it and the output's make matrices to transpose.
template <typename T>
void transpose_axes(const TransposeKernel& kernel, const T* in, T* out, Axes& axes,
                    ThreadPool& pool, double cost) {
  const Axis columns = axes.back();
  axes.pop_back();
  const auto contiguous =
      std::find_if(axes.begin(), axes.end(), [](const Axis& axis) { return axis.in_stride == 1; });
  const Axis rows = *contiguous;
  axes.erase(contiguous);
  const std::int64_t block = block_rows<T>(columns.size);
  const std::int64_t blocks = ceil_div(rows.size, block);
  parallel_slots(pool, count_of(axes) * blocks, cost,
                 [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin; i < end; ++i) {
                     const Offsets at = locate(axes, i / blocks);
                     const std::int64_t row = i % blocks * block;
                     kernel.function({in + at.in + row, out + at.out + row * rows.out_stride,
                                      std::min(block, rows.size - row), columns.size,
                                      columns.in_stride, rows.out_stride, sizeof(T)});
                   }
                 });
}

template <typename T>
void permute_elements(const TransposeKernel& kernel, const void* in, void* out, Axes& axes,
                      ThreadPool& pool) {
  const auto* source = static_cast<const T*>(in);
  auto* target = static_cast<T*>(out);
  const std::int64_t bytes = 2 * count_of(axes) * static_cast<std::int64_t>(sizeof(T));
  // About a nanosecond for each element, or the time of two streams.
  const double cost =
      std::max(expected_stream_nanoseconds(bytes), static_cast<double>(count_of(axes)));
  if (axes.back().in_stride == 1) {
    copy_runs(source, target, axes, pool, cost);
  } else {
    transpose_axes(kernel, source, target, axes, pool, cost);
  }
}

}  // namespace

void permute(const TransposeKernel& kernel, const void* in, void* out,
             std::span<const std::int64_t> in_shape, std::span<const std::int64_t> permutation,
             std::size_t element_size, ThreadPool& pool) {
  LATHE_CHECK(in_shape.size() == permutation.size());
  if (std::find(in_shape.begin(), in_shape.end(), 0) != in_shape.end()) return;
  // Enough for 16 axes; those of a higher rank are allocated.
  std::array<std::byte, 1024> local;
  std::pmr::monotonic_buffer_resource memory(local.data(), local.size());
  Axes axes = joined_axes(in_shape, permutation, memory);
  if (axes.empty()) axes.push_back({1, 1, 1});
  switch (element_size) {
    case 1:
      return permute_elements<std::uint8_t>(kernel, in, out, axes, pool);
    case 2:
      return permute_elements<std::uint16_t>(kernel, in, out, axes, pool);
    case 4:
      return permute_elements<std::uint32_t>(kernel, in, out, axes, pool);
    case 8:
      return permute_elements<std::uint64_t>(kernel, in, out, axes, pool);
    default:
      fatal("permute: elements must have 1, 2, 4 or 8 bytes");
  }
}

}  // namespace lathe::kernels
