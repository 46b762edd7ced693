// Softmax over the last dimension, float32.
#pragma once

#include <cstdint>

#include "base/cpu.h"
#include "base/thread_pool.h"

namespace lathe::kernels {

struct SoftmaxF32Kernel;

// Immutable; may run on several threads at once. The output does not depend on the pool's threads.
class SoftmaxF32 {
 public:
  enum class Kind { kSoftmax, kLogSoftmax };

  // Takes the best kernel for `isa` or less, which the machine must support.
  SoftmaxF32(Kind kind, Isa isa);

  // On [rows, columns], columns > 0. The largest of each row is subtracted first, so that nothing
  // overflows. `out` may be `in`. A row with NaN or +infinity, or of -infinity alone, becomes NaN.
  void run(const float* in, float* out, std::int64_t rows, std::int64_t columns,
           ThreadPool& pool) const;

 private:
  Kind kind_;
  const SoftmaxF32Kernel* kernel_;
};

}  // namespace lathe::kernels
