#include "kernels/strided.h"

#include <algorithm>
#include <cstring>

#include "base/checked_math.h"
#include "base/result.h"

namespace lathe::kernels {

void merge_axes(std::vector<std::int64_t>& extents, std::vector<std::int64_t>& strides,
                std::size_t operands) {
  const std::size_t rank = extents.size();
  LATHE_CHECK(strides.size() == operands * rank);
  struct Axis {
    std::int64_t extent;
    std::vector<std::int64_t> strides;
  };
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < rank; ++i) {
    if (extents[i] == 1) continue;
    Axis axis{extents[i], {}};
    for (std::size_t operand = 0; operand < operands; ++operand)
      axis.strides.push_back(strides[operand * rank + i]);
    const bool merges = !axes.empty() && std::equal(axis.strides.begin(), axis.strides.end(),
                                                    axes.back().strides.begin(),
                                                    [&](std::int64_t inner, std::int64_t outer) {
                                                      return outer == inner * axis.extent;
                                                    });
    if (merges) axis.extent *= axes.back().extent;
    if (merges) axes.pop_back();
    axes.push_back(std::move(axis));
  }
  if (axes.empty()) axes.push_back({1, std::vector<std::int64_t>(operands, 0)});
  extents.clear();
  strides.assign(operands * axes.size(), 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    extents.push_back(axes[i].extent);
    for (std::size_t operand = 0; operand < operands; ++operand)
      strides[operand * axes.size() + i] = axes[i].strides[operand];
  }
}

std::optional<std::int64_t> elements_reached(std::span<const std::int64_t> extents,
                                             std::span<const std::int64_t> strides,
                                             std::int64_t offset) {
  std::optional<std::int64_t> first = offset;
  std::optional<std::int64_t> last = offset;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    if (extents[i] == 0) return 0;
    std::int64_t reach = 0;
    if (__builtin_mul_overflow(extents[i] - 1, strides[i], &reach)) return std::nullopt;
    std::optional<std::int64_t>& end = reach < 0 ? first : last;
    end = checked_sum(*end, reach);
    if (!end) return std::nullopt;
  }
  return *first < 0 ? std::nullopt : checked_sum(*last, 1);
}

StridedReader::StridedReader(const void* data, std::span<const std::int64_t> extents,
                             std::span<const std::int64_t> strides, std::int64_t element_bytes)
    : data_(static_cast<const std::byte*>(data)),
      extents_(extents),
      strides_(strides),
      element_bytes_(element_bytes) {
  LATHE_CHECK(!extents.empty() && extents.size() <= kMostAxes);
  LATHE_CHECK(strides.size() == extents.size());
}

// Run by run along the last axis.
template <typename T>
void StridedReader::copy(std::array<std::int64_t, kMostAxes> index, std::int64_t at,
                         std::int64_t count, T* out) const {
  const auto* data = reinterpret_cast<const T*>(data_);
  const std::size_t last = extents_.size() - 1;
  const std::int64_t stride = strides_[last];
  for (;;) {
    const std::int64_t run = std::min(count, extents_[last] - index[last]);
    const T* from = data + at;
    if (stride == 0) {
      const T value = *from;
      for (std::int64_t i = 0; i < run; ++i) out[i] = value;
    } else if (stride == 1) {
      if (run < 16) {
        for (std::int64_t i = 0; i < run; ++i) out[i] = from[i];
      } else {
        std::memcpy(out, from, static_cast<std::size_t>(run) * sizeof(T));
      }
    } else {
      for (std::int64_t i = 0; i < run; ++i) out[i] = from[i * stride];
    }
    out += run;
    count -= run;
    if (count == 0) return;
    at -= index[last] * stride;
    index[last] = 0;
    for (std::size_t axis = last; axis-- > 0;) {
      at += strides_[axis];
      if (++index[axis] < extents_[axis]) break;
      at -= extents_[axis] * strides_[axis];
      index[axis] = 0;
    }
  }
}

const void* StridedReader::read(std::int64_t begin, std::int64_t count, void* buffer) const {
  std::array<std::int64_t, kMostAxes> index{};
  const std::size_t last = extents_.size() - 1;
  std::int64_t at = 0;
  std::int64_t rest = begin;
  for (std::size_t axis = last + 1; axis-- > 1;) {
    index[axis] = rest % extents_[axis];
    rest /= extents_[axis];
    at += index[axis] * strides_[axis];
  }
  index[0] = rest;
  at += rest * strides_[0];
  if (strides_[last] == 1 && index[last] + count <= extents_[last])
    return data_ + at * element_bytes_;
  switch (element_bytes_) {
    case 1:
      copy(index, at, count, static_cast<std::uint8_t*>(buffer));
      break;
    case 2:
      copy(index, at, count, static_cast<std::uint16_t*>(buffer));
      break;
    case 4:
      copy(index, at, count, static_cast<std::uint32_t*>(buffer));
      break;
    default:
      copy(index, at, count, static_cast<std::uint64_t*>(buffer));
  }
  return buffer;
}

}  // namespace lathe::kernels
