#include <algorithm>
#include <fmt/format.h>

#include "base/checked_math.h"
#include "ops/interpolation.h"
#include "ops/named_extents.h"
#include "ops/window.h"

namespace lathe::ops {
namespace deform_conv {
namespace {

enum Input : std::size_t { kX, kW, kOffset, kBias, kMask };

// `count` names: D1, D2, ...
void append_names(std::vector<std::string>& names, std::string_view prefix, std::size_t count) {
  for (std::size_t i = 1; i <= count; ++i) names.push_back(fmt::format("{}{}", prefix, i));
}

Result<std::int64_t> positive_attribute(const Attributes& attributes, std::string_view name) {
  const std::int64_t value = attributes.get_int(name);
  if (value >= 1) return value;
  return invalid_data("{} is {}", name, value);
}

// The kernel's extents, from kernel_shape or the weights; empty where neither tells them.
Result<Dims> kernel_extents(const InferContext& context, std::size_t axes) {
  const Dims* stated = context.attributes().find_ints("kernel_shape");
  const auto& w = context.input(kW).shape;
  Dims kernel;
  if (w && w->size() == axes + 2) {
    const auto known = ir::known_dims(ir::Shape(w->begin() + 2, w->end()));
    if (known && stated != nullptr && *known != *stated) {
      return invalid_data("kernel_shape is {}, but the weights have shape {}",
                          ir::to_string(*stated), ir::to_string(*w));
    }
    kernel = known.value_or(Dims{});
  }
  if (kernel.empty() && stated != nullptr) kernel = *stated;
  if (!kernel.empty() && kernel.size() != axes)
    return invalid_data("kernel_shape has {} values, expected {}", kernel.size(), axes);
  for (const std::int64_t extent : kernel)
    if (extent < 1) return invalid_data("a kernel of {}", ir::to_string(kernel));
  return kernel;
}

// Without auto_pad, which the operator does not have.
Result<Window> deform_window(const ir::Node& node, const Dims& kernel) {
  const std::size_t axes = kernel.size();
  Window window;
  window.kernel = kernel;
  ASSIGN_OR_RETURN(window.strides, window_attribute(node, "strides", axes, 1, 1));
  ASSIGN_OR_RETURN(window.dilations, window_attribute(node, "dilations", axes, 1, 1));
  ASSIGN_OR_RETURN(const Dims pads, window_attribute(node, "pads", axes * 2, 0, 0));
  RETURN_IF_ERROR(check_reach(kernel, window.dilations));
  window.pads_begin.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes));
  window.pads_end.assign(pads.begin() + static_cast<std::ptrdiff_t>(axes), pads.end());
  return window;
}

// Channels of the input, of the weights and of the output, as far as they are known.
Status check_channels(const NamedExtents& extents, std::int64_t group, std::int64_t offset_group) {
  const ir::Dim channels = extents["C"];
  const ir::Dim per_group = extents["C/group"];
  if (channels.known() && channels.value() % group != 0)
    return invalid_data("{} input channels are not divisible by group {}", channels.value(), group);
  if (channels.known() && channels.value() % offset_group != 0) {
    return invalid_data("{} input channels are not divisible by offset_group {}", channels.value(),
                        offset_group);
  }
  if (channels.known() && per_group.known() && channels.value() / group != per_group.value()) {
    return invalid_data("weights of {} channels with group {} do not fit an input of {}",
                        per_group.value(), group, channels.value());
  }
  const ir::Dim outputs = extents["oC"];
  if (outputs.known() && outputs.value() % group != 0)
    return invalid_data("{} output channels are not divisible by group {}", outputs.value(), group);
  return {};
}

// How many spatial axes there are; 0 where no input has a rank.
std::size_t deform_axes(const InferContext& context) {
  for (const std::size_t input : {kX, kW, kOffset, kMask}) {
    if (context.has_input(input) && context.input(input).shape)
      return std::max<std::size_t>(context.input(input).shape->size(), 2) - 2;
  }
  return 0;
}

Result<Types> infer_deform_conv(const InferContext& context) {
  const Attributes attributes = context.attributes();
  ASSIGN_OR_RETURN(const std::int64_t group, positive_attribute(attributes, "group"));
  ASSIGN_OR_RETURN(const std::int64_t offset_group, positive_attribute(attributes, "offset_group"));
  const ir::DataType type = context.input(kX).data_type;
  const std::size_t axes = deform_axes(context);
  if (axes == 0) {
    if (context.input(kX).shape) {
      return invalid_data("{} has shape {}, expected [N,C,spatial...]", context.place(kX),
                          ir::to_string(*context.input(kX).shape));
    }
    return std::vector{ir::TensorType{type, std::nullopt}};
  }
  if (axes > kMostInterpolatedAxes)
    return unsupported("{} spatial axes, expected at most {}", axes, kMostInterpolatedAxes);
  std::vector<std::string> x{"N", "C"};
  std::vector<std::string> w{"oC", "C/group"};
  std::vector<std::string> offset{"N", "offsets"};
  std::vector<std::string> mask{"N", "samples"};
  append_names(x, "D", axes);
  append_names(w, "k", axes);
  append_names(offset, "o", axes);
  append_names(mask, "o", axes);

  NamedExtents extents(context);
  RETURN_IF_ERROR(extents.match(kX, x));
  RETURN_IF_ERROR(extents.match(kW, w));
  RETURN_IF_ERROR(extents.match(kBias, {"oC"}));
  RETURN_IF_ERROR(check_channels(extents, group, offset_group));
  ASSIGN_OR_RETURN(const Dims kernel, kernel_extents(context, axes));
  if (!kernel.empty()) {
    ASSIGN_OR_RETURN(const Window window, deform_window(context.node(), kernel));
    Dims samples = kernel;
    samples.push_back(offset_group);
    const auto count = checked_product(samples);
    samples.push_back(static_cast<std::int64_t>(axes));
    const auto offsets = checked_product(samples);
    if (!offsets) return invalid_data("offset_group is {}", offset_group);
    extents.set("samples", *count);
    extents.set("offsets", *offsets);
    if (context.input(kX).shape) {
      ASSIGN_OR_RETURN(const ir::Shape made,
                       window_output_shape(window, *context.input(kX).shape, extents["oC"], false));
      for (std::size_t i = 2; i < made.size(); ++i) extents.set(offset[i], made[i]);
    }
  }
  RETURN_IF_ERROR(extents.match(kOffset, offset));
  RETURN_IF_ERROR(extents.match(kMask, mask));
  ir::Shape output{extents["N"], extents["oC"]};
  for (std::size_t i = 2; i < offset.size(); ++i) output.push_back(extents[offset[i]]);
  return std::vector{ir::TensorType{type, std::move(output)}};
}

// What one window of the input is, sampled where its offsets say.
class DeformedWindow {
 public:
  DeformedWindow(const EvaluateContext& context, Window window)
      : window_(std::move(window)),
        x_(context.inputs[kX].cast(ir::DataType::kFloat64)),
        offset_(context.inputs[kOffset].cast(ir::DataType::kFloat64)),
        offset_groups_(context.attributes().get_int("offset_group")),
        samples_(product_of(window_.kernel)),
        strides_(row_major_strides(x_.dims())) {
    if (context.has_input(kMask)) mask_ = context.inputs[kMask].cast(ir::DataType::kFloat64);
    places_ = product_of(std::span(offset_.dims()).subspan(2));
  }

