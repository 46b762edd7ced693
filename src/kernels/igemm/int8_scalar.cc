// The reference: plain loops for every machine.
#include <cstring>

#include "kernels/igemm/tile.h"
#include "kernels/requantize.h"

namespace lathe::kernels {
namespace {

constexpr std::size_t kMaxRows = 4;

template <std::size_t kWidth>
void tile(const TileArgs& args) {
  std::uint32_t sums[kMaxRows][kWidth];
  float multipliers[kWidth];
  const std::byte* panel = args.panel;
  const auto rows = static_cast<std::size_t>(args.row_count);
  for (std::size_t r = 0; r < rows; ++r) std::memcpy(sums[r], panel, sizeof sums[r]);
  if (args.row_offsets != nullptr) {
    for (std::size_t r = 0; r < rows; ++r)
      for (std::uint32_t& sum : sums[r]) sum += static_cast<std::uint32_t>(args.row_offsets[r]);
  }
  panel += sizeof sums[0];
  std::memcpy(multipliers, panel, sizeof multipliers);
  const auto* weights = reinterpret_cast<const std::int8_t*>(panel + sizeof multipliers);

  for (std::size_t t = 0; t < args.taps; ++t) {
    for (std::size_t k = 0; k < args.depth; k += 4, weights += kWidth * 4) {
      for (std::size_t r = 0; r < rows; ++r) {
        const auto* x = reinterpret_cast<const std::uint8_t*>(args.rows[t * args.row_pitch + r] +
                                                              args.offset + k);
        for (std::size_t c = 0; c < kWidth; ++c) {
          const std::int8_t* w = weights + c * 4;
          sums[r][c] +=
              static_cast<std::uint32_t>(x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[3] * w[3]);
        }
      }
    }
  }

  for (std::size_t r = 0; r < rows; ++r) {
    std::byte* out = args.out + r * args.out_stride;
    for (std::size_t c = 0; c < static_cast<std::size_t>(args.column_count); ++c) {
      const float scaled =
          static_cast<float>(static_cast<std::int32_t>(sums[r][c])) * multipliers[c];
      if (args.float_output) {
        std::memcpy(out + c * sizeof scaled, &scaled, sizeof scaled);
      } else {
        out[c] = static_cast<std::byte>(requantize(scaled, args.requantize));
      }
    }
  }
}

}  // namespace

void igemm_s8_4x8_scalar(const TileArgs& args) { args.half ? tile<4>(args) : tile<8>(args); }

}  // namespace lathe::kernels
