// One problem on memory of its own, for tests and benchmarks.
#pragma once

#include <initializer_list>
#include <utility>

#include "kernels/aligned_buffer.h"
#include "kernels/kernel.h"

namespace lathe::kernels {

// For one thread at a time.
class Runner {
 public:
  // The best kernel for `isa`, which the machine must have.
  Runner(Problem problem, Isa isa)
      : problem_(std::move(problem)), kernel_(&kernel_of(best_kernel(problem_, isa))) {}
  Runner(const Problem& problem, const Weights& weights, Isa isa)
      : Runner(problem, weights, best_kernel(problem, isa)) {}
  // This one, which takes the problem and runs here.
  Runner(Problem problem, const Weights& weights, KernelId kernel)
      : problem_(std::move(problem)), kernel_(&kernel_of(kernel)) {
    packed_ = AlignedBuffer<std::byte>(kernel_->packed_bytes(problem_));
    ThreadPool pool(1);
    kernel_->pack(problem_, weights, packed_.data(), pool);
  }

  [[nodiscard]] const Kernel& kernel() const { return *kernel_; }
  [[nodiscard]] std::size_t packed_bytes() const { return packed_.size(); }
  [[nodiscard]] std::size_t scratch_bytes(int threads) const {
    return kernel_->scratch_bytes == nullptr ? 0 : kernel_->scratch_bytes(problem_, threads);
  }

  void run(std::initializer_list<const void*> inputs, void* output, ThreadPool& pool) {
    const std::size_t needed = scratch_bytes(pool.threads());
    if (scratch_.size() < needed) scratch_ = AlignedBuffer<std::byte>(needed);
    run(inputs, output, pool, scratch_.data());
  }
  void run(std::initializer_list<const void*> inputs, void* output, ThreadPool& pool,
           void* scratch) const {
    LATHE_CHECK(
        kernel_->run(problem_, {inputs.begin(), &output, packed_.data(), scratch, pool}).ok());
  }

 private:
  Problem problem_;
  const Kernel* kernel_;
  AlignedBuffer<std::byte> packed_;
  AlignedBuffer<std::byte> scratch_;
};

}  // namespace lathe::kernels
