#include "kernels/problem.h"

#include <algorithm>
#include <limits>

#include "base/checked_math.h"
#include "kernels/storage.h"
#include "kernels/strided.h"

namespace lathe::kernels {
namespace {

using Bytes = std::optional<std::int64_t>;

Bytes product(std::initializer_list<std::int64_t> factors) {
  return checked_product(std::span(factors.begin(), factors.size()));
}

// Kernels reckon with sums of a few products of two extents, and with bytes of up to 8 times the
// elements of a tensor.
constexpr std::int64_t kMostExtent = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kMostElements = std::int64_t{1} << 48;

bool are_countable(std::initializer_list<std::int64_t> extents) {
  return std::max(extents) <= kMostExtent && product(extents) && *product(extents) <= kMostElements;
}

Status check(const ConvolutionShape& s) {
  if (!s.valid()) return invalid_data("the geometry of the convolution is not valid");
  const Bytes work =
      product({s.batch, s.out_h, s.out_w, s.out_c, s.group_in_c(), s.kernel_h, s.kernel_w});
  // Columns that a row of outputs spans, with its padding.
  const Bytes steps = product({s.out_w - 1, s.stride_w});
  const Bytes taps = product({s.kernel_w - 1, s.dilation_w});
  const Bytes reach = steps && taps ? checked_sum(*steps, *taps) : std::nullopt;
  if (reach && *reach < kMostExtent && are_countable({s.batch, s.in_h, *reach + 1, s.in_c}) &&
      are_countable({s.batch, s.in_h, s.in_w, s.in_c}) &&
      are_countable({s.batch, s.out_h, s.out_w, s.out_c}) &&
      are_countable({s.out_c, s.group_in_c(), s.kernel_h, s.kernel_w}) && work &&
      *work < std::numeric_limits<std::int64_t>::max() / 16 &&
      std::max({s.stride_h, s.stride_w, s.dilation_h, s.dilation_w, s.pad_top, s.pad_left}) <=
          kMostExtent)
    return {};
  return invalid_data("the convolution is too large");
}

Status check(const PoolingShape& s) {
  if (!s.valid()) return invalid_data("the geometry of the pooling is not valid");
  const Bytes work = product({s.batch, s.out_h, s.out_w, s.channels, s.kernel_h, s.kernel_w});
  if (are_countable({s.batch, s.in_h, s.in_w, s.channels}) &&
      are_countable({s.batch, s.out_h, s.out_w, s.channels}) && work &&
      *work < std::numeric_limits<std::int64_t>::max() / 16 &&
      std::max({s.kernel_h, s.kernel_w, s.stride_h, s.stride_w, s.dilation_h, s.dilation_w,
                s.pad_top, s.pad_left, s.pad_bottom, s.pad_right}) <= kMostExtent)
    return {};
  return invalid_data("the pooling is too large");
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
  if (std::min(extents) < 0) return invalid_data("an extent is negative");
  if (product(extents) && *product(extents) <= kMostElements) return {};
  return invalid_data("an extent is too large");
}

Status check_storage(ElementType storage) {
  return is_storage(storage) ? Status() : invalid_data("a storage that is not floating point");
}

Status check(const ConvolutionF32Problem& problem) {
  RETURN_IF_ERROR(check_storage(problem.storage));
  if (problem.residual && problem.float_output)
    return invalid_data("a residual and an output of another type");
  return check(problem.shape);
}

Status check(const ConvolutionInt8Problem& problem) {
  RETURN_IF_ERROR(check(problem.shape));
  RETURN_IF_ERROR(check_quantization(problem.input));
  return problem.float_output ? Status() : check_bounds(problem.output, problem.min, problem.max);
}

Status check(const BinaryF32Problem& problem) {
  RETURN_IF_ERROR(check_storage(problem.storage));
  return check_extents({problem.rows, problem.columns});
}

Status check(const UnaryF32Problem& problem) {
  RETURN_IF_ERROR(check_storage(problem.storage));
  return check_extents({problem.count});
}

Status check(const PoolingF32Problem& problem) {
  RETURN_IF_ERROR(check_storage(problem.storage));
  return check(problem.shape);
}

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
  if (problem.columns > kMostExtent) return invalid_data("a row has too many columns");
  return check_extents({problem.rows, problem.columns, problem.inner});
}

Status check(const CastProblem& problem) { return check_extents({problem.count}); }

Status check(const LookupProblem& problem) { return check_extents({problem.count}); }

// How many matrices of an operand its strides reach; nothing where they are no strides.
Bytes matrices_of(const std::vector<std::int64_t>& batch,
                  const std::vector<std::int64_t>& strides) {
  if (strides.size() != batch.size()) return std::nullopt;
  Bytes last = 0;
  for (std::size_t i = 0; i < batch.size() && last; ++i) {
    if (strides[i] < 0 || batch[i] < 1) return std::nullopt;
    const Bytes reach = product({batch[i] - 1, strides[i]});
    last = reach ? checked_sum(*last, *reach) : std::nullopt;
  }
  return last ? checked_sum(*last, 1) : std::nullopt;
}

// Of MatMulF32Problem and MatMulInt8Problem.
template <typename Product>
Status check_product(const Product& p) {
  const Bytes a = matrices_of(p.batch, p.a_strides);
  const Bytes b = matrices_of(p.batch, p.b_strides);
  if (!a || !b) return invalid_data("the strides of the batch are none");
  if (std::min({p.rows, p.columns, p.inner}) < 1) return invalid_data("a matrix is empty");
  const auto count = checked_product(p.batch);
  const Bytes work = count ? product({*count, p.rows, p.columns, p.inner}) : std::nullopt;
  if (work && *work < std::numeric_limits<std::int64_t>::max() / 16 &&
      are_countable({*a, p.rows, p.inner}) && are_countable({*b, p.inner, p.columns}) &&
      are_countable({*count, p.rows, p.columns}))
    return {};
  return invalid_data("the product is too large");
}

Status check(const MatMulF32Problem& problem) { return check_product(problem); }

Status check(const MatMulInt8Problem& problem) {
  RETURN_IF_ERROR(check_product(problem));
  RETURN_IF_ERROR(check_quantization(problem.a));
  RETURN_IF_ERROR(check_quantization(problem.b));
  return problem.float_output ? Status() : check_bounds(problem.output, problem.min, problem.max);
}

// Lines or pixels that an output takes, `taps` for each.
Status check_taken(std::span<const std::int64_t> taken, std::int64_t extent, std::int64_t taps) {
  if (taken.empty() || taps < 1 || taken.size() % static_cast<std::size_t>(taps) != 0)
    return invalid_data("{} lines or pixels are taken by {}", taken.size(), taps);
  for (const std::int64_t index : taken)
    if (index < 0 || index >= extent)
      return invalid_data("line or pixel {} of {} is taken", index, extent);
  return {};
}

Status check(const TakeGridProblem& problem) {
  if (problem.inner_bytes < 1) return invalid_data("a pixel has no bytes");
  RETURN_IF_ERROR(check_extents({problem.outer, problem.in_h, problem.in_w, problem.inner_bytes}));
  RETURN_IF_ERROR(check_taken(problem.rows, problem.in_h, 1));
  RETURN_IF_ERROR(check_taken(problem.columns, problem.in_w, 1));
  return check_extents({problem.outer, static_cast<std::int64_t>(problem.rows.size()),
                        static_cast<std::int64_t>(problem.columns.size()), problem.inner_bytes});
}

Status check(const InterpolateF32Problem& problem) {
  RETURN_IF_ERROR(check_extents({problem.outer, problem.in_h, problem.in_w, problem.inner}));
  RETURN_IF_ERROR(check_taken(problem.rows, problem.in_h, problem.row_taps));
  RETURN_IF_ERROR(check_taken(problem.columns, problem.in_w, problem.column_taps));
  if (problem.row_weights.size() != problem.rows.size() ||
      problem.column_weights.size() != problem.columns.size())
    return invalid_data("there are {} and {} weights", problem.row_weights.size(),
                        problem.column_weights.size());
  return check_extents({problem.outer, static_cast<std::int64_t>(problem.rows.size()),
                        static_cast<std::int64_t>(problem.columns.size()), problem.inner});
}

Status check(const PermuteProblem& problem) {
  std::vector<std::int64_t> axes = problem.permutation;
  std::sort(axes.begin(), axes.end());
  bool valid = axes.size() == problem.dims.size();
  for (std::size_t i = 0; valid && i < axes.size(); ++i)
    valid = axes[i] == static_cast<std::int64_t>(i) && problem.dims[i] >= 0;
  if (!valid) return invalid_data("the permutation is none of the extents");
  const auto count = checked_product(problem.dims);
  if (!count || *count > kMostElements) return invalid_data("an extent is too large");
  const std::int64_t bytes = problem.element_bytes;
  if (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8) return {};
  return invalid_data("elements of {} bytes", bytes);
}

Status check(const ConcatProblem& problem) {
  std::int64_t together = 0;
  for (const std::int64_t block : problem.blocks) {
    RETURN_IF_ERROR(check_extents({block}));
    together = std::min(together + block, 2 * kMostElements);
  }
  return check_extents({problem.outer, together});
}

// Extents of at most as many axes as kernels take, of elements that can be counted.
Status check_axes(const std::vector<std::int64_t>& extents) {
  if (extents.empty() || extents.size() > kMostAxes)
    return invalid_data("there are {} axes", extents.size());
  if (std::any_of(extents.begin(), extents.end(), [](std::int64_t e) { return e < 0; }))
    return invalid_data("an extent is negative");
  const auto count = checked_product(extents);
  if (count && *count <= kMostElements) return {};
  return invalid_data("an extent is too large");
}

Status check_element_bytes(std::int64_t bytes) {
  if (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8) return {};
  return invalid_data("elements of {} bytes", bytes);
}

// Of problems with extents and strides of several operands.
template <typename Strided>
std::span<const std::int64_t> strides_of(const Strided& problem, std::size_t operand) {
  const std::size_t rank = problem.extents.size();
  return std::span(problem.strides).subspan(operand * rank, rank);
}

// Elements of each operand that strides reach.
template <typename Strided>
Bytes reached(const Strided& problem, std::size_t operand) {
  return elements_reached(problem.extents, strides_of(problem, operand));
}

template <typename Strided>
Status check_strides(const Strided& problem, std::size_t operands) {
  if (problem.strides.size() != operands * problem.extents.size())
    return invalid_data("there are {} strides", problem.strides.size());
  for (std::size_t i = 0; i < operands; ++i) {
    const Bytes elements = reached(problem, i);
    if (!elements || *elements > kMostElements) return invalid_data("a stride is too large");
    const auto own = strides_of(problem, i);
    if (std::any_of(own.begin(), own.end(), [](std::int64_t stride) { return stride < 0; }))
      return invalid_data("a stride is negative");
  }
  return {};
}

Status check(const BinaryInt8Problem& problem) {
  RETURN_IF_ERROR(check_quantization(problem.a));
  RETURN_IF_ERROR(check_quantization(problem.b));
  RETURN_IF_ERROR(check_axes(problem.extents));
  RETURN_IF_ERROR(check_strides(problem, 2));
  return check_bounds(problem.output, problem.min, problem.max);
}

Status check(const ElementwiseProblem& problem) {
  RETURN_IF_ERROR(check_axes(problem.extents));
  if (!has_loop(problem.op, problem.type))
    return invalid_data("the operator does not take such elements");
  return check_strides(problem, operand_count(problem.op));
}

Status check(const StridedCopyProblem& problem) {
  RETURN_IF_ERROR(check_axes(problem.extents));
  RETURN_IF_ERROR(check_element_bytes(problem.element_bytes));
  if (problem.strides.size() != problem.extents.size())
    return invalid_data("there are {} strides", problem.strides.size());
  RETURN_IF_ERROR(check_extents({problem.elements, problem.offset}));
  const Bytes reach = elements_reached(problem.extents, problem.strides, problem.offset);
  if (reach && *reach <= problem.elements) return {};
  return invalid_data("the strides reach beyond the {} elements", problem.elements);
}

std::vector<std::int64_t> out_extents(const PadProblem& problem) {
  std::vector<std::int64_t> extents = problem.dims;
  for (std::size_t i = 0; i < extents.size(); ++i)
    extents[i] += problem.begins[i] + problem.ends[i];
  return extents;
}

Status check(const PadProblem& problem) {
  RETURN_IF_ERROR(check_axes(problem.dims));
  RETURN_IF_ERROR(check_element_bytes(problem.element_bytes));
  const std::size_t rank = problem.dims.size();
  if (problem.begins.size() != rank || problem.ends.size() != rank)
    return invalid_data("there are pads for {} and {} axes", problem.begins.size(),
                        problem.ends.size());
  for (std::size_t i = 0; i < rank; ++i) {
    const auto [low, high] = std::minmax(problem.begins[i], problem.ends[i]);
    const std::int64_t extent = problem.dims[i];
    if (low < -kMostElements || high > kMostElements) return invalid_data("a pad is too large");
    if (problem.mode == PadMode::kConstant) continue;
    if (low < 0 || (extent == 0 && high > 0)) return invalid_data("axis {} has no such pad", i);
    if (problem.mode == PadMode::kReflect && high >= std::max<std::int64_t>(extent, 1))
      return invalid_data("axis {} is mirrored beyond its end", i);
  }
  return check_axes(out_extents(problem));
}

Status check(const GatherProblem& problem) {
  if (problem.index_type != ElementType::kInt32 && problem.index_type != ElementType::kInt64)
    return invalid_data("indices are no int32 or int64");
  if (problem.inner_bytes < 1) return invalid_data("a block has no bytes");
  RETURN_IF_ERROR(check_extents({problem.outer, problem.extent, problem.inner_bytes}));
  return check_extents({problem.outer, problem.count, problem.inner_bytes});
}

Status check(const ReduceProblem& problem) {
  RETURN_IF_ERROR(check_axes(problem.extents));
  if (problem.reduced.size() != problem.extents.size())
    return invalid_data("{} axes are said to be reduced or not", problem.reduced.size());
  if (!can_reduce(problem.op, problem.type))
    return invalid_data("the reduction does not take such elements");
  if (std::find(problem.extents.begin(), problem.extents.end(), 0) != problem.extents.end())
    return invalid_data("there is nothing to reduce");
  return {};
}

Status check(const ArgReduceProblem& problem) {
  if (!can_arg_reduce(problem.type))
    return invalid_data("the comparison does not take such elements");
  if (problem.extent < 1) return invalid_data("there is nothing to compare");
  if (problem.extent > kMostExtent) return invalid_data("the axis is too long");
  return check_extents({problem.outer, problem.extent, problem.inner});
}

Status check(const LayerNormF32Problem& problem) {
  if (problem.columns < 1) return invalid_data("a row has no columns");
  return check_extents({problem.rows, problem.columns});
}

Status check(const GroupNormF32Problem& problem) {
  if (problem.pixels < 1) return invalid_data("a channel has no pixels");
  if (problem.groups < 1 || problem.channels < 1 || problem.channels % problem.groups != 0)
    return invalid_data("the channels are not divisible by the groups");
  return check_extents({problem.batch, problem.channels, problem.pixels});
}

std::optional<OperandBytes> together(std::vector<Bytes> inputs, Bytes output) {
  OperandBytes bytes;
  for (const Bytes& input : inputs) {
    if (!input) return std::nullopt;
    bytes.inputs.push_back(*input);
  }
  if (!output) return std::nullopt;
  bytes.output = *output;
  return bytes;
}

template <typename Shape>
Bytes in_bytes(const Shape& shape, std::int64_t channels, std::int64_t element) {
  return product({shape.batch, shape.in_h, shape.in_w, channels, element});
}
template <typename Shape>
Bytes out_bytes(const Shape& shape, std::int64_t channels, std::int64_t element) {
  return product({shape.batch, shape.out_h, shape.out_w, channels, element});
}

std::optional<OperandBytes> bytes_of(const ConvolutionF32Problem& problem) {
  const std::int64_t element = element_bytes(problem.storage);
  const Bytes out =
      out_bytes(problem.shape, problem.shape.out_c, problem.float_output ? 4 : element);
  std::vector<Bytes> inputs{in_bytes(problem.shape, problem.shape.in_c, element)};
  if (problem.residual) inputs.push_back(out);
  return together(std::move(inputs), out);
}

std::optional<OperandBytes> bytes_of(const ConvolutionInt8Problem& problem) {
  return together({in_bytes(problem.shape, problem.shape.in_c, 1)},
                  out_bytes(problem.shape, problem.shape.out_c, problem.float_output ? 4 : 1));
}

std::optional<OperandBytes> bytes_of(const BinaryF32Problem& problem) {
  const std::int64_t element = element_bytes(problem.storage);
  const Bytes whole = product({problem.rows, problem.columns, element});
  Bytes second = whole;
  if (problem.operand == OperandF32::kColumn) second = product({problem.columns, element});
  if (problem.operand == OperandF32::kScalar) second = element;
  return together({whole, second}, whole);
}

std::optional<OperandBytes> bytes_of(const UnaryF32Problem& problem) {
  const Bytes whole = product({problem.count, element_bytes(problem.storage)});
  return together({whole}, whole);
}

std::optional<OperandBytes> bytes_of(const PoolingF32Problem& problem) {
  const std::int64_t element = element_bytes(problem.storage);
  return together({in_bytes(problem.shape, problem.shape.channels, element)},
                  out_bytes(problem.shape, problem.shape.channels, element));
}

std::optional<OperandBytes> bytes_of(const PoolingInt8Problem& problem) {
  return together({in_bytes(problem.shape, problem.shape.channels, 1)},
                  out_bytes(problem.shape, problem.shape.channels, 1));
}

std::optional<OperandBytes> bytes_of(const BinaryInt8Problem& problem) {
  return together({reached(problem, 0), reached(problem, 1)}, checked_product(problem.extents));
}

std::optional<OperandBytes> bytes_of(const QuantizeLinearProblem& problem) {
  return together({product({problem.count, 4})}, problem.count);
}

std::optional<OperandBytes> bytes_of(const DequantizeLinearProblem& problem) {
  return together({problem.count}, product({problem.count, 4}));
}

std::optional<OperandBytes> bytes_of(const SoftmaxF32Problem& problem) {
  const Bytes whole = product({problem.rows, problem.columns, problem.inner, 4});
  return together({whole}, whole);
}

std::optional<OperandBytes> bytes_of(const CastProblem& problem) {
  return together({product({problem.count, element_bytes(problem.from)})},
                  product({problem.count, element_bytes(problem.to)}));
}

std::optional<OperandBytes> bytes_of(const LookupProblem& problem) {
  return together({problem.count, 256}, problem.count);
}

// Of a product whose operands have elements of `in_bytes`.
template <typename Product>
std::optional<OperandBytes> product_bytes(const Product& p, std::int64_t in_bytes,
                                          std::int64_t out_bytes) {
  const Bytes a = matrices_of(p.batch, p.a_strides);
  const Bytes b = matrices_of(p.batch, p.b_strides);
  const auto count = checked_product(p.batch);
  if (!a || !b || !count) return std::nullopt;
  return together(
      {product({*a, p.rows, p.inner, in_bytes}), product({*b, p.inner, p.columns, in_bytes})},
      product({*count, p.rows, p.columns, out_bytes}));
}

std::optional<OperandBytes> bytes_of(const MatMulF32Problem& p) { return product_bytes(p, 4, 4); }

std::optional<OperandBytes> bytes_of(const MatMulInt8Problem& p) {
  return product_bytes(p, 1, p.float_output ? 4 : 1);
}

std::optional<OperandBytes> bytes_of(const TakeGridProblem& problem) {
  return together(
      {product({problem.outer, problem.in_h, problem.in_w, problem.inner_bytes})},
      product({problem.outer, static_cast<std::int64_t>(problem.rows.size()),
               static_cast<std::int64_t>(problem.columns.size()), problem.inner_bytes}));
}

std::optional<OperandBytes> bytes_of(const InterpolateF32Problem& problem) {
  const std::int64_t out_h = static_cast<std::int64_t>(problem.rows.size()) / problem.row_taps;
  const std::int64_t out_w =
      static_cast<std::int64_t>(problem.columns.size()) / problem.column_taps;
  return together({product({problem.outer, problem.in_h, problem.in_w, problem.inner, 4})},
                  product({problem.outer, out_h, out_w, problem.inner, 4}));
}

std::optional<OperandBytes> bytes_of(const PermuteProblem& problem) {
  std::vector<std::int64_t> factors = problem.dims;
  factors.push_back(problem.element_bytes);
  const Bytes whole = checked_product(factors);
  return together({whole}, whole);
}

std::optional<OperandBytes> bytes_of(const ConcatProblem& problem) {
  std::vector<Bytes> inputs;
  Bytes out = 0;
  for (const std::int64_t block : problem.blocks) {
    inputs.push_back(product({problem.outer, block}));
    if (inputs.back() && out) out = checked_sum(*out, *inputs.back());
  }
  return together(std::move(inputs), out);
}

std::optional<OperandBytes> bytes_of(const ElementwiseProblem& problem) {
  std::vector<Bytes> inputs;
  for (std::size_t i = 0; i < operand_count(problem.op); ++i) {
    const Bytes elements = reached(problem, i);
    if (!elements) return std::nullopt;
    inputs.push_back(product({*elements, element_bytes(operand_type(problem, i))}));
  }
  const auto count = checked_product(problem.extents);
  if (!count) return std::nullopt;
  return together(std::move(inputs),
                  product({*count, element_bytes(result_type(problem.op, problem.type))}));
}

std::optional<OperandBytes> bytes_of(const StridedCopyProblem& problem) {
  const auto count = checked_product(problem.extents);
  if (!count) return std::nullopt;
  return together({product({problem.elements, problem.element_bytes})},
                  product({*count, problem.element_bytes}));
}

std::optional<OperandBytes> bytes_of(const PadProblem& problem) {
  const auto in = checked_product(problem.dims);
  const auto out = checked_product(out_extents(problem));
  if (!in || !out) return std::nullopt;
  std::vector<Bytes> inputs{product({*in, problem.element_bytes})};
  if (problem.has_value) inputs.emplace_back(problem.element_bytes);
  return together(std::move(inputs), product({*out, problem.element_bytes}));
}

std::optional<OperandBytes> bytes_of(const GatherProblem& problem) {
  return together({product({problem.outer, problem.extent, problem.inner_bytes}),
                   product({problem.count, element_bytes(problem.index_type)})},
                  product({problem.outer, problem.count, problem.inner_bytes}));
}

std::optional<OperandBytes> bytes_of(const ReduceProblem& problem) {
  const auto in = checked_product(problem.extents);
  if (!in) return std::nullopt;
  std::int64_t kept = 1;
  for (std::size_t i = 0; i < problem.extents.size(); ++i)
    if (problem.reduced[i] == 0) kept *= problem.extents[i];
  return together({product({*in, element_bytes(problem.type)})},
                  product({kept, element_bytes(problem.type)}));
}

std::optional<OperandBytes> bytes_of(const ArgReduceProblem& problem) {
  return together(
      {product({problem.outer, problem.extent, problem.inner, element_bytes(problem.type)})},
      product({problem.outer, problem.inner, element_bytes(ElementType::kInt64)}));
}

std::optional<OperandBytes> bytes_of(const LayerNormF32Problem& problem) {
  const Bytes whole = product({problem.rows, problem.columns, 4});
  const Bytes row = product({problem.columns, 4});
  std::vector<Bytes> inputs{whole, row};
  if (problem.bias) inputs.push_back(row);
  return together(std::move(inputs), whole);
}

std::optional<OperandBytes> bytes_of(const GroupNormF32Problem& problem) {
  const Bytes whole = product({problem.batch, problem.channels, problem.pixels, 4});
  const Bytes line = product({problem.channels, 4});
  return together({whole, line, line}, whole);
}

template <typename Product>
std::int64_t product_macs(const Product& p) {
  std::int64_t products = p.rows * p.columns * p.inner;
  for (const std::int64_t extent : p.batch) products *= extent;
  return products;
}

}  // namespace

