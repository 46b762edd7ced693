#include "kernels/read_bandwidth.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
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

// Writes to every page, since one that was never written is the one page of zeros, which stays in
// the cache. Returns the blocks that this was done for in time, one step's at least.
std::int64_t fill(std::byte* data, std::int64_t blocks, double seconds, ThreadPool& pool) {
  using Clock = std::chrono::steady_clock;
  constexpr std::int64_t kStep = 256;
  constexpr std::size_t kPage = 4096;
  const Clock::time_point start = Clock::now();
  std::int64_t filled = 0;
  do {
    const std::int64_t step = std::min(kStep, blocks - filled);
    pool.parallel_for(step, [&](std::int64_t begin, std::int64_t end) {
      std::byte* last = data + static_cast<std::size_t>(filled + end) * kBlock;
      for (std::byte* page = data + static_cast<std::size_t>(filled + begin) * kBlock; page < last;
           page += kPage) {
        *page = std::byte{1};
      }
    });
    filled += step;
  } while (filled < blocks &&
           std::chrono::duration<double>(Clock::now() - start).count() < seconds);
  return filled;
}

}  // namespace

Result<ReadBandwidth> measure_read_bandwidth(Isa isa, std::int64_t buffer_bytes,
                                             std::span<const int> threads, double fill_seconds,
                                             double seconds) {
  const ReadKernel& kernel = pick(kKernels, isa);
  std::int64_t blocks = std::max<std::int64_t>(1, buffer_bytes / static_cast<std::int64_t>(kBlock));
  ASSIGN_OR_RETURN(const Buffer buffer, map(static_cast<std::size_t>(blocks) * kBlock));
  ReadBandwidth result;
  for (const int count : threads) {
    ThreadPool pool(count);
    if (result.buffer_bytes == 0) {
      blocks = fill(buffer.get(), blocks, fill_seconds, pool);
      result.buffer_bytes = blocks * static_cast<std::int64_t>(kBlock);
    }
    std::atomic<std::uint64_t> sink = 0;
    const double rate = best_rate(seconds, static_cast<double>(result.buffer_bytes), [&] {
      pool.parallel_for(blocks, [&](std::int64_t begin, std::int64_t end) {
        sink += kernel.function(buffer.get() + static_cast<std::size_t>(begin) * kBlock,
                                static_cast<std::size_t>(end - begin) * kBlock);
      });
    });
    result.rates.push_back({pool.threads(), rate});
  }
  return result;
}

Result<double> measure_cache_bandwidth(Isa isa, std::int64_t bytes_each, int threads,
                                       double seconds) {
  constexpr std::int64_t kPage = 4096;
  constexpr std::int64_t kStretch = 4 << 20;  // so that waiting for each other takes little
  const ReadKernel& kernel = pick(kKernels, isa);
  const std::int64_t bytes = std::max<std::int64_t>(1, bytes_each / kPage) * kPage;
  const std::int64_t passes = std::max<std::int64_t>(1, kStretch / bytes);
  ThreadPool pool(threads);
  const auto all = static_cast<std::size_t>(bytes * pool.threads());
  ASSIGN_OR_RETURN(const Buffer buffer, map(all));
  std::memset(buffer.get(), 1, all);
  std::atomic<std::uint64_t> sink = 0;
  return best_rate(seconds, static_cast<double>(bytes * passes * pool.threads()), [&] {
    pool.parallel_for(pool.threads(), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin * passes; i < end * passes; ++i)
        sink += kernel.function(buffer.get() + i / passes * bytes, static_cast<std::size_t>(bytes));
    });
  });
}

}  // namespace lathe::kernels
