#include "kernels/movement.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "kernels/parallel_lines.h"
#include "kernels/strided.h"
#include "kernels/transpose.h"

namespace lathe::kernels {
namespace {

// `count` times the element at `value`.
void fill(std::byte* out, const std::byte* value, std::int64_t count, std::int64_t element_bytes) {
  if (element_bytes == 1) {
    std::memset(out, static_cast<int>(*value), static_cast<std::size_t>(count));
    return;
  }
  for (std::int64_t i = 0; i < count; ++i)
    std::memcpy(out + i * element_bytes, value, static_cast<std::size_t>(element_bytes));
}

// The element of the input that stands at `at`, counted from its first; negative where none does.
std::int64_t source_of(std::int64_t at, std::int64_t extent, PadMode mode) {
  if (at >= 0 && at < extent) return at;
  switch (mode) {
    case PadMode::kConstant:
      return -1;
    case PadMode::kEdge:
      return at < 0 ? 0 : extent - 1;
    case PadMode::kReflect:
      return at < 0 ? -at : 2 * (extent - 1) - at;
    case PadMode::kWrap:
      return (at % extent + extent) % extent;
  }
  return -1;
}

// Lines of the last axis of a padded tensor.
class Padder {
 public:
  Padder(const PadProblem& problem, const Operands& operands)
      : problem_(problem),
        in_(static_cast<const std::byte*>(operands.inputs[0])),
        out_(static_cast<std::byte*>(operands.outputs[0])),
        last_(problem.dims.size() - 1) {
    if (problem.has_value)
      std::memcpy(value_, operands.inputs[1], static_cast<std::size_t>(problem.element_bytes));
  }

  [[nodiscard]] std::int64_t out_extent(std::size_t axis) const {
    return problem_.begins[axis] + problem_.dims[axis] + problem_.ends[axis];
  }

  void pad_line(std::int64_t line) const {
    std::int64_t rest = line;
    std::int64_t from = 0;
    std::int64_t stride = problem_.dims[last_];
    bool inside = true;
    for (std::size_t axis = last_; axis-- > 0;) {
      const std::int64_t at = rest % out_extent(axis) - problem_.begins[axis];
      rest /= out_extent(axis);
      const std::int64_t source = source_of(at, problem_.dims[axis], problem_.mode);
      inside = inside && source >= 0;
      from += source * stride;
      stride *= problem_.dims[axis];
    }
    const std::int64_t bytes = problem_.element_bytes;
    std::byte* out = out_ + line * out_extent(last_) * bytes;
    if (!inside) {
      fill(out, value_, out_extent(last_), bytes);
      return;
    }
    copy_line(in_ + from * bytes, out);
  }

 private:
  // What is of the line itself, and what stands before and behind it.
  void copy_line(const std::byte* in, std::byte* out) const {
    const std::int64_t bytes = problem_.element_bytes;
    const std::int64_t begin = problem_.begins[last_];
    const std::int64_t extent = out_extent(last_);
    const std::int64_t first = std::clamp<std::int64_t>(begin, 0, extent);
    const std::int64_t end = std::clamp<std::int64_t>(begin + problem_.dims[last_], first, extent);
    pad_elements(in, out, 0, first);
    if (end > first)
      std::memcpy(out + first * bytes, in + (first - begin) * bytes,
                  static_cast<std::size_t>((end - first) * bytes));
    pad_elements(in, out, end, extent);
  }

  void pad_elements(const std::byte* in, std::byte* out, std::int64_t begin,
                    std::int64_t end) const {
    const std::int64_t bytes = problem_.element_bytes;
    if (problem_.mode == PadMode::kConstant) {
      fill(out + begin * bytes, value_, end - begin, bytes);
      return;
    }
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t source =
          source_of(i - problem_.begins[last_], problem_.dims[last_], problem_.mode);
      std::memcpy(out + i * bytes, in + source * bytes, static_cast<std::size_t>(bytes));
    }
  }

