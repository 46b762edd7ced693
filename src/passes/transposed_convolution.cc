#include "passes/transposed_convolution.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/checked_math.h"
#include "ops/attributes.h"
#include "ops/conv_transpose.h"

namespace lathe::passes {
namespace {

using Dims = std::vector<std::int64_t>;

constexpr std::int64_t kMostPhases = 4096;
// Beyond these nothing that is reckoned here overflows.
constexpr std::int64_t kMostReach = std::int64_t{1} << 31;
// Taps that are missing in a dilated kernel are zeros in what it becomes: so many times its
// elements, or so many elements, are no gain any more.
constexpr std::int64_t kMostGrowth = 64;
constexpr std::int64_t kFewElements = 1 << 16;

}  // namespace

std::int64_t TransposedConvolution::phases() const { return ops::product_of(strides); }

ir::Tensor TransposedConvolution::weights(const ir::Tensor& transposed,
                                          const std::vector<std::int64_t>& fill) const {
  const std::int64_t group_inputs = transposed.dim(0) / group;
  Dims dims{group * phases() * group_outputs, group_inputs};
  dims.insert(dims.end(), taps.begin(), taps.end());
  ir::Tensor result = ir::Tensor::zeros(transposed.data_type(), dims);
  const auto bytes = static_cast<std::size_t>(ir::bits_per_element(result.data_type()) / 8);
  const Dims strides_from = ops::row_major_strides(transposed.dims());
  const auto from = transposed.bytes();
  const auto to = result.mutable_bytes();
  Dims index(dims.size(), 0);
  for (std::int64_t at = 0; at < result.num_elements(); ++at, ops::next_index(index, dims)) {
    const std::int64_t c = index[0] % group_outputs;
    const std::int64_t g = index[0] / group_outputs / phases();
    std::int64_t phase = index[0] / group_outputs % phases();
    std::int64_t source = (g * group_inputs + index[1]) * strides_from[0] + c * strides_from[1];
    bool present = true;
    for (std::size_t axis = taps.size(); axis-- > 0;) {
      // Where the tap lies in the dilated kernel: the last of a convolution is the first.
      const std::int64_t place =
          phase % strides[axis] + strides[axis] * (taps[axis] - 1 - index[axis + 2]);
      phase /= strides[axis];
      present = present && place % dilations[axis] == 0 && place / dilations[axis] < kernel[axis];
      if (present) source += place / dilations[axis] * strides_from[axis + 2];
    }
    if (present) {
      std::memcpy(&to[static_cast<std::size_t>(at) * bytes],
                  &from[static_cast<std::size_t>(source) * bytes], bytes);
    } else if (const std::int64_t value = fill[fill.size() == 1 ? 0 : static_cast<std::size_t>(c)];
               value != 0) {
      result.set_double(at, static_cast<double>(value));
    }
  }
  return result;
}

ir::Tensor TransposedConvolution::per_channel(const ir::Tensor& values) const {
  const std::int64_t count = group * phases() * group_outputs;
  ir::Tensor result = ir::Tensor::zeros(values.data_type(), {count});
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t channel = i / group_outputs / phases() * group_outputs + i % group_outputs;
    result.set_double(i, values.get_double(channel % values.num_elements()));
  }
  return result;
}

ir::ValueId TransposedConvolution::assemble(ir::ValueId made, Patch& patch) const {
  if (phases() > 1) {
    made = patch.add_node({.domain = std::string(ir::kLatheDomain),
                           .op_type = "Interleave",
                           .inputs = {made},
                           .attributes = {{"blocks", strides}, {"group", group}}});
  }
  Dims starts;
  Dims ends;
  Dims axes;
  for (std::size_t axis = 0; axis < strides.size(); ++axis) {
    if (crop_begin[axis] == 0 && crop_end[axis] == 0) continue;
    starts.push_back(crop_begin[axis]);
    ends.push_back(crop_end[axis] == 0 ? std::numeric_limits<std::int64_t>::max()
                                       : -crop_end[axis]);
    axes.push_back(static_cast<std::int64_t>(axis) + 2);
  }
  if (axes.empty()) return made;
  const auto constant = [&](const char* name, const Dims& values) {
    return patch.add_constant(name, ir::Tensor::vector_int64(values));
  };
  return patch.add_node({.op_type = "Slice",
                         .inputs = {made, constant("crop.starts", starts),
                                    constant("crop.ends", ends), constant("crop.axes", axes)}});
}

std::optional<TransposedConvolution> transposed_convolution(const ir::Graph& graph,
                                                            const ir::Node& node,
                                                            const ir::Tensor& weights) {
  const ir::TensorType& x = graph.tensor_type(node.input(0));
  const auto resolved = ops::resolve_transposed(node, x, weights.type());
  if (!resolved.ok() || !*resolved || ir::bits_per_element(weights.data_type()) < 8)
    return std::nullopt;
  const ops::TransposedWindow& window = **resolved;
  TransposedConvolution result;
  result.kernel = window.kernel;
  result.strides = window.strides;
  result.dilations = window.dilations;
  result.group = ops::attributes(node).get_int("group");
  result.group_outputs = weights.dim(1);
  const auto phases = checked_product(result.strides);
  if (weights.num_elements() == 0 || !phases || *phases > kMostPhases) return std::nullopt;
  Dims pads_begin;
  Dims pads_end;
  for (std::size_t axis = 0; axis < window.kernel.size(); ++axis) {
    const std::int64_t stride = window.strides[axis];
    if (window.dilations[axis] > kMostReach / window.kernel[axis]) return std::nullopt;
    const std::int64_t reach = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
    std::int64_t taps = (reach + stride - 1) / stride;
    // Of the whole output, which has `stride` pixels for each input and each tap but one, what the
    // pads cut off at its ends.
    const std::int64_t begin = window.pads_begin[axis];
    const auto left_over =
        ((*x.shape)[axis + 2].symbolic() * stride - begin - window.output[axis + 2].symbolic())
            .number();
    if (!left_over) return std::nullopt;
    std::int64_t end = *left_over + stride * (taps - 1);
    if (end < 0) {
      const std::int64_t more = (-end + stride - 1) / stride;
      taps += more;
      end += more * stride;
    }
    const std::int64_t spare_begin = std::min(begin / stride, taps - 1);
    const std::int64_t spare_end = std::min(end / stride, taps - 1);
    result.taps.push_back(taps);
    result.crop_begin.push_back(begin - spare_begin * stride);
    result.crop_end.push_back(end - spare_end * stride);
    pads_begin.push_back(taps - 1 - spare_begin);
    pads_end.push_back(taps - 1 - spare_end);
  }
  Dims elements{weights.dim(0), result.group_outputs, *phases};
  elements.insert(elements.end(), result.taps.begin(), result.taps.end());
  const auto count = checked_product(elements);
  if (!count || *count > std::max(kFewElements, kMostGrowth * weights.num_elements()))
    return std::nullopt;
  pads_begin.insert(pads_begin.end(), pads_end.begin(), pads_end.end());
  result.convolution = {
      {"kernel_shape", result.taps}, {"pads", pads_begin}, {"group", result.group}};
  return result;
}

}  // namespace lathe::passes
