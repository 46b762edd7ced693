#include "kernels/softmax_f32.h"

#include <cmath>

#include "kernels/parallel.h"
#include "kernels/pick.h"
#include "kernels/softmax_f32/kernels.h"

namespace lathe::kernels {
namespace {

float natural_log(float x) { return std::log(x); }

}  // namespace

SoftmaxF32::SoftmaxF32(Kind kind, Isa isa) : kind_(kind), kernel_(&pick(kSoftmaxF32Kernels, isa)) {}

void SoftmaxF32::run(const float* in, float* out, std::int64_t rows, std::int64_t columns,
                     ThreadPool& pool) const {
  const double element = kernel_->isa == Isa::kScalar ? 10 : 1;  // nanoseconds of an exponential
  parallel_slots(
      pool, rows, element * static_cast<double>(rows * columns),
      [&](std::int64_t, std::int64_t begin, std::int64_t end) {
        kernel_->function({in + begin * columns, out + begin * columns,
                           static_cast<std::size_t>(end - begin), static_cast<std::size_t>(columns),
                           kind_ == Kind::kLogSoftmax ? natural_log : nullptr});
      });
}

}  // namespace lathe::kernels
