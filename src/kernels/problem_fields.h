// The fields of problems by name: how they are printed, stored and read.
//
//   for_each_field(problem, [&](std::string_view name, auto& field) { ... });
//
// A field is a number, a bool, a vector of numbers, an enumeration of field_names(), or a struct
// that has fields itself.
#pragma once

#include <concepts>
#include <span>
#include <string_view>
#include <type_traits>

#include "kernels/problem.h"

namespace lathe::kernels {

// Of T or const T.
template <typename Self, typename T>
concept Of = std::same_as<std::remove_const_t<Self>, T>;

template <Of<ClampF32> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("min", self.min);
  visit("max", self.max);
}

template <Of<QuantizedActivation> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("is_signed", self.is_signed);
  visit("zero_point", self.zero_point);
}

template <Of<ConvolutionShape> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("batch", self.batch);
  visit("in_h", self.in_h);
  visit("in_w", self.in_w);
  visit("in_c", self.in_c);
  visit("out_h", self.out_h);
  visit("out_w", self.out_w);
  visit("out_c", self.out_c);
  visit("kernel_h", self.kernel_h);
  visit("kernel_w", self.kernel_w);
  visit("stride_h", self.stride_h);
  visit("stride_w", self.stride_w);
  visit("dilation_h", self.dilation_h);
  visit("dilation_w", self.dilation_w);
  visit("pad_top", self.pad_top);
  visit("pad_left", self.pad_left);
  visit("groups", self.groups);
}

template <Of<PoolingShape> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("batch", self.batch);
  visit("in_h", self.in_h);
  visit("in_w", self.in_w);
  visit("channels", self.channels);
  visit("out_h", self.out_h);
  visit("out_w", self.out_w);
  visit("kernel_h", self.kernel_h);
  visit("kernel_w", self.kernel_w);
  visit("stride_h", self.stride_h);
  visit("stride_w", self.stride_w);
  visit("dilation_h", self.dilation_h);
  visit("dilation_w", self.dilation_w);
  visit("pad_top", self.pad_top);
  visit("pad_left", self.pad_left);
  visit("pad_bottom", self.pad_bottom);
  visit("pad_right", self.pad_right);
}

template <Of<ConvolutionF32Problem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("shape", self.shape);
  visit("clamp", self.clamp);
  visit("residual", self.residual);
  visit("storage", self.storage);
  visit("float_output", self.float_output);
}

template <Of<ConvolutionInt8Problem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("shape", self.shape);
  visit("input", self.input);
  visit("float_output", self.float_output);
  visit("output", self.output);
  visit("min", self.min);
  visit("max", self.max);
}

template <Of<BinaryF32Problem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("op", self.op);
  visit("operand", self.operand);
  visit("clamp", self.clamp);
  visit("rows", self.rows);
  visit("columns", self.columns);
  visit("storage", self.storage);
}

template <Of<UnaryF32Problem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("op", self.op);
  visit("alpha", self.alpha);
  visit("beta", self.beta);
  visit("clamp", self.clamp);
  visit("count", self.count);
  visit("storage", self.storage);
}

template <Of<PoolingF32Problem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("kind", self.kind);
  visit("shape", self.shape);
  visit("storage", self.storage);
}

template <Of<PoolingInt8Problem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("kind", self.kind);
  visit("shape", self.shape);
  visit("input", self.input);
  visit("output", self.output);
  visit("scale_ratio", self.scale_ratio);
  visit("min", self.min);
  visit("max", self.max);
}

template <Of<BinaryInt8Problem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("op", self.op);
  visit("a", self.a);
  visit("b", self.b);
  visit("output", self.output);
  visit("a_multiplier", self.a_multiplier);
  visit("b_multiplier", self.b_multiplier);
  visit("min", self.min);
  visit("max", self.max);
  visit("extents", self.extents);
  visit("strides", self.strides);
}

