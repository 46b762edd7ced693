// The AMX kernel without AMX, for tests.
#define LATHE_EMULATED_TILES
#include "kernels/igemm/amx.cc"