  [[nodiscard]] std::int64_t samples() const { return samples_; }
  [[nodiscard]] std::int64_t places() const { return places_; }

  // Fills columns[channel * samples() + tap] for the output at `index`, the place number `place`.
  void sample(std::int64_t batch, std::int64_t place, const Dims& index,
              std::span<double> columns) const {
    const std::size_t axes = window_.kernel.size();
    const std::int64_t channels = x_.dim(1) / offset_groups_;
    std::vector<AxisTaps> taps(axes);
    for (std::int64_t group = 0; group < offset_groups_; ++group) {
      Dims tap(axes, 0);
      for (std::int64_t t = 0; t < samples_; ++t) {
        const std::int64_t sample = (batch * offset_groups_ + group) * samples_ + t;
        for (std::size_t axis = 0; axis < axes; ++axis) {
          const std::int64_t moved =
              sample * static_cast<std::int64_t>(axes) + static_cast<std::int64_t>(axis);
          const std::int64_t at = index[axis] * window_.strides[axis] - window_.pads_begin[axis] +
                                  tap[axis] * window_.dilations[axis];
          taps[axis] = {};
          add_linear_taps(taps[axis], static_cast<double>(at) + element(offset_, moved, place),
                          x_.dim(axis + 2));
        }
        const double factor = mask_.defined() ? element(mask_, sample, place) : 1;
        for (std::int64_t c = group * channels; c < (group + 1) * channels; ++c) {
          columns[static_cast<std::size_t>(c * samples_ + t)] =
              factor * interpolate(x_.data<double>(), batch * strides_[0] + c * strides_[1], taps,
                                   std::span(strides_).subspan(2));
        }
        next_index(tap, window_.kernel);
      }
    }
  }

