#include "kernels/winograd_f32/args.h"

#define HWY_TARGET_INCLUDE "kernels/winograd_f32/transforms.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/vector-inl.h"
#include "kernels/winograd_f32/points.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

// F(2, 3) and F(4, 3) in one dimension: B^T d, in place of d, and A^T m. The matrices are those of
// points.h, with what rows have in common computed once.
struct F2 {
  static constexpr int kOut = 2;
  static constexpr int kIn = 4;

  static HWY_INLINE void input(VF32 (&d)[kIn]) {
    const VF32 d1 = d[1];
    const VF32 d2 = d[2];
    d[0] = hn::Sub(d[0], d2);
    d[3] = hn::Sub(d[3], d1);
    d[1] = hn::Add(d1, d2);
    d[2] = hn::Sub(d2, d1);
  }
  static HWY_INLINE void output(const VF32 (&m)[kIn], VF32 (&y)[kOut]) {
    y[0] = hn::Add(m[0], hn::Add(m[1], m[2]));
    y[1] = hn::Add(m[3], hn::Sub(m[1], m[2]));
  }
};

struct F4 {
  static constexpr int kOut = 4;
  static constexpr int kIn = 6;
  static constexpr float kA = WinogradPoints::kA;
  static constexpr float kB = WinogradPoints::kB;

  static HWY_INLINE void input(VF32 (&d)[kIn]) {
    const F32 f;
    const VF32 a = hn::Set(f, kA);
    const VF32 b = hn::Set(f, kB);
    const VF32 a2 = hn::Set(f, kA * kA);
    const VF32 b2 = hn::Set(f, kB * kB);
    const VF32 product = hn::Set(f, kA * kA * kB * kB);
    const VF32 sum = hn::Set(f, kA * kA + kB * kB);
    const VF32 first = hn::MulAdd(product, d[0], hn::NegMulAdd(sum, d[2], d[4]));
    const VF32 last = hn::MulAdd(product, d[1], hn::NegMulAdd(sum, d[3], d[5]));
    const VF32 even_a = hn::NegMulAdd(b2, d[2], d[4]);
    const VF32 odd_a = hn::NegMulAdd(b2, d[1], d[3]);
    const VF32 even_b = hn::NegMulAdd(a2, d[2], d[4]);
    const VF32 odd_b = hn::NegMulAdd(a2, d[1], d[3]);
    d[0] = first;
    d[1] = hn::MulAdd(a, odd_a, even_a);
    d[2] = hn::NegMulAdd(a, odd_a, even_a);
    d[3] = hn::MulAdd(b, odd_b, even_b);
    d[4] = hn::NegMulAdd(b, odd_b, even_b);
    d[5] = last;
  }
  static HWY_INLINE void output(const VF32 (&m)[kIn], VF32 (&y)[kOut]) {
    const F32 f;
    const VF32 even_a = hn::Add(m[1], m[2]);
    const VF32 odd_a = hn::Sub(m[1], m[2]);
    const VF32 even_b = hn::Add(m[3], m[4]);
    const VF32 odd_b = hn::Sub(m[3], m[4]);
    y[0] = hn::Add(m[0], hn::Add(even_a, even_b));
    y[1] = hn::MulAdd(hn::Set(f, kA), odd_a, hn::Mul(hn::Set(f, kB), odd_b));
    y[2] = hn::MulAdd(hn::Set(f, kA * kA), even_a, hn::Mul(hn::Set(f, kB * kB), even_b));
    y[3] = hn::MulAdd(hn::Set(f, kA * kA * kA), odd_a,
                      hn::MulAdd(hn::Set(f, kB * kB * kB), odd_b, m[5]));
  }
};

template <typename F, bool kWhole>
void input_tile(const WinogradInputArgs& args) {
  constexpr int kIn = F::kIn;
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  for (std::size_t c = 0; c < args.channels; c += lanes) {
    const std::size_t left = args.channels - c;
    VF32 lines[kIn][kIn];
    for (int i = 0; i < kIn; ++i) {
      if (!kWhole && (i < args.row_begin || i >= args.row_end)) {
        for (int j = 0; j < kIn; ++j) lines[i][j] = hn::Zero(f);
        continue;
      }
      const float* line =
          args.in + static_cast<std::size_t>(i - args.row_begin) * args.row_stride + c;
      for (int j = 0; j < kIn; ++j) {
        if (!kWhole && (j < args.column_begin || j >= args.column_end)) {
          lines[i][j] = hn::Zero(f);
        } else {
          lines[i][j] = load_first(
              f, line + static_cast<std::size_t>(j - args.column_begin) * args.column_stride, left);
        }
      }
      F::input(lines[i]);
    }
    float* out = args.out + c;
    for (int j = 0; j < kIn; ++j) {
      VF32 column[kIn];
      for (int i = 0; i < kIn; ++i) column[i] = lines[i][j];
      F::input(column);
      for (int i = 0; i < kIn; ++i) {
        hn::StoreU(column[i], f,
                   out + static_cast<std::size_t>(i * kIn + j) * args.coefficient_stride);
      }
    }
  }
}

template <typename F>
void input(const WinogradInputArgs& args) {
  const bool whole = args.row_begin == 0 && args.row_end == F::kIn && args.column_begin == 0 &&
                     args.column_end == F::kIn;
  whole ? input_tile<F, true>(args) : input_tile<F, false>(args);
}

template <typename F>
void output(const WinogradOutputArgs& args) {
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  const VF32 low = hn::Set(f, args.min);
  const VF32 high = hn::Set(f, args.max);
  for (std::size_t c = 0; c < args.channels; c += lanes) {
    const std::size_t left = args.channels - c;
    VF32 columns[F::kIn][F::kOut];
    for (int j = 0; j < F::kIn; ++j) {
      VF32 column[F::kIn];
      for (int i = 0; i < F::kIn; ++i) {
        column[i] = hn::LoadU(
            f, args.in + static_cast<std::size_t>(i * F::kIn + j) * args.coefficient_stride + c);
      }
      F::output(column, columns[j]);
    }
    const VF32 bias = hn::LoadU(f, args.bias + c);
    for (int i = 0; i < args.rows; ++i) {
      VF32 line[F::kIn];
      for (int j = 0; j < F::kIn; ++j) line[j] = columns[j][i];
      VF32 values[F::kOut];
      F::output(line, values);
      const std::size_t at = static_cast<std::size_t>(i) * args.row_stride + c;
      for (int j = 0; j < args.columns; ++j) {
        const std::size_t pixel = at + static_cast<std::size_t>(j) * args.column_stride;
        VF32 value = hn::Add(values[j], bias);
        if (args.residual != nullptr)
          value = hn::Add(value, load_first(f, args.residual + pixel, left));
        store_first(clamp(value, low, high), f, args.out + pixel, left);
      }
    }
  }
}

}  // namespace

void winograd_input_f2(const WinogradInputArgs& args) { input<F2>(args); }
void winograd_input_f4(const WinogradInputArgs& args) { input<F4>(args); }
void winograd_output_f2(const WinogradOutputArgs& args) { output<F2>(args); }
void winograd_output_f4(const WinogradOutputArgs& args) { output<F4>(args); }

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();
