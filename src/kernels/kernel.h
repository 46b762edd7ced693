// The kernels as a table: what each needs of the machine, which problems it takes, and how it is
// called. Everything that is computed fast is a row here.
//
//   const KernelId id = best_kernel(problem, isa);
//   const Kernel& kernel = kernel_of(id);
//   AlignedBuffer<std::byte> packed(kernel.packed_bytes(problem));
//   kernel.pack(problem, WeightsF32{weights, bias}, packed.data(), pool);
//   kernel.run(problem, {inputs, outputs, packed.data(), scratch, pool});
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/cpu.h"
#include "base/thread_pool.h"
#include "kernels/problem.h"

namespace lathe::kernels {

// The weights of a ConvolutionF32Problem: [out_c, in_c / groups, kernel_h, kernel_w], and out_c
// biases or none.
struct WeightsF32 {
  std::span<const float> weights;
  std::span<const float> bias;
};

// Of a ConvolutionInt8Problem: the same in int8 with int32 biases, and out_c multipliers.
struct WeightsInt8 {
  std::span<const std::int8_t> weights;
  std::span<const std::int32_t> bias;
  std::span<const float> multipliers;
};

using Weights = std::variant<WeightsF32, WeightsInt8>;

// Of what Kernel::pack makes, for files that keep it. Another one wherever that changes for any
// kernel; kernel_table_test.cc notices.
inline constexpr int kPackingVersion = 2;

// Where one call finds its tensors. Nothing of them overlaps unless the problem allows it.
struct Operands {
  const void* const* inputs;
  void* const* outputs;
  const std::byte* weights;  // as packed, aligned to kBufferAlignment; null where there are none
  void* scratch;             // aligned to kBufferAlignment; null where none is needed
  ThreadPool& pool;
};

// Any number of threads may call a kernel at once. Results do not depend on the pool's threads.
struct Kernel {
  Isa isa;                // which the machine must have
  std::string_view name;  // e.g. "igemm_f32_12x32_avx512"
  // For a problem with weights, whatever its batch and the extents of its images.
  bool (*fits)(const Problem&);
  // Expected on one thread, to tell kernels of one problem apart; null where the table's order
  // does.
  double (*nanoseconds)(const Problem&);

  // The weights as this kernel reads them; null where the problem has none. They do not depend on
  // the batch or on the extents of images, only on channels, kernel extents and quantization. The
  // values are the caller's to check; counts that do not fit the problem stop the program. `packed`
  // comes zeroed, aligned to kBufferAlignment.
  std::size_t (*packed_bytes)(const Problem&);
  void (*pack)(const Problem&, const Weights&, std::byte* packed, ThreadPool&);

  // For a pool of so many threads; null where none is needed.
  std::size_t (*scratch_bytes)(const Problem&, int threads);
  // Fails where values of the operands make no sense: an index out of range, a division by zero.
  Status (*run)(const Problem&, const Operands&);
  // What it makes of some rows of an image (kernels/row_window.h), of fewer output pixels in all
  // than this, may differ in its last bits from what it makes of them among others.
  std::int64_t least_pixels = 0;
};

// A row of all_kernels().
using KernelId = int;

// Families one after the other, each with its best kernel first. The same on every machine of an
// architecture.
std::span<const Kernel> all_kernels();
inline const Kernel& kernel_of(KernelId id) { return all_kernels()[static_cast<std::size_t>(id)]; }
std::optional<KernelId> find_kernel(std::string_view name);

// What a kernel expects to take, 0 where its family makes no estimate.
double expected_nanoseconds(KernelId id, const Problem& problem);

// The kernels that take the problem and need no more than `isa`, the one expected to be the fastest
// first. Never empty: each problem has a kernel that runs everywhere.
std::vector<KernelId> candidates(const Problem& problem, Isa isa);
KernelId best_kernel(const Problem& problem, Isa isa);

}  // namespace lathe::kernels
