#include "kernels/softmax_f32/args.h"

#define HWY_TARGET_INCLUDE "kernels/softmax_f32/loops.cc"
#include <hwy/foreach_target.h>

#include "kernels/vector/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lathe::kernels {
namespace HWY_NAMESPACE {
namespace {

float row_max(const float* in, std::size_t columns) {
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  VF32 largest = hn::Set(f, in[0]);
  std::size_t j = 0;
  for (; j + lanes <= columns; j += lanes) largest = larger(largest, hn::LoadU(f, in + j));
  if (j < columns) {
    const VF32 last = load_first(f, in + j, columns - j);
    largest = hn::IfThenElse(hn::FirstN(f, columns - j), larger(largest, last), largest);
  }
  return hn::GetLane(hn::MaxOfLanes(f, largest));
}

// Writes in - largest, or its exponential, and sums the exponentials.
template <bool kLog>
float shift_row(const float* in, float* out, std::size_t columns, float largest) {
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  const VF32 shift = hn::Set(f, largest);
  VF32 sum = hn::Zero(f);
  std::size_t j = 0;
  for (; j + lanes <= columns; j += lanes) {
    const VF32 shifted = hn::Sub(hn::LoadU(f, in + j), shift);
    const VF32 power = exp(shifted);
    sum = hn::Add(sum, power);
    hn::StoreU(kLog ? shifted : power, f, out + j);
  }
  if (const std::size_t left = columns - j; left > 0) {
    const VF32 shifted = hn::Sub(load_first(f, in + j, left), shift);
    const VF32 power = exp(shifted);
    sum = hn::Add(sum, hn::IfThenElseZero(hn::FirstN(f, left), power));
    store_first(kLog ? shifted : power, f, out + j, left);
  }
  return hn::GetLane(hn::SumOfLanes(f, sum));
}

// Divides, or subtracts where `log`.
void finish_row(float* out, std::size_t columns, bool log, float by) {
  const F32 f;
  const std::size_t lanes = hn::Lanes(f);
  const VF32 right = hn::Set(f, by);
  for (std::size_t j = 0; j < columns; j += lanes) {
    const std::size_t left = columns - j;
    const VF32 value = load_first(f, out + j, left);
    store_first(log ? hn::Sub(value, right) : hn::Div(value, right), f, out + j, left);
  }
}

}  // namespace

void softmax_f32(const SoftmaxF32Args& args) {
  for (std::size_t i = 0; i < args.rows; ++i) {
    const float* in = args.in + i * args.columns;
    float* out = args.out + i * args.columns;
    const float largest = row_max(in, args.columns);
    const bool log = args.log != nullptr;
    const float sum = log ? shift_row<true>(in, out, args.columns, largest)
                          : shift_row<false>(in, out, args.columns, largest);
    finish_row(out, args.columns, log, log ? args.log(sum) : sum);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace lathe::kernels
HWY_AFTER_NAMESPACE();
