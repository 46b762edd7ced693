#include "kernels/pooling_f32/args.h"
#include "kernels/storage.h"

namespace lathe::kernels::scalar {
namespace {

template <typename Stored>
float largest_of(const PoolingF32Args<Stored>& args, const Stored* in) {
  float largest = load(*in);
  for (std::size_t y = 0; y < args.rows; ++y) {
    for (std::size_t x = 0; x < args.columns; ++x) {
      const float value = load(in[y * args.row_stride + x * args.column_stride]);
      largest = largest > value ? largest : value;
    }
  }
  return largest;
}

template <typename Stored>
float mean_of(const PoolingF32Args<Stored>& args, const Stored* in) {
  float total = 0;
  for (std::size_t y = 0; y < args.rows; ++y) {
    float sum = 0;
    for (std::size_t x = 0; x < args.columns; ++x)
      sum += load(in[y * args.row_stride + x * args.column_stride]);
    total += sum;
  }
  return total * args.scale;
}

template <typename Stored, typename Join>
void pool(const PoolingF32Args<Stored>& args, const Join& join) {
  for (std::size_t i = 0; i < args.pixels; ++i) {
    for (std::size_t c = 0; c < args.channels; ++c) {
      args.out[i * args.out_step + c] =
          store<Stored>(join(args, args.in + i * args.pixel_step + c));
    }
  }
}

}  // namespace

void max_pool_f32(const PoolingF32Args<float>& args) { pool(args, largest_of<float>); }
void max_pool_f32(const PoolingF32Args<BFloat16>& args) { pool(args, largest_of<BFloat16>); }
void average_pool_f32(const PoolingF32Args<float>& args) { pool(args, mean_of<float>); }
void average_pool_f32(const PoolingF32Args<BFloat16>& args) { pool(args, mean_of<BFloat16>); }

}  // namespace lathe::kernels::scalar
