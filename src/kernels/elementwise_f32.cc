#include "kernels/elementwise_f32.h"

#include "kernels/elementwise_f32/kernels.h"
#include "kernels/parallel.h"
#include "kernels/pick.h"

namespace lathe::kernels {
namespace {

// Elements that threads split by: a few cache lines, so that no two write to the same one.
constexpr std::int64_t kGrain = 256;

// Calls body(begin, end) on ranges of [0, count), each but the last a multiple of kGrain.
template <typename Body>
void for_grains(ThreadPool& pool, std::int64_t count, double nanoseconds, const Body& body) {
  parallel_slots(pool, (count + kGrain - 1) / kGrain, nanoseconds,
                 [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                   body(begin * kGrain, std::min(end * kGrain, count));
                 });
}

// Nanoseconds an element: three streams of memory for arithmetic, a polynomial for the rest,
// without vectors a call of the standard library.
double unary_cost(UnaryOpF32 op, Isa isa) {
  switch (op) {
    case UnaryOpF32::kSigmoid:
    case UnaryOpF32::kTanh:
    case UnaryOpF32::kExp:
    case UnaryOpF32::kSilu:
      return isa == Isa::kScalar ? 10 : 1;
    default:
      return expected_stream_nanoseconds(8);
  }
}

}  // namespace

BinaryF32::BinaryF32(BinaryOpF32 op, ClampF32 clamp, Isa isa)
    : op_(op), clamp_(clamp), kernel_(&pick(kElementwiseF32Kernels, isa)) {}

void BinaryF32::run(const float* a, const float* b, float* out, std::int64_t count,
                    ThreadPool& pool) const {
  for_grains(pool, count, expected_stream_nanoseconds(12 * count),
             [&](std::int64_t begin, std::int64_t end) {
               kernel_->binary({op_, OperandF32::kSame, a + begin, b + begin, out + begin, 1,
                                static_cast<std::size_t>(end - begin), clamp_.min, clamp_.max});
             });
}

void BinaryF32::run_scalar(const float* a, float b, float* out, std::int64_t count,
                           ThreadPool& pool) const {
  for_grains(pool, count, expected_stream_nanoseconds(8 * count),
             [&](std::int64_t begin, std::int64_t end) {
               kernel_->binary({op_, OperandF32::kScalar, a + begin, &b, out + begin, 1,
                                static_cast<std::size_t>(end - begin), clamp_.min, clamp_.max});
             });
}

void BinaryF32::run_channels(const float* a, const float* b, float* out, std::int64_t rows,
                             std::int64_t channels, ThreadPool& pool) const {
  parallel_slots(pool, rows, expected_stream_nanoseconds(8 * rows * channels),
                 [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                   const std::int64_t at = begin * channels;
                   kernel_->binary({op_, OperandF32::kColumn, a + at, b, out + at,
                                    static_cast<std::size_t>(end - begin),
                                    static_cast<std::size_t>(channels), clamp_.min, clamp_.max});
                 });
}

UnaryF32::UnaryF32(const UnaryParametersF32& parameters, Isa isa)
    : parameters_(parameters), kernel_(&pick(kElementwiseF32Kernels, isa)) {}

void UnaryF32::run(const float* in, float* out, std::int64_t count, ThreadPool& pool) const {
  const double cost = unary_cost(parameters_.op, kernel_->isa);
  for_grains(pool, count, cost * static_cast<double>(count),
             [&](std::int64_t begin, std::int64_t end) {
               kernel_->unary({parameters_.op, in + begin, out + begin,
                               static_cast<std::size_t>(end - begin), parameters_.alpha,
                               parameters_.beta, parameters_.clamp.min, parameters_.clamp.max});
             });
}

}  // namespace lathe::kernels
