#include "kernels/elementwise_int8.h"

#include "kernels/add_int8/kernels.h"
#include "kernels/parallel_lines.h"
#include "kernels/pick.h"

namespace lathe::kernels {

AddInt8::AddInt8(const AddInt8Parameters& parameters, Isa isa)
    : parameters_(parameters),
      requantize_(requantize_args(parameters.output, parameters.min, parameters.max)),
      kernel_(&pick(kAddInt8Kernels, isa)) {
  LATHE_CHECK(parameters.a.valid() && parameters.b.valid());
}

const char* AddInt8::kernel_name() const { return kernel_->name; }

void AddInt8::run(const void* a, const void* b, void* out, std::int64_t count,
                  ThreadPool& pool) const {
  parallel_lines(pool, count, expected_stream_nanoseconds(3 * count),
                 [&](std::int64_t begin, std::int64_t end) {
                   kernel_->function({static_cast<const std::uint8_t*>(a) + begin,
                                      static_cast<const std::uint8_t*>(b) + begin,
                                      static_cast<std::uint8_t*>(out) + begin,
                                      static_cast<std::size_t>(end - begin), parameters_.a.flip(),
                                      parameters_.b.flip(), parameters_.a.unsigned_zero_point(),
                                      parameters_.b.unsigned_zero_point(), parameters_.a_multiplier,
                                      parameters_.b_multiplier, requantize_});
                 });
}

}  // namespace lathe::kernels