ElementType operand_type(const ElementwiseProblem& problem, std::size_t operand) {
  const bool is_condition = problem.op == ElementwiseOp::kSelect && operand == 0;
  return is_condition ? ElementType::kBool : problem.type;
}

std::optional<OperandBytes> operand_bytes(const Problem& problem) {
  return std::visit([](const auto& own) { return bytes_of(own); }, problem);
}

Status check_problem(const Problem& problem) {
  return std::visit([](const auto& own) { return check(own); }, problem);
}

namespace {

// The operand lies as the output does, element by element.
template <typename Strided>
bool is_parallel(const Strided& problem, std::size_t operand) {
  const std::size_t rank = problem.extents.size();
  std::int64_t stride = 1;
  for (std::size_t axis = rank; axis-- > 0;) {
    if (problem.extents[axis] != 1 && problem.strides[operand * rank + axis] != stride)
      return false;
    stride *= problem.extents[axis];
  }
  return true;
}

bool keeps_element_bytes(const ElementwiseProblem& problem, std::size_t operand) {
  return element_bytes(operand_type(problem, operand)) ==
         element_bytes(result_type(problem.op, problem.type));
}

}  // namespace

bool may_overwrite(const Problem& problem, std::size_t input) {
  if (std::holds_alternative<UnaryF32Problem>(problem) ||
      std::holds_alternative<SoftmaxF32Problem>(problem) ||
      std::holds_alternative<LookupProblem>(problem))
    return input == 0;
  if (const auto* own = std::get_if<BinaryInt8Problem>(&problem)) return is_parallel(*own, input);
  if (const auto* own = std::get_if<BinaryF32Problem>(&problem))
    return input == 0 || own->operand == OperandF32::kSame;
  if (const auto* own = std::get_if<ElementwiseProblem>(&problem))
    return is_parallel(*own, input) && keeps_element_bytes(*own, input);
  return false;
}

