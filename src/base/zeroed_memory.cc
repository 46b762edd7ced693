#include "base/zeroed_memory.h"

#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

namespace lathe {
namespace {

constexpr std::size_t kAlignment = 64;
// From here on a call of the system costs less than the zeros.
constexpr std::size_t kMuch = std::size_t{1} << 18;

}  // namespace

void* allocate_zeroed(std::size_t bytes) {
  if (bytes == 0) return nullptr;
  if (bytes >= kMuch) {
    void* memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? nullptr : memory;
  }
  const std::size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* memory = std::aligned_alloc(kAlignment, rounded);
  if (memory != nullptr) std::memset(memory, 0, rounded);
  return memory;
}

void free_zeroed(void* memory, std::size_t bytes) {
  if (memory == nullptr) return;
  if (bytes >= kMuch) {
    ::munmap(memory, bytes);
  } else {
    std::free(memory);
  }
}

}  // namespace lathe
