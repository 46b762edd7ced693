// Operands that lie by strides along the extents of what is made of them: broadcast, sliced,
// permuted. Strides are in elements; 0 repeats an element, and they may be negative.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lathe::kernels {

// More axes than this, once neighbours are merged, no kernel takes.
inline constexpr std::size_t kMostAxes = 8;

// Leaves out axes of extent 1 and merges neighbours that all operands run through as through one:
// the same elements in the same order with fewer loops. `strides` has those of one operand behind
// the other; what is left has at least one axis, of 1 element where there was none.
void merge_axes(std::vector<std::int64_t>& extents, std::vector<std::int64_t>& strides,
                std::size_t operands = 1);

// One more than the last element that such an operand reaches from `offset` on; nothing where it
// reaches below 0, or beyond what can be counted.
std::optional<std::int64_t> elements_reached(std::span<const std::int64_t> extents,
                                             std::span<const std::int64_t> strides,
                                             std::int64_t offset = 0);

// Reads an operand in the order of the extents, piece by piece.
class StridedReader {
 public:
  // At most kMostAxes axes, elements of 1, 2, 4 or 8 bytes.
  StridedReader(const void* data, std::span<const std::int64_t> extents,
                std::span<const std::int64_t> strides, std::int64_t element_bytes);

  // The `count` > 0 elements from element `begin` on, behind each other: where they lie, or in
  // `buffer`.
  const void* read(std::int64_t begin, std::int64_t count, void* buffer) const;

 private:
  template <typename T>
  void copy(std::array<std::int64_t, kMostAxes> index, std::int64_t at, std::int64_t count,
            T* out) const;

  const std::byte* data_;
  std::span<const std::int64_t> extents_;
  std::span<const std::int64_t> strides_;
  std::int64_t element_bytes_;
};

}  // namespace lathe::kernels
