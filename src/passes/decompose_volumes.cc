#include <cstring>

#include "ops/attributes.h"
#include "ops/window.h"
#include "passes/passes.h"

namespace lathe::passes {
namespace {

constexpr std::string_view kOperators[] = {"AveragePool", "Conv", "MaxPool"};

using ir::ValueId;
using Dims = std::vector<std::int64_t>;

// What looks at volumes, [N, C, D, H, W], as operators on its images: those that a depth of the
// kernel sees are convolved, or pooled, and summed, or the largest taken. So the kernels of images
// compute it.
class Volumes {
 public:
  Volumes(const ir::Graph& graph, const ir::Node& node) : graph_(graph), node_(node) {}

  bool apply() {
    const auto in = extents(node_.input(0));
    const auto out = extents(node_.output());
    if (!in || !out || !find_window(*in)) return false;
    in_ = *in;
    out_ = *out;
    return node_.op_type == "Conv" ? convolve() : pool();
  }
  Patch take() { return std::move(patch_); }

 private:
  // Of [N, C, D, H, W] in float32, 0 for an N that is open; nothing where more is.
  [[nodiscard]] std::optional<Dims> extents(ValueId value) const {
    const ir::TensorType& type = graph_.tensor_type(value);
    if (type.data_type != ir::DataType::kFloat32 || !type.shape || type.shape->size() != 5)
      return std::nullopt;
    Dims dims;
    for (std::size_t i = 0; i < 5; ++i) {
      const ir::Dim& extent = type.shape->at(i);
      if (i > 0 && (!extent.known() || extent.value() == 0)) return std::nullopt;
      dims.push_back(extent.known() ? extent.value() : 0);
    }
    return dims;
  }

  bool find_window(const Dims& in) {
    Dims kernel;
    if (node_.op_type == "Conv") {
      const ir::Tensor* weights = graph_.constant(node_.input(1));
      if (weights == nullptr || weights->rank() != 5 ||
          weights->data_type() != ir::DataType::kFloat32)
        return false;
      kernel.assign(weights->dims().begin() + 2, weights->dims().end());
    } else {
      const auto given = ops::required_kernel_shape(node_, 3);
      if (!given.ok() || ops::attributes(node_).get_int("ceil_mode") != 0) return false;
      kernel = *given;
    }
    const ir::Shape spatial = ir::make_shape(std::span(in).subspan(2));
    const auto window = ops::resolve_window(node_, kernel, spatial);
    if (!window.ok()) return false;
    window_ = *window;
    return true;
  }

  ValueId integers(const Dims& values) {
    return patch_.add_constant("integers", ir::Tensor::vector_int64(values));
  }
  ValueId add(std::string_view op, std::vector<ValueId> inputs, ir::AttributeMap attributes = {}) {
    return patch_.add_node({.name = node_.name,
                            .op_type = std::string(op),
                            .inputs = std::move(inputs),
                            .attributes = std::move(attributes)});
  }
  ValueId swap_depth(ValueId x) { return add("Transpose", {x}, {{"perm", Dims{0, 2, 1, 3, 4}}}); }
  // [N, depth, ...] of N * depth images, or the other way round.
  ValueId reshape(ValueId x, Dims dims) {
    if (in_[0] == 0) {
      dims[0] = -1;
    } else {
      dims[0] = dims.size() == 5 ? in_[0] : in_[0] * out_[2];
    }
    return add("Reshape", {x, integers(dims)});
  }

  // The volumes as [N, D, C, H, W], with `fill` before and behind where the window has pads.
  ValueId padded(ValueId x, float fill) {
    if (window_.pads_begin[0] > 0 || window_.pads_end[0] > 0) {
      const Dims pads{0, 0, window_.pads_begin[0], 0, 0, 0, 0, window_.pads_end[0], 0, 0};
      std::vector<ValueId> inputs{x, integers(pads)};
      if (fill != 0) inputs.push_back(patch_.add_constant("fill", ir::Tensor::scalar(fill)));
      x = add("Pad", std::move(inputs));
    }
    return swap_depth(x);
  }
  // Of padded volumes the images that depth `tap` of the kernel sees, one behind the other.
  ValueId images(ValueId volumes, std::int64_t tap, const Dims& image) {
    const std::int64_t first = tap * window_.dilations[0];
    const std::int64_t stride = window_.strides[0];
    const ValueId seen =
        add("Slice", {volumes, integers({first}), integers({first + (out_[2] - 1) * stride + 1}),
                      integers({1}), integers({stride})});
    return reshape(seen, {0, image[1], image[3], image[4]});
  }
  void finish(ValueId made) {
    patch_.replace_uses(node_.output(),
                        swap_depth(reshape(made, {0, out_[2], out_[1], out_[3], out_[4]})));
  }