template <Of<QuantizeLinearProblem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("scale", self.scale);
  visit("output", self.output);
  visit("count", self.count);
}

template <Of<DequantizeLinearProblem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("scale", self.scale);
  visit("input", self.input);
  visit("count", self.count);
}

template <Of<SoftmaxF32Problem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("log", self.log);
  visit("rows", self.rows);
  visit("columns", self.columns);
  visit("inner", self.inner);
}

template <Of<PermuteProblem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("dims", self.dims);
  visit("permutation", self.permutation);
  visit("element_bytes", self.element_bytes);
}

template <Of<ConcatProblem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("outer", self.outer);
  visit("blocks", self.blocks);
}

template <Of<CastProblem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("from", self.from);
  visit("to", self.to);
  visit("count", self.count);
}

template <Of<LookupProblem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("count", self.count);
}

template <Of<MatMulF32Problem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("batch", self.batch);
  visit("a_strides", self.a_strides);
  visit("b_strides", self.b_strides);
  visit("rows", self.rows);
  visit("columns", self.columns);
  visit("inner", self.inner);
  visit("clamp", self.clamp);
}

template <Of<ElementwiseProblem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("op", self.op);
  visit("type", self.type);
  visit("extents", self.extents);
  visit("strides", self.strides);
}

template <Of<StridedCopyProblem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("extents", self.extents);
  visit("strides", self.strides);
  visit("offset", self.offset);
  visit("elements", self.elements);
  visit("element_bytes", self.element_bytes);
}

template <Of<PadProblem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("dims", self.dims);
  visit("begins", self.begins);
  visit("ends", self.ends);
  visit("mode", self.mode);
  visit("has_value", self.has_value);
  visit("element_bytes", self.element_bytes);
}

template <Of<GatherProblem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("outer", self.outer);
  visit("extent", self.extent);
  visit("inner_bytes", self.inner_bytes);
  visit("count", self.count);
  visit("index_type", self.index_type);
}

template <Of<ReduceProblem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("op", self.op);
  visit("type", self.type);
  visit("extents", self.extents);
  visit("reduced", self.reduced);
}

template <Of<ArgReduceProblem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("largest", self.largest);
  visit("last", self.last);
  visit("type", self.type);
  visit("outer", self.outer);
  visit("extent", self.extent);
  visit("inner", self.inner);
}

template <Of<LayerNormF32Problem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("rows", self.rows);
  visit("columns", self.columns);
  visit("epsilon", self.epsilon);
  visit("bias", self.bias);
}

template <Of<GroupNormF32Problem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("batch", self.batch);
  visit("channels", self.channels);
  visit("pixels", self.pixels);
  visit("groups", self.groups);
  visit("channels_last", self.channels_last);
  visit("epsilon", self.epsilon);
}

template <Of<MatMulInt8Problem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("batch", self.batch);
  visit("a_strides", self.a_strides);
  visit("b_strides", self.b_strides);
  visit("rows", self.rows);
  visit("columns", self.columns);
  visit("inner", self.inner);
  visit("a", self.a);
  visit("b", self.b);
  visit("multiplier", self.multiplier);
  visit("float_output", self.float_output);
  visit("output", self.output);
  visit("min", self.min);
  visit("max", self.max);
}

template <Of<TakeGridProblem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("outer", self.outer);
  visit("in_h", self.in_h);
  visit("in_w", self.in_w);
  visit("inner_bytes", self.inner_bytes);
  visit("rows", self.rows);
  visit("columns", self.columns);
}

template <Of<InterpolateF32Problem> Self, typename Visit>
void for_each_field(Self& self, const Visit& visit) {
  visit("outer", self.outer);
  visit("in_h", self.in_h);
  visit("in_w", self.in_w);
  visit("inner", self.inner);
  visit("row_taps", self.row_taps);
  visit("column_taps", self.column_taps);
  visit("rows", self.rows);
  visit("row_weights", self.row_weights);
  visit("columns", self.columns);
  visit("column_weights", self.column_weights);
}

