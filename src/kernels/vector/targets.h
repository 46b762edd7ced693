// The targets of Highway (https://github.com/google/highway) that vector kernels are compiled for,
// one source for all of them. Such a file is
//
//   #include "kernels/vector/targets.h"
//   #define HWY_TARGET_INCLUDE "kernels/family/loops.cc"
//   #include <hwy/foreach_target.h>  // includes the file once more for each target
//   #include "kernels/vector/vector-inl.h"
//
// and then functions in namespace lathe::kernels::HWY_NAMESPACE, which args.h of its family
// declares by LATHE_VECTOR_TARGETS and its table lists with the instruction set that each needs.
#pragma once

// Whatever the compiler may use without being asked.
#define HWY_COMPILE_ALL_ATTAINABLE
// Highway always adds a target that needs no instructions, which no table lists: this has all
// operations, so that the files compile. GCC 12 is known to break what they compute there.
#define HWY_BROKEN_EMU128 0
#if defined(__x86_64__)
// AVX3 is Highway's name of AVX-512 F, BW, DQ, VL and CD. What comes before AVX2 is not worth it.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#define LATHE_VECTOR_TARGETS(declare) declare(N_AVX2) declare(N_AVX3)
#elif defined(__aarch64__)
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#define LATHE_VECTOR_TARGETS(declare) declare(N_NEON)
#else
#define LATHE_VECTOR_TARGETS(declare)
#endif