  const PadProblem& problem_;
  const std::byte* in_;
  std::byte* out_;
  std::size_t last_;
  std::byte value_[8] = {};
};

// The place of index i, counted from the end where negative; negative where there is none.
template <typename Index>
std::int64_t place_of(const void* indices, std::int64_t i, std::int64_t extent) {
  const auto index = static_cast<std::int64_t>(static_cast<const Index*>(indices)[i]);
  const std::int64_t place = index < 0 ? index + extent : index;
  return place < extent ? place : -1;
}

std::int64_t place_of(const GatherProblem& problem, const void* indices, std::int64_t i) {
  return problem.index_type == ElementType::kInt32
             ? place_of<std::int32_t>(indices, i, problem.extent)
             : place_of<std::int64_t>(indices, i, problem.extent);
}

}  // namespace

void Permute::run(const Problem& problem, const Row& row, const Operands& operands) {
  permute(row, operands.inputs[0], operands.outputs[0], problem.dims, problem.permutation,
          static_cast<std::size_t>(problem.element_bytes), operands.pool);
}

void Concat::run(const Problem& problem, const Row&, const Operands& operands) {
  auto* to = static_cast<std::byte*>(operands.outputs[0]);
  for (std::int64_t o = 0; o < problem.outer; ++o) {
    for (std::size_t i = 0; i < problem.blocks.size(); ++i) {
      const std::int64_t bytes = problem.blocks[i];
      if (bytes == 0) continue;  // which may have no place
      std::memcpy(to, static_cast<const std::byte*>(operands.inputs[i]) + o * bytes,
                  static_cast<std::size_t>(bytes));
      to += bytes;
    }
  }
}

void StridedCopy::run(const Problem& problem, const Row&, const Operands& operands) {
  constexpr std::int64_t kPiece = 4096;
  const std::int64_t bytes = problem.element_bytes;
  const StridedReader reader(
      static_cast<const std::byte*>(operands.inputs[0]) + problem.offset * bytes, problem.extents,
      problem.strides, bytes);
  auto* out = static_cast<std::byte*>(operands.outputs[0]);
  std::int64_t count = 1;
  for (const std::int64_t extent : problem.extents) count *= extent;
  parallel_lines(operands.pool, count, expected_stream_nanoseconds(2 * bytes * count),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t at = begin; at < end; at += kPiece) {
                     const std::int64_t piece = std::min(kPiece, end - at);
                     std::byte* to = out + at * bytes;
                     const void* from = reader.read(at, piece, to);
                     if (from != to) std::memcpy(to, from, static_cast<std::size_t>(piece * bytes));
                   }
                 });
}

void Pad::run(const Problem& problem, const Row&, const Operands& operands) {
  const Padder padder(problem, operands);
  std::int64_t lines = 1;
  const std::size_t last = problem.dims.size() - 1;
  for (std::size_t axis = 0; axis < last; ++axis) lines *= padder.out_extent(axis);
  if (padder.out_extent(last) == 0) return;
  const std::int64_t bytes = lines * padder.out_extent(last) * problem.element_bytes;
  parallel_slots(operands.pool, lines, expected_stream_nanoseconds(2 * bytes),
                 [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                   for (std::int64_t line = begin; line < end; ++line) padder.pad_line(line);
                 });
}

Status Gather::run(const Problem& problem, const Row&, const Operands& operands) {
  const auto* in = static_cast<const std::byte*>(operands.inputs[0]);
  auto* out = static_cast<std::byte*>(operands.outputs[0]);
  const std::int64_t bytes = problem.inner_bytes;
  // One that is out of range, or the number of them.
  std::atomic<std::int64_t> wrong = problem.count;
  parallel_slots(
      operands.pool, problem.outer * problem.count,
      expected_stream_nanoseconds(2 * bytes * problem.outer * problem.count),
      [&](std::int64_t, std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const std::int64_t place = place_of(problem, operands.inputs[1], i % problem.count);
          if (place < 0) {
            wrong = i % problem.count;
            return;
          }
          const std::int64_t block = i / problem.count * problem.extent + place;
          std::memcpy(out + i * bytes, in + block * bytes, static_cast<std::size_t>(bytes));
        }
      });
  if (wrong == problem.count) return {};
  return invalid_data("indices[{}] is out of range: the axis has {} elements", wrong.load(),
                      problem.extent);
}

}  // namespace lathe::kernels