 private:
  [[nodiscard]] double element(const ir::Tensor& tensor, std::int64_t plane,
                               std::int64_t place) const {
    return tensor.data<double>()[static_cast<std::size_t>(plane * places_ + place)];
  }

  Window window_;
  ir::Tensor x_;
  ir::Tensor offset_;
  ir::Tensor mask_;
  std::int64_t offset_groups_;
  std::int64_t samples_;  // in one window
  Dims strides_;
  std::int64_t places_ = 0;  // of the output
};

Result<Values> evaluate_deform_conv(const EvaluateContext& context) {
  const Dims& weights = context.inputs[kW].dims();
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(Window window,
                   deform_window(context.node, Dims(weights.begin() + 2, weights.end())));
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kFloat64, dims));
  if (y.num_elements() == 0) return std::vector{y.cast(context.inputs[kX].data_type())};
  const DeformedWindow deformed(context, std::move(window));
  const ir::Tensor w = context.inputs[kW].cast(ir::DataType::kFloat64);
  const ir::Tensor bias =
      context.has_input(kBias) ? context.inputs[kBias].cast(ir::DataType::kFloat64) : ir::Tensor();
  const auto out = y.mutable_data<double>();
  const std::int64_t outputs_per_group = dims[1] / context.attributes().get_int("group");
  const auto row = static_cast<std::size_t>(weights[1] * deformed.samples());
  std::vector<double> columns(
      static_cast<std::size_t>(context.inputs[kX].dim(1) * deformed.samples()));
  const Dims places(dims.begin() + 2, dims.end());
  for (std::int64_t batch = 0; batch < dims[0]; ++batch) {
    Dims index(places.size(), 0);
    for (std::int64_t place = 0; place < deformed.places(); ++place) {
      deformed.sample(batch, place, index, columns);
      for (std::int64_t m = 0; m < dims[1]; ++m) {
        const auto own = w.data<double>().subspan(static_cast<std::size_t>(m) * row, row);
        const auto taken = std::span<const double>(columns).subspan(
            static_cast<std::size_t>(m / outputs_per_group) * row, row);
        double sum = bias.defined() ? bias.data<double>()[static_cast<std::size_t>(m)] : 0;
        for (std::size_t i = 0; i < row; ++i) sum += own[i] * taken[i];
        out[static_cast<std::size_t>((batch * dims[1] + m) * deformed.places() + place)] = sum;
      }
      next_index(index, places);
    }
  }
  return std::vector{y.cast(context.inputs[kX].data_type())};
}

std::optional<std::int64_t> macs_deform_conv(const ir::Node&,
                                             std::span<const ir::TensorType> inputs,
                                             std::span<const ir::TensorType> outputs) {
  const Dims w = require_dims(inputs[kW]);
  Dims factors = require_dims(outputs[0]);
  factors.insert(factors.end(), w.begin() + 1, w.end());
  return checked_product(factors);
}

}  // namespace
}  // namespace deform_conv

OpDef define_DeformConv() {
  return {.name = "DeformConv",
          .infer = deform_conv::infer_deform_conv,
          .evaluate = deform_conv::evaluate_deform_conv,
          .macs = deform_conv::macs_deform_conv};
}

}  // namespace lathe::ops
