// The AMX kernels and what stands around its calls, on tiles or, for tests, emulated.
#pragma once

#include "kernels/igemm/tile.h"

#ifdef LATHE_EMULATED_TILES
#define LATHE_AMX_FUNCTION(name) name##_emulated
#else
#define LATHE_AMX_FUNCTION(name) name##_amx
#endif

namespace lathe::kernels {

void igemm_s8_32x32_amx(const TileArgs& args);
void igemm_bf16_32x32_amx(const TileArgs& args);
// Before the first and after the last call of a thread.
void configure_tiles_amx();
void release_tiles_amx();

void igemm_s8_32x32_emulated(const TileArgs& args);
void igemm_bf16_32x32_emulated(const TileArgs& args);
void configure_tiles_emulated();
void release_tiles_emulated();

}  // namespace lathe::kernels
