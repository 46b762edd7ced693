#include "kernels/read_bandwidth.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <sys/mman.h>

#include "base/thread_pool.h"
#include "kernels/best_rate.h"
#include "kernels/peak/args.h"
#include "kernels/pick.h"

namespace lathe::kernels {
namespace {

struct ReadKernel {
  Isa isa;
  std::uint64_t (*function)(const void*, std::size_t);
};

constexpr ReadKernel kKernels[] = {
#define LATHE_PEAK_READ(isa, function) {Isa::isa, function},
#include "kernels/peak/kernels.inc"
};

// A multiple of what the kernels read at a time, and of every size of a page.
constexpr std::size_t kBlock = 65536;

struct Unmap {
  std::size_t bytes = 0;
  void operator()(std::byte* data) const { ::munmap(data, bytes); }
};
using Buffer = std::unique_ptr<std::byte, Unmap>;

Result<Buffer> map(std::size_t bytes) {
  void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) {
    return error(ErrorCode::kResourceExhausted, "a buffer of {} bytes cannot be had: {}", bytes,
                 std::strerror(errno));
  }
  // Fewer entries for the TLB to miss; nothing is lost where the kernel does not do it.
  ::madvise(data, bytes, MADV_HUGEPAGE);
  return Buffer(static_cast<std::byte*>(data), Unmap{bytes});
}

}  // namespace

Result<std::vector<ReadBandwidth>> measure_read_bandwidth(Isa isa, std::int64_t buffer_bytes,
                                                          std::span<const int> threads,
                                                          double seconds) {
  const ReadKernel& kernel = pick(std::span<const ReadKernel>(kKernels), isa);
  const std::int64_t blocks =
      std::max<std::int64_t>(1, buffer_bytes / static_cast<std::int64_t>(kBlock));
  const std::size_t bytes = static_cast<std::size_t>(blocks) * kBlock;
  ASSIGN_OR_RETURN(const Buffer buffer, map(bytes));
  std::vector<ReadBandwidth> results;
  bool written = false;
  for (const int count : threads) {
    ThreadPool pool(count);
    if (!written) {
      // A page that was never written is the one page of zeros, and that stays in the cache.
      pool.parallel_for(blocks, [&](std::int64_t begin, std::int64_t end) {
        std::memset(buffer.get() + static_cast<std::size_t>(begin) * kBlock, 1,
                    static_cast<std::size_t>(end - begin) * kBlock);
      });
      written = true;
    }
    std::atomic<std::uint64_t> sink = 0;
    const double rate = best_rate(seconds, static_cast<double>(bytes), [&] {
      pool.parallel_for(blocks, [&](std::int64_t begin, std::int64_t end) {
        sink += kernel.function(buffer.get() + static_cast<std::size_t>(begin) * kBlock,
                                static_cast<std::size_t>(end - begin) * kBlock);
      });
    });
    results.push_back({pool.threads(), rate});
  }
  return results;
}

}  // namespace lathe::kernels
