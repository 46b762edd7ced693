#include "kernels/quantize.h"

#include "kernels/parallel_lines.h"
#include "kernels/pick.h"
#include "kernels/quantize_linear/kernels.h"

namespace lathe::kernels {

QuantizeLinear::QuantizeLinear(float scale, QuantizedActivation output, Isa isa)
    : scale_(scale),
      requantize_(requantize_args(output, output.lowest(), output.highest())),
      kernel_(&pick(kQuantizeLinearKernels, isa)) {}

const char* QuantizeLinear::kernel_name() const { return kernel_->name; }

void QuantizeLinear::run(const float* in, void* out, std::int64_t count, ThreadPool& pool) const {
  parallel_lines(pool, count, expected_stream_nanoseconds(5 * count),
                 [&](std::int64_t begin, std::int64_t end) {
                   kernel_->quantize({in + begin, static_cast<std::uint8_t*>(out) + begin,
                                      static_cast<std::size_t>(end - begin), scale_, requantize_});
                 });
}

DequantizeLinear::DequantizeLinear(float scale, QuantizedActivation input, Isa isa)
    : scale_(scale), input_(input), kernel_(&pick(kQuantizeLinearKernels, isa)) {
  LATHE_CHECK(input.valid());
}

void DequantizeLinear::run(const void* in, float* out, std::int64_t count, ThreadPool& pool) const {
  parallel_lines(pool, count, expected_stream_nanoseconds(5 * count),
                 [&](std::int64_t begin, std::int64_t end) {
                   kernel_->dequantize({static_cast<const std::uint8_t*>(in) + begin, out + begin,
                                        static_cast<std::size_t>(end - begin), scale_,
                                        input_.flip(), input_.unsigned_zero_point()});
                 });
}

}  // namespace lathe::kernels
