// Memory for tensors and packed weights.
#pragma once

#include <cstddef>
#include <memory>

namespace lathe {

// Zeros, aligned to 64 bytes, a cache line and the widest vector register. Much memory consists of
// pages of its own: nobody writes zeros into what is overwritten anyway, and the system has it back
// at once when it is freed. Null for no bytes, and where the system has no memory left.
void* allocate_zeroed(std::size_t bytes);
// `bytes` as they were asked for.
void free_zeroed(void* memory, std::size_t bytes);

struct FreeZeroed {
  std::size_t bytes = 0;
  void operator()(void* memory) const { free_zeroed(memory, bytes); }
};

}  // namespace lathe
