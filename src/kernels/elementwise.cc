#include "kernels/elementwise.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>

#include "kernels/parallel_lines.h"
#include "kernels/strided.h"

namespace lathe::kernels {
namespace {

// Elements that operands are gathered by: all of them, at 8 bytes, stay in the L1 cache.
constexpr std::int64_t kPiece = 512;

// Nanoseconds an element on one thread: what is called for each, or the streams of memory.
double cost_of(ElementwiseOp op, std::int64_t bytes) {
  if (is_of_floats(op)) return 10;
  return expected_stream_nanoseconds(bytes);
}

bool has_zero(const std::byte* elements, std::int64_t count, std::int64_t element_bytes) {
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint64_t element = 0;
    std::memcpy(&element, elements + i * element_bytes, static_cast<std::size_t>(element_bytes));
    if (element == 0) return true;
  }
  return false;
}

}  // namespace

Status Elementwise::run(const Problem& problem, const Row& row, const Operands& operands) {
  const std::size_t rank = problem.extents.size();
  const std::size_t count = operand_count(problem.op);
  const bool divides_integers =
      problem.op == ElementwiseOp::kDiv && !is_floating_point(problem.type);
  std::optional<StridedReader> readers[3];
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t element = element_bytes(operand_type(problem, i));
    readers[i].emplace(operands.inputs[i], problem.extents,
                       std::span(problem.strides).subspan(i * rank, rank), element);
    bytes += element;
  }
  const std::int64_t out_bytes = element_bytes(result_type(problem.op, problem.type));
  auto* out = static_cast<std::byte*>(operands.outputs[0]);
  std::int64_t elements = 1;
  for (const std::int64_t extent : problem.extents) elements *= extent;
  std::atomic<bool> divides_by_zero = false;
  parallel_lines(
      operands.pool, elements,
      cost_of(problem.op, bytes + out_bytes) * static_cast<double>(elements),
      [&](std::int64_t begin, std::int64_t end) {
        alignas(64) std::byte buffers[3][kPiece * 8];
        for (std::int64_t at = begin; at < end; at += kPiece) {
          const std::int64_t piece = std::min(kPiece, end - at);
          ElementwiseArgs args{
              problem.op, problem.type, {}, out + at * out_bytes, static_cast<std::size_t>(piece)};
          for (std::size_t i = 0; i < count; ++i)
            args.inputs[i] = readers[i]->read(at, piece, buffers[i]);
          if (divides_integers && has_zero(static_cast<const std::byte*>(args.inputs[1]), piece,
                                           element_bytes(problem.type))) {
            divides_by_zero = true;
            return;
          }
          row.function(args);
        }
      });
  return divides_by_zero ? invalid_data("integer division by zero") : Status();
}

}  // namespace lathe::kernels
