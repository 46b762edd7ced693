#include "kernels/transpose/args.h"

namespace lathe::kernels::scalar {
namespace {

template <typename T>
void transpose_elements(const TransposeArgs& args) {
  const auto* in = static_cast<const T*>(args.in);
  auto* out = static_cast<T*>(args.out);
  for (std::int64_t i = 0; i < args.rows; ++i) {
    for (std::int64_t j = 0; j < args.columns; ++j)
      out[i * args.out_stride + j] = in[j * args.in_stride + i];
  }
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

}  // namespace lathe::kernels::scalar
