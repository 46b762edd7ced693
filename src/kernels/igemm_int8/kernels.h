// The integer matrix multiplication kernels of kernels.inc as a table: a tile of output pixels
// times a panel of output channels, read through row pointers. What each offers.
#pragma once

#include <cstdint>

#include "base/cpu.h"
#include "kernels/igemm_int8/amx.h"
#include "kernels/igemm_int8/args.h"

namespace lathe::kernels {

struct IgemmInt8Kernel {
  Isa isa;
  const char* name;
  void (*function)(const IgemmInt8Args&);
  int mr;  // output pixels of a tile, at most
  int nr;  // output channels of a full panel; a half panel has half of them
  // Channels in one vector register where full panels pair two of them lane by lane, so that
  // packing to bytes brings the channels back in order; 0 where channels are in order.
  int paired_lanes;
  // Each quad of input channels is stored as (0, 2) of all output channels, then (1, 3): the order
  // in which 16-bit multiply-adds consume them. Otherwise the four are contiguous.
  bool split_pairs;
  int depth_unit = 4;  // rows of weights are padded with zeros to a multiple of so many inputs
  // Kernels of AMX: what a thread calls before its first tile and after its last one. They have
  // one tap, and read mr rows at args.row_stride from the first, with depth_unit inputs at a time,
  // whether or not the tile has as many.
  void (*begin)() = nullptr;
  void (*end)() = nullptr;
};

inline constexpr IgemmInt8Kernel kIgemmInt8Kernels[] = {
#define LATHE_IGEMM_INT8_KERNEL(isa, function, ...) {Isa::isa, #function, function, __VA_ARGS__},
#include "kernels/igemm_int8/kernels.inc"
#undef LATHE_IGEMM_INT8_KERNEL
};

}  // namespace lathe::kernels