Problem without(Extents extents, Problem problem) {
  if (extents == Extents::kNone) return problem;
  const Problem given = problem;
  const auto set = [extents](ConvolutionShape& shape) {
    shape.batch = 1;
    if (extents == Extents::kBatch) return;
    // As in residual networks, where an image of half the size has twice the channels.
    const std::int64_t size = std::clamp<std::int64_t>(56 * 64 / shape.out_c, 7, 112);
    shape.out_h = shape.out_w = size;
    shape.in_h = size * shape.stride_h;
    shape.in_w = size * shape.stride_w;
  };
  if (auto* f32 = std::get_if<ConvolutionF32Problem>(&problem)) set(f32->shape);
  if (auto* int8 = std::get_if<ConvolutionInt8Problem>(&problem)) set(int8->shape);
  // With absurd strides no size is typical.
  constexpr std::int64_t kMostBytes = std::int64_t{1} << 30;
  const auto bytes = check_problem(problem).ok() ? operand_bytes(problem) : std::nullopt;
  const bool is_usual = bytes && bytes->output <= kMostBytes &&
                        std::all_of(bytes->inputs.begin(), bytes->inputs.end(),
                                    [](std::int64_t size) { return size <= kMostBytes; });
  return is_usual ? problem : given;
}

std::int64_t macs(const Problem& problem) {
  if (const auto* own = std::get_if<ConvolutionF32Problem>(&problem)) return own->shape.macs();
  if (const auto* own = std::get_if<ConvolutionInt8Problem>(&problem)) return own->shape.macs();
  if (const auto* own = std::get_if<MatMulF32Problem>(&problem)) return product_macs(*own);
  if (const auto* own = std::get_if<MatMulInt8Problem>(&problem)) return product_macs(*own);
  return 0;
}

}  // namespace lathe::kernels
