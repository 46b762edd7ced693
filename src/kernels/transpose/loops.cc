#include "kernels/transpose/args.h"

#define HWY_TARGET_INCLUDE "kernels/transpose/loops.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

template <typename T>
HWY_INLINE const T* input(const TransposeArgs& args, std::int64_t i, std::int64_t j) {
  return static_cast<const T*>(args.in) + j * args.in_stride + i;
}
template <typename T>
HWY_INLINE T* output(const TransposeArgs& args, std::int64_t i, std::int64_t j) {
  return static_cast<T*>(args.out) + i * args.out_stride + j;
}

// Rows from `i` on and columns from `j` on, element by element.
template <typename T>
void single_elements(const TransposeArgs& args, std::int64_t i, std::int64_t rows, std::int64_t j,
                     std::int64_t columns) {
  for (; i < rows; ++i) {
    for (std::int64_t k = j; k < columns; ++k) *output<T>(args, i, k) = *input<T>(args, i, k);
  }
}

// The few columns become neighbours: planes of an image to its pixels.
template <typename T, int kColumns>
void interleave(const TransposeArgs& args) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= args.rows; i += lanes) {
    const auto a = hn::LoadU(d, input<T>(args, i, 0));
    const auto b = hn::LoadU(d, input<T>(args, i, 1));
    T* out = output<T>(args, i, 0);
    if constexpr (kColumns == 2) hn::StoreInterleaved2(a, b, d, out);
    if constexpr (kColumns == 3)
      hn::StoreInterleaved3(a, b, hn::LoadU(d, input<T>(args, i, 2)), d, out);
    if constexpr (kColumns == 4) {
      hn::StoreInterleaved4(a, b, hn::LoadU(d, input<T>(args, i, 2)),
                            hn::LoadU(d, input<T>(args, i, 3)), d, out);
    }
  }
  single_elements<T>(args, i, args.rows, 0, kColumns);
}

// The few rows were neighbours: pixels of an image to its planes.
template <typename T, int kRows>
void part(const TransposeArgs& args) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  hn::Vec<decltype(d)> a;
  hn::Vec<decltype(d)> b;
  hn::Vec<decltype(d)> c;
  hn::Vec<decltype(d)> e;
  std::int64_t j = 0;
  for (; j + lanes <= args.columns; j += lanes) {
    const T* in = input<T>(args, 0, j);
    if constexpr (kRows == 2) hn::LoadInterleaved2(d, in, a, b);
    if constexpr (kRows == 3) hn::LoadInterleaved3(d, in, a, b, c);
    if constexpr (kRows == 4) hn::LoadInterleaved4(d, in, a, b, c, e);
    hn::StoreU(a, d, output<T>(args, 0, j));
    hn::StoreU(b, d, output<T>(args, 1, j));
    if constexpr (kRows > 2) hn::StoreU(c, d, output<T>(args, 2, j));
    if constexpr (kRows > 3) hn::StoreU(e, d, output<T>(args, 3, j));
  }
  single_elements<T>(args, 0, kRows, j, args.columns);
}

// A square of as many rows as 128 bits have elements: interleaving its first half with its second,
// as often as halving it leaves one row.
template <typename T>
HWY_INLINE void square(const TransposeArgs& args, std::int64_t i, std::int64_t j) {
  constexpr int kSide = 16 / sizeof(T);
  const hn::FixedTag<T, kSide> d;
  hn::Vec<decltype(d)> rows[kSide];
#pragma GCC unroll 16
  for (int k = 0; k < kSide; ++k) rows[k] = hn::LoadU(d, input<T>(args, i, j + k));
#pragma GCC unroll 4
  for (int stage = 1; stage < kSide; stage *= 2) {
    hn::Vec<decltype(d)> next[kSide];
#pragma GCC unroll 8
    for (int k = 0; k < kSide / 2; ++k) {
      next[2 * k] = hn::InterleaveLower(d, rows[k], rows[k + kSide / 2]);
      next[2 * k + 1] = hn::InterleaveUpper(d, rows[k], rows[k + kSide / 2]);
    }
#pragma GCC unroll 16
    for (int k = 0; k < kSide; ++k) rows[k] = next[k];
  }
#pragma GCC unroll 16
  for (int k = 0; k < kSide; ++k) hn::StoreU(rows[k], d, output<T>(args, i + k, j));
}

template <typename T>
void transpose_elements(const TransposeArgs& args) {
  const std::int64_t rows = args.rows;
  const std::int64_t columns = args.columns;
  if (args.out_stride == columns) {
    if (columns == 2) return interleave<T, 2>(args);
    if (columns == 3) return interleave<T, 3>(args);
    if (columns == 4) return interleave<T, 4>(args);
  }
  if (args.in_stride == rows) {
    if (rows == 2) return part<T, 2>(args);
    if (rows == 3) return part<T, 3>(args);
    if (rows == 4) return part<T, 4>(args);
  }
  constexpr std::int64_t kSide = 16 / sizeof(T);
  std::int64_t j = 0;
  for (; j + kSide <= columns; j += kSide) {
    std::int64_t i = 0;
    for (; i + kSide <= rows; i += kSide) square<T>(args, i, j);
    single_elements<T>(args, i, rows, j, j + kSide);
  }
  single_elements<T>(args, 0, rows, j, columns);
}

}  // namespace

void transpose(const TransposeArgs& args) {
  switch (args.element_bytes) {
    case 1:
      return transpose_elements<std::uint8_t>(args);
    case 2:
      return transpose_elements<std::uint16_t>(args);
    case 4:
      return transpose_elements<std::uint32_t>(args);
    default:
      return transpose_elements<std::uint64_t>(args);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();