// The values of an enumeration by name, from 0 on.
constexpr std::string_view kBinaryOpNames[] = {"add", "sub",         "reverse_sub", "mul",
                                               "div", "reverse_div", "max",         "min"};
constexpr std::string_view kBinaryOpInt8Names[] = {"add", "mul"};
constexpr std::string_view kUnaryOpNames[] = {
    "identity",   "leaky_relu", "sigmoid", "tanh", "exp",  "hard_sigmoid",
    "hard_swish", "silu",       "abs",     "neg",  "sqrt", "reciprocal",
    "floor",      "ceil",       "round",   "log",  "erf"};
constexpr std::string_view kOperandNames[] = {"same", "column", "scalar"};
constexpr std::string_view kPoolingKindNames[] = {"max", "mean", "mean_with_padding"};
constexpr std::string_view kElementTypeNames[] = {
    "float32", "float64", "float16", "bfloat16", "int8",   "uint8", "int16",
    "uint16",  "int32",   "uint32",  "int64",    "uint64", "bool"};

constexpr std::string_view kElementwiseOpNames[] = {"abs",     "neg",
                                                    "sign",    "not",
                                                    "sqrt",    "reciprocal",
                                                    "exp",     "log",
                                                    "erf",     "sin",
                                                    "cos",     "floor",
                                                    "ceil",    "round",
                                                    "add",     "sub",
                                                    "mul",     "div",
                                                    "pow",     "min",
                                                    "max",     "equal",
                                                    "less",    "less_or_equal",
                                                    "greater", "greater_or_equal",
                                                    "and",     "or",
                                                    "xor",     "select"};
static_assert(std::size(kElementwiseOpNames) ==
              static_cast<std::size_t>(ElementwiseOp::kSelect) + 1);
constexpr std::string_view kReduceOpNames[] = {"sum",  "mean",       "max", "min",
                                               "prod", "sum_square", "l1",  "l2"};
constexpr std::string_view kPadModeNames[] = {"constant", "edge", "reflect", "wrap"};

constexpr std::span<const std::string_view> field_names(ElementwiseOp) {
  return kElementwiseOpNames;
}
constexpr std::span<const std::string_view> field_names(ReduceOp) { return kReduceOpNames; }
constexpr std::span<const std::string_view> field_names(PadMode) { return kPadModeNames; }
constexpr std::span<const std::string_view> field_names(BinaryOpInt8) { return kBinaryOpInt8Names; }
constexpr std::span<const std::string_view> field_names(BinaryOpF32) { return kBinaryOpNames; }
constexpr std::span<const std::string_view> field_names(UnaryOpF32) { return kUnaryOpNames; }
constexpr std::span<const std::string_view> field_names(OperandF32) { return kOperandNames; }
constexpr std::span<const std::string_view> field_names(PoolingKind) { return kPoolingKindNames; }
constexpr std::span<const std::string_view> field_names(ElementType) { return kElementTypeNames; }

// The alternatives of Problem by name, in their order.
constexpr std::string_view kProblemNames[] = {"convolution_f32",
                                              "convolution_int8",
                                              "binary_f32",
                                              "unary_f32",
                                              "pooling_f32",
                                              "pooling_int8",
                                              "binary_int8",
                                              "quantize_linear",
                                              "dequantize_linear",
                                              "softmax_f32",
                                              "permute",
                                              "concat",
                                              "cast",
                                              "lookup",
                                              "mat_mul_f32",
                                              "elementwise",
                                              "strided_copy",
                                              "pad",
                                              "gather",
                                              "reduce",
                                              "layer_norm_f32",
                                              "mat_mul_int8",
                                              "take_grid",
                                              "interpolate_f32",
                                              "arg_reduce",
                                              "group_norm_f32"};
static_assert(std::size(kProblemNames) == std::variant_size_v<Problem>);

}  // namespace lathe::kernels
