// Where the vectors of attention heads lie in a tensor.
#pragma once

#include <cstdint>
#include <span>

#include "ops/named_extents.h"
#include "ops/shape_math.h"

namespace lathe::ops {

// Heads apart, [batch, heads, sequence, size], or packed, [batch, sequence, heads * size].
struct HeadLayout {
  std::int64_t batches = 0;
  std::int64_t heads = 0;
  std::int64_t sequence = 0;
  std::int64_t size = 0;  // elements of one vector

  // Of a tensor of rank 4, or of rank 3 that packs `packed_heads` > 0.
  HeadLayout(const Dims& dims, std::int64_t packed_heads) : batches(dims[0]) {
    const bool packed = dims.size() == 3;
    heads = packed ? packed_heads : dims[1];
    sequence = packed ? dims[1] : dims[2];
    size = packed ? dims[2] / packed_heads : dims[3];
    batch_stride_ = heads * sequence * size;
    head_stride_ = packed ? size : sequence * size;
    step_stride_ = packed ? heads * size : size;
  }

  // The vector of one head at one place of its sequence.
  template <typename T>
  [[nodiscard]] std::span<T> vector(std::span<T> elements, std::int64_t batch, std::int64_t head,
                                    std::int64_t step) const {
    const std::int64_t first = batch * batch_stride_ + head * head_stride_ + step * step_stride_;
    return elements.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(size));
  }

 private:
  std::int64_t batch_stride_;
  std::int64_t head_stride_;
  std::int64_t step_stride_;
};

// The extent `packed` as that of `heads` vectors, which is given the name `single`: an error where
// it is no multiple.
inline Status split_heads(NamedExtents& extents, std::string_view packed, std::int64_t heads,
                          const std::string& single) {
  const ir::Dim extent = extents[packed];
  if (extent.known() && extent.value() % heads != 0)
    return invalid_data("{} is {}, expected a multiple of {} heads", packed, extent.value(), heads);
  extents.set(single, ir::Dim(floor_div(extent.symbolic(), heads)));
  return {};
}

// The extent that packs so many heads of one size.
inline Result<ir::Dim> join_heads(const ir::Dim& heads, const ir::Dim& size) {
  const ir::Dim joined(heads.symbolic() * size.symbolic());
  if (joined.known() || !heads.known() || !size.known()) return joined;
  return invalid_data("{} heads of {} elements are too many", heads.value(), size.value());
}

// An attribute that counts heads.
inline Result<std::int64_t> head_count(const Attributes& attributes, std::string_view name) {
  const std::int64_t* count = attributes.find_int(name);
  if (count == nullptr) return invalid_data("{} is missing, which inputs of rank 3 need", name);
  // More could not be multiplied with a vector's size.
  constexpr std::int64_t kMostHeads = std::int64_t{1} << 31;
  if (*count >= 1 && *count <= kMostHeads) return *count;
  return invalid_data("{} is {}", name, *count);
}

// Refuses heads of queries that cannot share those of keys and values evenly.
inline Status check_shared_heads(const ir::Dim& queries, const ir::Dim& keys) {
  if (!queries.known() || !keys.known()) return {};
  if (keys.value() > 0 && queries.value() % keys.value() == 0) return {};
  return invalid_data("there are {} heads of queries, expected a multiple of the {} of keys",
                      queries.value(), keys.value());
}

}  // namespace lathe::ops
