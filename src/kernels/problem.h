// What kernels compute, as plain data: the geometry and the parameters of one call. Nothing about
// memory, machines or weights' values, so that a problem can be compared, printed and stored.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/result.h"
#include "kernels/clamp_f32.h"
#include "kernels/convolution_shape.h"
#include "kernels/element_type.h"
#include "kernels/elementwise/args.h"
#include "kernels/elementwise_f32/args.h"
#include "kernels/pooling_shape.h"
#include "kernels/reduce/args.h"
#include "kernels/requantize.h"

namespace lathe::kernels {

// Those named F32 compute in float32. Where they have a `storage`, their operands and output are
// stored as that, kFloat32 or kBFloat16, which is rounded to half to even.

// out = clamp(convolution(in) + bias + residual), channels-last. Operands: in, and the residual
// where there is one, which has the output's shape. Stored in bfloat16 the weights are rounded to
// that too, and the bias is not; without a residual the output may be float32 even so.
struct ConvolutionF32Problem {
  ConvolutionShape shape = {};
  ClampF32 clamp = {};
  bool residual = false;
  ElementType storage = ElementType::kFloat32;
  bool float_output = false;  // of no meaning where the storage is float32
  bool operator==(const ConvolutionF32Problem&) const = default;
};

// On 8-bit activations, channels-last:
//
//   acc[c] = bias[c] + sum over taps and channels of (x - input.zero_point) * w    (int32)
//   y[c]   = clamp(round_half_even(float32(acc[c]) * multipliers[c]) + output.zero_point, min, max)
//
// with the details of kernels/requantize.h, or y[c] = float32(acc[c]) * multipliers[c] for float32
// output. Padding counts as input.zero_point, so it adds nothing. acc is exact as long as it fits
// in an int32 (|x - zero_point| * |w| <= 32,640, so any sum of up to 65,000 terms does) and wraps
// modulo 2^32 beyond. The same bits come out of every kernel and any number of threads.
struct ConvolutionInt8Problem {
  ConvolutionShape shape = {};
  QuantizedActivation input = {};
  bool float_output = false;
  // Of no meaning for float32 output.
  QuantizedActivation output = {};
  std::int32_t min = 0;  // in output units, within its type: they express a fused activation
  std::int32_t max = 255;
  bool operator==(const ConvolutionInt8Problem&) const = default;
};

// out = clamp(a op b) on [rows, columns], b as `operand` says. NaN passes through the clamp.
struct BinaryF32Problem {
  BinaryOpF32 op = BinaryOpF32::kAdd;
  OperandF32 operand = OperandF32::kSame;
  ClampF32 clamp = {};
  std::int64_t rows = 1;
  std::int64_t columns = 0;
  ElementType storage = ElementType::kFloat32;
  bool operator==(const BinaryF32Problem&) const = default;
};

// out = clamp(op(in)); alpha and beta mean what UnaryOpF32 says. Within 1 ulp of the exact value
// for exp, 3 for sigmoid, 2.5 for tanh, 4 for silu, 2 for log and erf.
struct UnaryF32Problem {
  UnaryOpF32 op = UnaryOpF32::kIdentity;
  float alpha = 0;
  float beta = 0;
  ClampF32 clamp = {};
  std::int64_t count = 0;
  ElementType storage = ElementType::kFloat32;
  bool operator==(const UnaryF32Problem&) const = default;
};

// Over the windows of `shape`; see PoolingShape. Padding never counts for a maximum; for a mean, as
// PoolingKind says.
struct PoolingF32Problem {
  PoolingKind kind = PoolingKind::kMax;
  PoolingShape shape = {};
  ElementType storage = ElementType::kFloat32;
  bool operator==(const PoolingF32Problem&) const = default;
};

//   maximum:  y = max of x over the window; input and output have one type, scale and zero point
//   mean:     y = clamp(round_half_even(float32(sum) * multiplier(count)) + zy, min, max)
//             sum = sum of (x - zx) over the window, int32
//             multiplier(count) = float32(scale_ratio / float32(count)), scale_ratio = sx / sy
//
// A window without any input gives the lowest value of the type (maximum) or the zero point,
// clamped (mean). A mean's window has at most 2^23 pixels, so that sums fit.
struct PoolingInt8Problem {
  PoolingKind kind = PoolingKind::kMax;
  PoolingShape shape = {};
  QuantizedActivation input = {};
  // Of no meaning for a maximum.
  QuantizedActivation output = {};
  float scale_ratio = 1;
  std::int32_t min = 0;
  std::int32_t max = 255;
  bool operator==(const PoolingInt8Problem&) const = default;
};

enum class BinaryOpInt8 { kAdd, kMul };

// y = clamp(round_half_even(v) + zy, min, max), element by element, with v in float32
//
//   addition:        (a - za) * ka + (b - zb) * kb, ka = scale of a / scale of y and kb likewise
//   multiplication:  ((a - za) * (b - zb)) * ka, ka = scale of a * scale of b / scale of y
//
// Each product is rounded to float32 once, then their sum once: no FMA. `strides` say how a and
// then b lie along the extents of the output; none is negative.
struct BinaryInt8Problem {
  BinaryOpInt8 op = BinaryOpInt8::kAdd;
  QuantizedActivation a = {};
  QuantizedActivation b = {};
  QuantizedActivation output = {};
  float a_multiplier = 1;  // ka
  float b_multiplier = 1;  // kb
  std::int32_t min = 0;
  std::int32_t max = 255;
  std::vector<std::int64_t> extents = {1};
  std::vector<std::int64_t> strides = {1, 1};
  bool operator==(const BinaryInt8Problem&) const = default;
};

// y = saturate(round_half_even(x / scale) + zero_point), float32 to 8 bits. The quotient is one
// float32 division. Where it is NaN the result is the zero point, which stands for 0; infinities
// saturate.
struct QuantizeLinearProblem {
  float scale = 1;
  QuantizedActivation output = {};
  std::int64_t count = 0;
  bool operator==(const QuantizeLinearProblem&) const = default;
};

// y = float32(x - zero_point) * scale, 8 bits to float32.
struct DequantizeLinearProblem {
  float scale = 1;
  QuantizedActivation input = {};
  std::int64_t count = 0;
  bool operator==(const DequantizeLinearProblem&) const = default;
};

// Along `columns` of [rows, columns, inner]; the logarithm of it where `log`. The largest is
// subtracted first, so that nothing overflows. What has NaN or +infinity, or -infinity alone,
// becomes NaN.
struct SoftmaxF32Problem {
  bool log = false;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t inner = 1;
  bool operator==(const SoftmaxF32Problem&) const = default;
};

// ONNX Transpose: extent i of the output is extent permutation[i] of the input, of elements of 1,
// 2, 4 or 8 bytes.
struct PermuteProblem {
  std::vector<std::int64_t> dims = {};  // of the input
  std::vector<std::int64_t> permutation = {};
  std::int64_t element_bytes = 0;
  bool operator==(const PermuteProblem&) const = default;
};

// ONNX Concat: `outer` times, blocks[i] bytes of each operand one behind the other.
struct ConcatProblem {
  std::int64_t outer = 0;
  std::vector<std::int64_t> blocks = {};
  bool operator==(const ConcatProblem&) const = default;
};

// out = in in another type: floating point to integer truncates and saturates, NaN becoming 0;
// integer to integer keeps the lower bits; to bool says whether it is not 0; to 16-bit floating
// point goes by way of float32, and rounds half to even.
struct CastProblem {
  ElementType from = ElementType::kFloat32;
  ElementType to = ElementType::kFloat32;
  std::int64_t count = 0;
  bool operator==(const CastProblem&) const = default;
};

// out = clamp(a * b) for matrices [rows, inner] and [inner, columns] one behind the other: of each
// product the matrices of a and b are found by strides, in matrices, over the batch's extents; 0
// takes the same one again.
struct MatMulF32Problem {
  std::vector<std::int64_t> batch = {};
  std::vector<std::int64_t> a_strides = {};
  std::vector<std::int64_t> b_strides = {};
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t inner = 0;
  ClampF32 clamp = {};
  bool operator==(const MatMulF32Problem&) const = default;
};

// The same of 8-bit matrices:
//
//   sum[r][c] = sum over k of (a[r][k] - za) * (b[k][c] - zb)    (int32, as for a convolution)
//   y[r][c]   = clamp(round_half_even(float32(sum) * multiplier) + zy, min, max)
//
// or y[r][c] = float32(sum) * multiplier for float32 output. The same bits come out of every kernel
// and any number of threads.
struct MatMulInt8Problem {
  std::vector<std::int64_t> batch = {};
  std::vector<std::int64_t> a_strides = {};
  std::vector<std::int64_t> b_strides = {};
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t inner = 0;
  QuantizedActivation a = {};
  QuantizedActivation b = {};
  float multiplier = 1;
  bool float_output = false;
  // Of no meaning for float32 output.
  QuantizedActivation output = {};
  std::int32_t min = 0;
  std::int32_t max = 255;
  bool operator==(const MatMulInt8Problem&) const = default;
};

// Pixels of [outer, in_h, in_w, inner] taken for an output [outer, rows.size(), columns.size(),
// inner]: of which line and which pixel. A pixel has inner_bytes bytes.
struct TakeGridProblem {
  std::int64_t outer = 1;
  std::int64_t in_h = 1;
  std::int64_t in_w = 1;
  std::int64_t inner_bytes = 1;
  std::vector<std::int64_t> rows = {0};
  std::vector<std::int64_t> columns = {0};
  bool operator==(const TakeGridProblem&) const = default;
};

// Interpolation of float32 [outer, in_h, in_w, inner]: line y of the output is the sum of row_taps
// lines of the input, those that rows[y * row_taps ...] name, times as many weights; then each
// pixel of a line likewise.
struct InterpolateF32Problem {
  std::int64_t outer = 1;
  std::int64_t in_h = 1;
  std::int64_t in_w = 1;
  std::int64_t inner = 1;
  std::int64_t row_taps = 1;
  std::int64_t column_taps = 1;
  std::vector<std::int64_t> rows = {0};
  std::vector<float> row_weights = {1};
  std::vector<std::int64_t> columns = {0};
  std::vector<float> column_weights = {1};
  bool operator==(const InterpolateF32Problem&) const = default;
};

// out = table[in], byte by byte. Operands: in, and the table of 256 bytes.
struct LookupProblem {
  std::int64_t count = 0;
  bool operator==(const LookupProblem&) const = default;
};

// out = op(operands) element by element, for elements of any type. `strides`, in elements, say how
// each operand lies along the extents of the output, one operand behind the other; none is
// negative. Floating point is as exact as the C library.
struct ElementwiseProblem {
  ElementwiseOp op = ElementwiseOp::kAdd;
  ElementType type = ElementType::kFloat32;  // of the operands, but for the first of a select
  std::vector<std::int64_t> extents = {1};
  std::vector<std::int64_t> strides = {0, 0};
  bool operator==(const ElementwiseProblem&) const = default;
};
ElementType operand_type(const ElementwiseProblem& problem, std::size_t operand);

// The elements of the input from `offset` on that strides reach, which may be negative, one behind
// the other: slices, broadcasts, repetitions. Elements of 1, 2, 4 or 8 bytes.
struct StridedCopyProblem {
  std::vector<std::int64_t> extents = {1};  // of the output
  std::vector<std::int64_t> strides = {0};
  std::int64_t offset = 0;
  std::int64_t elements = 1;  // of the input
  std::int64_t element_bytes = 1;
  bool operator==(const StridedCopyProblem&) const = default;
};

// What stands around a padded tensor: one value, the nearest element, the elements mirrored at the
// first and last, or those from the other end.
enum class PadMode { kConstant, kEdge, kReflect, kWrap };

// ONNX Pad: so many elements of each axis before and behind; of a constant, negative numbers take
// some away. Operands: in, and the value where there is one; else it is 0.
struct PadProblem {
  std::vector<std::int64_t> dims = {1};  // of the input
  std::vector<std::int64_t> begins = {0};
  std::vector<std::int64_t> ends = {0};
  PadMode mode = PadMode::kConstant;
  bool has_value = false;
  std::int64_t element_bytes = 1;
  bool operator==(const PadProblem&) const = default;
};

// ONNX Gather: `outer` times, of `extent` blocks of bytes those that `count` indices name, counted
// from the end where negative. Operands: in, and the indices, int32 or int64.
struct GatherProblem {
  std::int64_t outer = 1;
  std::int64_t extent = 1;
  std::int64_t inner_bytes = 1;
  std::int64_t count = 1;
  ElementType index_type = ElementType::kInt64;
  bool operator==(const GatherProblem&) const = default;
};

// ONNX Reduce*: `reduced` is 1 for the axes of the input that are. Sums of floating point are
// float64. The same bits come out of every kernel and any number of threads.
struct ReduceProblem {
  ReduceOp op = ReduceOp::kSum;
  ElementType type = ElementType::kFloat32;
  std::vector<std::int64_t> extents = {1};
  std::vector<std::int64_t> reduced = {1};
  bool operator==(const ReduceProblem&) const = default;
};

// ONNX ArgMax and ArgMin: for each of [outer, inner] the index, in int64, of the largest or
// smallest along `extent` of [outer, extent, inner]; of equal ones the first, or the last. NaN is
// beyond every number.
struct ArgReduceProblem {
  bool largest = true;
  bool last = false;
  ElementType type = ElementType::kFloat32;
  std::int64_t outer = 1;
  std::int64_t extent = 1;
  std::int64_t inner = 1;
  bool operator==(const ArgReduceProblem&) const = default;
};
constexpr bool can_arg_reduce(ElementType type) {
  return type == ElementType::kFloat32 || type == ElementType::kFloat64 ||
         type == ElementType::kInt8 || type == ElementType::kUint8 || type == ElementType::kInt32 ||
         type == ElementType::kInt64;
}

// out = (in - mean) / sqrt(variance + epsilon) * scale + bias, over each row of [rows, columns].
// Operands: in, the scale and, where there is one, the bias, of `columns` elements.
struct LayerNormF32Problem {
  std::int64_t rows = 0;
  std::int64_t columns = 1;
  float epsilon = 0;
  bool bias = false;
  bool operator==(const LayerNormF32Problem&) const = default;
};

// The same over each group of channels of an image, with a scale and a bias for each channel: ONNX
// GroupNormalization (Wu, He 2018), and InstanceNormalization (Ulyanov et al. 2016) where each
// channel is a group. Images are [batch, channels, pixels], or [batch, pixels, channels] where they
// are channels-last. Operands: in, the scale and the bias, of `channels` elements.
struct GroupNormF32Problem {
  std::int64_t batch = 1;
  std::int64_t channels = 1;
  std::int64_t pixels = 1;
  std::int64_t groups = 1;
  bool channels_last = false;
  float epsilon = 0;
  bool operator==(const GroupNormF32Problem&) const = default;
};

using Problem =
    std::variant<ConvolutionF32Problem, ConvolutionInt8Problem, BinaryF32Problem, UnaryF32Problem,
                 PoolingF32Problem, PoolingInt8Problem, BinaryInt8Problem, QuantizeLinearProblem,
                 DequantizeLinearProblem, SoftmaxF32Problem, PermuteProblem, ConcatProblem,
                 CastProblem, LookupProblem, MatMulF32Problem, ElementwiseProblem,
                 StridedCopyProblem, PadProblem, GatherProblem, ReduceProblem, LayerNormF32Problem,
                 MatMulInt8Problem, TakeGridProblem, InterpolateF32Problem, ArgReduceProblem,
                 GroupNormF32Problem>;

// Whether the parameters of a problem make sense together; the error says which do not. Kernels
// rely on it.
Status check_problem(const Problem& problem);

// Bytes that one call reads of each input and writes to its output; nothing where they are too many
// to count.
struct OperandBytes {
  std::vector<std::int64_t> inputs;
  std::int64_t output = 0;
};
std::optional<OperandBytes> operand_bytes(const Problem& problem);

// Whether the output may lie where input `input` does, as far as that is read at the same index
// before it is written. Nothing else of what a call uses may overlap.
bool may_overwrite(const Problem& problem, std::size_t input);

// What a problem is to be looked at without.
enum class Extents { kNone, kBatch, kAll };
// The same of one image, or of one of typical size too: for a choice of kernels that is to hold for
// all batches, or sizes.
Problem without(Extents extents, Problem problem);

// Multiply-accumulates of one call; 0 for what multiplies no matrices.
std::int64_t macs(const Problem& problem);

}  // namespace lathe::kernels
