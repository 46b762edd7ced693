#include "ops/pad.h"

#include <algorithm>

#include "ops/axes_input.h"
#include "ops/element_copy.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_pad(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  const std::string mode = context.attributes().get_string("mode");
  if (mode != "constant" && mode != "edge" && mode != "reflect" && mode != "wrap")
    return invalid_data("mode is '{}', expected constant, edge, reflect or wrap", mode);
  if (!x.shape) return std::vector{x};
  ir::Shape shape(x.shape->size());
  if (context.constant(1) != nullptr && (!context.has_input(3) || context.constant(3) != nullptr)) {
    ASSIGN_OR_RETURN(const Dims axes, constant_axes(context, 3));
    ASSIGN_OR_RETURN(const Pads pads,
                     resolve_pads(context.constant(1)->to_int64s(), axes, shape.size()));
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (!(*x.shape)[i].known()) {
        shape[i] = ir::Dim((*x.shape)[i].symbolic() + (pads.begin[i] + pads.end[i]));
        continue;
      }
      const std::int64_t extent = (*x.shape)[i].value();
      const std::int64_t padded = extent + pads.begin[i] + pads.end[i];
      if (padded < 0) return invalid_data("pads remove more than axis {} has", i);
      if (mode == "reflect" &&
          std::max(pads.begin[i], pads.end[i]) >= std::max<std::int64_t>(extent, 1)) {
        return invalid_data("reflected padding is wider than axis {}", i);
      }
      if ((mode == "edge" || mode == "wrap") && extent == 0 && padded > 0)
        return invalid_data("axis {} has nothing to pad with", i);
      shape[i] = padded;
    }
  }
  return std::vector{ir::TensorType{x.data_type, shape}};
}

Result<Values> evaluate_pad(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const std::string mode = context.attributes().get_string("mode");
  const Dims axes = context.has_input(3) ? context.inputs[3].to_int64s() : Dims{};
  ASSIGN_OR_RETURN(const Pads pads, resolve_pads(context.inputs[1].to_int64s(), axes, x.rank()));
  Dims dims(x.dims());
  for (std::size_t i = 0; i < dims.size(); ++i) dims[i] += pads.begin[i] + pads.end[i];
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  const bool filled = context.has_input(2);
  ElementCopier copier(x, y);
  std::optional<ElementCopier> filler;
  if (filled) filler.emplace(context.inputs[2], y);
  const Dims strides = row_major_strides(x.dims());
  Dims index(dims.size(), 0);
  for (std::int64_t o = 0; o < y.num_elements(); ++o) {
    std::int64_t i = 0;
    bool inside = true;
    for (std::size_t d = 0; d < dims.size(); ++d) {
      std::int64_t at = index[d] - pads.begin[d];
      if (mode == "edge") at = std::clamp<std::int64_t>(at, 0, x.dim(d) - 1);
      if (mode == "reflect") {
        if (at < 0) at = -at;
        if (at >= x.dim(d)) at = 2 * (x.dim(d) - 1) - at;
      }
      if (mode == "wrap") at = ((at % x.dim(d)) + x.dim(d)) % x.dim(d);
      inside = inside && at >= 0 && at < x.dim(d);
      i += at * strides[d];
    }
    if (inside) {
      copier.copy(i, o);
    } else if (filled) {
      filler->copy(0, o);
    }
    next_index(index, dims);
  }
  return std::vector{std::move(y)};
}

}  // namespace

Result<Pads> resolve_pads(const Dims& pads, const Dims& axes, std::size_t rank) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 40;
  Pads result{Dims(rank, 0), Dims(rank, 0)};
  ASSIGN_OR_RETURN(std::vector<std::size_t> named, normalize_axes(axes, rank));
  if (axes.empty()) {
    for (std::size_t i = 0; i < rank; ++i) named.push_back(i);
  }
  if (pads.size() != named.size() * 2) {
    return invalid_data("pads has {} values, expected {}", pads.size(), named.size() * 2);
  }
  for (std::size_t i = 0; i < named.size(); ++i) {
    result.begin[named[i]] = pads[i];
    result.end[named[i]] = pads[i + named.size()];
    for (const std::int64_t pad : {pads[i], pads[i + named.size()]}) {
      if (pad < -kLimit || pad > kLimit) return invalid_data("pads has the value {}", pad);
    }
  }
  return result;
}

OpDef define_Pad() {
  return {.name = "Pad",
          .infer = infer_pad,
          .evaluate = evaluate_pad,
          .operand_shapes = {{1, OperandShape::Rule::kVector},
                             {2, OperandShape::Rule::kOneElement},
                             {3, OperandShape::Rule::kScalarOrVector}}};
}

}  // namespace lathe::ops