  // Attributes of the same window on images.
  [[nodiscard]] ir::AttributeMap flat_window() const {
    const auto rest = [](const Dims& dims) { return Dims(dims.begin() + 1, dims.end()); };
    Dims pads = rest(window_.pads_begin);
    pads.insert(pads.end(), window_.pads_end.begin() + 1, window_.pads_end.end());
    return {{"kernel_shape", rest(window_.kernel)},
            {"strides", rest(window_.strides)},
            {"dilations", rest(window_.dilations)},
            {"pads", std::move(pads)}};
  }

  bool convolve() {
    const ir::Tensor& weights = *graph_.constant(node_.input(1));
    const std::string& name = graph_.value(node_.input(1)).name;
    ir::AttributeMap attributes = flat_window();
    attributes["group"] = ops::attributes(node_).get_int("group");
    const ValueId volumes = padded(node_.input(0), 0);
    ValueId sum = ir::kNoValue;
    for (std::int64_t tap = 0; tap < window_.kernel[0]; ++tap) {
      std::vector<ValueId> inputs{images(volumes, tap, in_),
                                  patch_.add_constant(name + ".depth", of_depth(weights, tap))};
      if (tap == 0 && node_.input(2) != ir::kNoValue) inputs.push_back(node_.input(2));
      const ValueId product = add("Conv", std::move(inputs), attributes);
      sum = tap == 0 ? product : add("Add", {product, sum});
    }
    finish(sum);
    return true;
  }

  static ir::Tensor of_depth(const ir::Tensor& weights, std::int64_t tap) {
    const auto dims = weights.dims();
    ir::Tensor part =
        ir::Tensor::zeros(weights.data_type(), Dims{dims[0], dims[1], dims[3], dims[4]});
    const auto image = static_cast<std::size_t>(dims[3] * dims[4]);
    const auto from = weights.data<float>();
    const auto to = part.mutable_data<float>();
    for (std::size_t i = 0; i * image < to.size(); ++i) {
      const std::size_t source =
          i * static_cast<std::size_t>(dims[2]) + static_cast<std::size_t>(tap);
      std::copy_n(&from[source * image], image, &to[i * image]);
    }
    return part;
  }

  // Means are those of images' means, since how many inputs count is a product over the axes.
  bool pool() {
    const bool largest = node_.op_type == "MaxPool";
    if (largest && node_.outputs.size() > 1) return false;
    ir::AttributeMap attributes = flat_window();
    if (largest) {
      // Of a window on padding alone.
      for (std::size_t axis = 0; axis < 3; ++axis)
        if (std::max(window_.pads_begin[axis], window_.pads_end[axis]) >= window_.kernel[axis])
          return false;
    } else {
      attributes["count_include_pad"] = ops::attributes(node_).get_int("count_include_pad");
    }
    const ValueId volumes =
        padded(node_.input(0), largest ? -std::numeric_limits<float>::infinity() : 0);
    ValueId result = ir::kNoValue;
    for (std::int64_t tap = 0; tap < window_.kernel[0]; ++tap) {
      const ValueId pooled = add(node_.op_type, {images(volumes, tap, in_)}, attributes);
      result = tap == 0 ? pooled : add(largest ? "Max" : "Add", {pooled, result});
    }
    if (!largest) {
      const ValueId means = reshape(result, {0, out_[2], out_[1], out_[3], out_[4]});
      patch_.replace_uses(node_.output(), swap_depth(add("Mul", {means, shares()})));
      return true;
    }
    finish(result);
    return true;
  }

  // One by the inputs that count along the depth, [OD, 1, 1, 1].
  ValueId shares() {
    ir::Tensor shares = ir::Tensor::zeros(ir::DataType::kFloat32, {out_[2], 1, 1, 1});
    const bool all = ops::attributes(node_).get_int("count_include_pad") != 0;
    for (std::int64_t y = 0; y < out_[2]; ++y) {
      std::int64_t counted = 0;
      for (std::int64_t tap = 0; tap < window_.kernel[0]; ++tap) {
        const std::int64_t at =
            y * window_.strides[0] - window_.pads_begin[0] + tap * window_.dilations[0];
        counted += all || (at >= 0 && at < in_[2]) ? 1 : 0;
      }
      shares.mutable_data<float>()[static_cast<std::size_t>(y)] =
          counted == 0 ? 0.0F : 1.0F / static_cast<float>(counted);
    }
    return patch_.add_constant("shares", std::move(shares));
  }

  const ir::Graph& graph_;
  const ir::Node& node_;
  Patch patch_;
  ops::Window window_;
  Dims in_;
  Dims out_;
};

RuleResult apply(const ir::Graph& graph, ir::NodeId id) {
  Volumes volumes(graph, graph.node(id));
  if (!volumes.apply()) return std::nullopt;
  return volumes.take();
}

}  // namespace

const Rule kDecomposeVolumes{"decompose_volumes", kOperators, apply};

}  // namespace lathe::passes
