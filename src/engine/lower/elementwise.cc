#include <cmath>

#include "engine/lower/convolution_step.h"
#include "engine/lower/lower.h"
#include "engine/lower/quantized_inputs.h"
#include "kernels/elementwise_f32.h"
#include "kernels/elementwise_int8.h"

namespace lathe::engine {
namespace {

using kernels::BinaryOpF32;
using kernels::UnaryOpF32;

bool is_float(const PlanBuilder& builder, ir::ValueId value) {
  return builder.graph().value(value).type.data_type == ir::DataType::kFloat32;
}

std::int64_t product(const std::vector<std::int64_t>& dims) {
  std::int64_t count = 1;
  for (const std::int64_t extent : dims) count *= extent;
  return count;
}

BinaryOpF32 binary_op(const ir::Node& node, bool swapped) {
  if (node.op_type == "Add") return BinaryOpF32::kAdd;
  if (node.op_type == "Mul") return BinaryOpF32::kMul;
  if (node.op_type == "Sub") return swapped ? BinaryOpF32::kReverseSub : BinaryOpF32::kSub;
  return swapped ? BinaryOpF32::kReverseDiv : BinaryOpF32::kDiv;
}

// How the smaller operand repeats along the larger one.
enum class Repeat { kNone, kScalar, kChannels, kUnsupported };

Repeat repeat_of(const std::vector<std::int64_t>& small, const std::vector<std::int64_t>& out,
                 Layout layout) {
  if (small == out) return Repeat::kNone;
  if (product(small) == 1) return Repeat::kScalar;
  // One value per extent of a single axis, which must be the last one in memory.
  const std::size_t axis = layout == Layout::kChannelsLast && out.size() > 2 ? 1 : out.size() - 1;
  for (std::size_t i = 0; i < small.size(); ++i) {
    const std::size_t at = i + out.size() - small.size();
    if (small[i] != (at == axis ? out[axis] : 1)) return Repeat::kUnsupported;
  }
  return product(small) == out[axis] ? Repeat::kChannels : Repeat::kUnsupported;
}

}  // namespace

Result<bool> lower_binary(PlanBuilder& builder, const ir::Node& node) {
  if (!is_float(builder, node.input(0))) return false;
  ir::ValueId a = node.input(0);
  ir::ValueId b = node.input(1);
  const std::vector<std::int64_t> out = builder.dims(node.output());
  const bool swapped = builder.dims(a) != out;
  if (swapped) std::swap(a, b);
  if (builder.dims(a) != out || product(out) == 0) return false;
  Layout layout = builder.layout(a);
  if (builder.dims(b) == out && builder.layout(b) == Layout::kChannelsLast)
    layout = Layout::kChannelsLast;
  Repeat repeat = repeat_of(builder.dims(b), out, layout);
  if (repeat == Repeat::kUnsupported) {
    layout = layout == Layout::kChannelsLast ? Layout::kRowMajor : Layout::kChannelsLast;
    repeat = out.size() > 2 ? repeat_of(builder.dims(b), out, layout) : Repeat::kUnsupported;
    if (repeat == Repeat::kUnsupported) return false;
  }
  const PlanBuilder::Epilogue epilogue = builder.fuse_epilogue(node.output(), false);
  const kernels::BinaryF32 kernel(binary_op(node, swapped), epilogue.clamp, builder.isa());
  Step step = builder.step_for(node);
  step.op_type += epilogue.op_suffix;
  step.kernel = "binary_f32";
  step.inputs = {builder.slot(a, layout),
                 builder.slot(b, repeat == Repeat::kNone ? layout : Layout::kRowMajor)};
  step.outputs = {builder.define(epilogue.output, layout)};
  const std::int64_t count = product(out);
  const std::int64_t channels = product(builder.dims(b));
  step.run = [kernel, repeat, count, channels](const StepRun& r) -> Status {
    const auto* x = static_cast<const float*>(r.inputs[0]);
    const auto* y = static_cast<const float*>(r.inputs[1]);
    auto* z = static_cast<float*>(r.outputs[0]);
    if (repeat == Repeat::kNone) {
      kernel.run(x, y, z, count, r.pool);
    } else if (repeat == Repeat::kScalar) {
      kernel.run_scalar(x, *y, z, count, r.pool);
    } else {
      kernel.run_channels(x, y, z, count / channels, channels, r.pool);
    }
    return {};
  };
  builder.add_step(std::move(step));
  return true;
}

Result<bool> lower_unary(PlanBuilder& builder, const ir::Node& node) {
  if (!is_float(builder, node.input(0))) return false;
  kernels::UnaryParametersF32 parameters;
  if (node.op_type == "Relu") {
    parameters.clamp.min = 0;
  } else if (node.op_type == "Clip") {
    for (const std::size_t i : {1, 2}) {
      if (node.input(i) == ir::kNoValue) continue;
      const ir::Tensor* bound = builder.graph().constant(node.input(i));
      if (bound == nullptr) return false;
      (i == 1 ? parameters.clamp.min : parameters.clamp.max) = bound->data<float>()[0];
    }
    if (!(parameters.clamp.min <= parameters.clamp.max)) return false;
  } else if (node.op_type == "LeakyRelu") {
    parameters.op = UnaryOpF32::kLeakyRelu;
    parameters.alpha = node.attribute_float("alpha", 0.01F);
  } else if (node.op_type == "Sigmoid") {
    parameters.op = UnaryOpF32::kSigmoid;
  } else if (node.op_type == "Tanh") {
    parameters.op = UnaryOpF32::kTanh;
  } else if (node.op_type == "HardSigmoid") {
    parameters.op = UnaryOpF32::kHardSigmoid;
    parameters.alpha = node.attribute_float("alpha", 0.2F);
    parameters.beta = node.attribute_float("beta", 0.5F);
  } else {  // HardSwish
    parameters.op = UnaryOpF32::kHardSwish;
    parameters.alpha = 1.0F / 6.0F;
    parameters.beta = 0.5F;
  }
  const kernels::UnaryF32 kernel(parameters, builder.isa());
  const Layout layout = builder.layout(node.input(0));
  const std::int64_t count = product(builder.dims(node.output()));
  Step step = builder.step_for(node);
  step.kernel = "unary_f32";
  step.inputs = {builder.slot(node.input(0), layout)};
  step.outputs = {builder.define(node.output(), layout)};
  step.run = [kernel, count](const StepRun& r) -> Status {
    kernel.run(static_cast<const float*>(r.inputs[0]), static_cast<float*>(r.outputs[0]), count,
               r.pool);
    return {};
  };
  builder.add_step(std::move(step));
  return true;
}

// What is left of batch normalization after folding is a depthwise 1x1 convolution.
Result<bool> lower_batch_normalization(PlanBuilder& builder, const ir::Node& node) {
  const auto& x = builder.dims(node.input(0));
  if (!is_float(builder, node.input(0)) || x.size() < 2 || product(x) == 0) return false;
  const double epsilon = static_cast<double>(node.attribute_float("epsilon", 1e-5F));
  const ir::Tensor* parts[4];
  for (std::size_t i = 0; i < 4; ++i) {
    parts[i] = builder.graph().constant(node.input(i + 1));
    if (parts[i] == nullptr) return false;
  }
  std::vector<float> factor;
  std::vector<float> offset;
  for (std::int64_t c = 0; c < x[1]; ++c) {
    const double f = parts[0]->get_double(c) / std::sqrt(parts[3]->get_double(c) + epsilon);
    factor.push_back(static_cast<float>(f));
    offset.push_back(static_cast<float>(parts[1]->get_double(c) - parts[2]->get_double(c) * f));
  }
  kernels::ConvolutionShape shape;
  shape.batch = x[0];
  shape.in_c = shape.out_c = shape.groups = x[1];
  shape.in_w = shape.out_w = product(x) / (x[0] * x[1]);
  add_convolution_f32(builder, node, node.input(0), shape, factor, offset, Layout::kChannelsLast);
  return true;
}

Result<bool> lower_qlinear_add(PlanBuilder& builder, const ir::Node& node) {
  const ir::Graph& graph = builder.graph();
  const auto type_of = [&](ir::ValueId v) { return graph.value(v).type.data_type; };
  const auto a = quantized_tensor(graph, node, 1, type_of(node.input(0)));
  const auto b = quantized_tensor(graph, node, 4, type_of(node.input(3)));
  const auto y = quantized_tensor(graph, node, 6, type_of(node.output()));
  if (!a || !b || !y) return false;
  const kernels::AddInt8 kernel(
      {a->activation, b->activation, y->activation, a->scale / y->scale, b->scale / y->scale,
       y->activation.lowest(), y->activation.highest()},
      builder.isa());
  const Layout layout = builder.layout(node.input(0));
  const std::int64_t count = product(builder.dims(node.output()));
  Step step = builder.step_for(node);
  step.kernel = kernel.kernel_name();
  step.inputs = {builder.slot(node.input(0), layout), builder.slot(node.input(3), layout)};
  step.outputs = {builder.define(node.output(), layout)};
  step.run = [kernel, count](const StepRun& r) -> Status {
    kernel.run(r.inputs[0], r.inputs[1], r.outputs[0], count, r.pool);
    return {};
  };
  builder.add_step(std::move(step));
  return true;
}

}  // namespace lathe::engine
