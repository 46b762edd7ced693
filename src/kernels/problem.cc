#include "kernels/problem.h"

#include <algorithm>

namespace lathe::kernels {
namespace {

Status check(const ConvolutionShape& shape) {
  if (shape.valid()) return {};
  return invalid_data("the geometry of the convolution is not valid");
}

Status check(const PoolingShape& shape) {
  if (shape.valid()) return {};
  return invalid_data("the geometry of the pooling is not valid");
}

Status check_quantization(const QuantizedActivation& activation) {
  if (activation.valid()) return {};
  return invalid_data("zero point {} is out of the range of its type", activation.zero_point);
}

Status check_bounds(const QuantizedActivation& output, std::int32_t min, std::int32_t max) {
  RETURN_IF_ERROR(check_quantization(output));
  if (output.lowest() <= min && min <= max && max <= output.highest()) return {};
  return invalid_data("bounds {} and {} are out of order or of the range of their type", min, max);
}

Status check_extents(std::initializer_list<std::int64_t> extents) {
  if (std::all_of(extents.begin(), extents.end(), [](std::int64_t e) { return e >= 0; })) return {};
  return invalid_data("an extent is negative");
}

Status check(const ConvolutionF32Problem& problem) { return check(problem.shape); }

Status check(const ConvolutionInt8Problem& problem) {
  RETURN_IF_ERROR(check(problem.shape));
  RETURN_IF_ERROR(check_quantization(problem.input));
  return problem.float_output ? Status() : check_bounds(problem.output, problem.min, problem.max);
}

Status check(const BinaryF32Problem& problem) {
  return check_extents({problem.rows, problem.columns});
}

Status check(const UnaryF32Problem& problem) { return check_extents({problem.count}); }

Status check(const PoolingF32Problem& problem) { return check(problem.shape); }

Status check(const PoolingInt8Problem& problem) {
  RETURN_IF_ERROR(check(problem.shape));
  RETURN_IF_ERROR(check_quantization(problem.input));
  if (problem.kind == PoolingKind::kMax) return {};
  constexpr std::int64_t kMostPixels = 1 << 23;
  if (problem.shape.kernel_h > kMostPixels || problem.shape.kernel_w > kMostPixels ||
      problem.shape.kernel_h * problem.shape.kernel_w > kMostPixels)
    return invalid_data("a window has more than {} pixels", kMostPixels);
  return check_bounds(problem.output, problem.min, problem.max);
}

Status check(const AddInt8Problem& problem) {
  RETURN_IF_ERROR(check_quantization(problem.a));
  RETURN_IF_ERROR(check_quantization(problem.b));
  RETURN_IF_ERROR(check_extents({problem.count}));
  return check_bounds(problem.output, problem.min, problem.max);
}

Status check(const QuantizeLinearProblem& problem) {
  RETURN_IF_ERROR(check_extents({problem.count}));
  return check_quantization(problem.output);
}

Status check(const DequantizeLinearProblem& problem) {
  RETURN_IF_ERROR(check_extents({problem.count}));
  return check_quantization(problem.input);
}

Status check(const SoftmaxF32Problem& problem) {
  if (problem.columns < 1) return invalid_data("a row has no columns");
  return check_extents({problem.rows});
}

Status check(const PermuteProblem& problem) {
  std::vector<std::int64_t> axes = problem.permutation;
  std::sort(axes.begin(), axes.end());
  bool valid = axes.size() == problem.dims.size();
  for (std::size_t i = 0; valid && i < axes.size(); ++i)
    valid = axes[i] == static_cast<std::int64_t>(i) && problem.dims[i] >= 0;
  if (!valid) return invalid_data("the permutation is none of the extents");
  const std::int64_t bytes = problem.element_bytes;
  if (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8) return {};
  return invalid_data("elements of {} bytes", bytes);
}

Status check(const ConcatProblem& problem) {
  RETURN_IF_ERROR(check_extents({problem.outer}));
  for (const std::int64_t block : problem.blocks) RETURN_IF_ERROR(check_extents({block}));
  return {};
}

}  // namespace

Status check_problem(const Problem& problem) {
  return std::visit([](const auto& own) { return check(own); }, problem);
}

std::int64_t macs(const Problem& problem) {
  if (const auto* own = std::get_if<ConvolutionF32Problem>(&problem)) return own->shape.macs();
  if (const auto* own = std::get_if<ConvolutionInt8Problem>(&problem)) return own->shape.macs();
  return 0;
}

}  // namespace lathe::kernels
