// DepthToSpace and SpaceToDepth, which is its way back.

#include "ops/element_copy.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<std::int64_t> block_size(const InferContext& context) {
  const std::int64_t size = context.attributes().get_int("blocksize");
  if (size < 1 || size > (1 << 20)) return invalid_data("blocksize is {}", size);
  const std::string& mode = context.attributes().get_string("mode");
  if (mode != "DCR" && mode != "CRD")
    return invalid_data("mode is '{}', expected DCR or CRD", mode);
  const auto& shape = context.input(0).shape;
  if (shape && shape->size() != 4)
    return invalid_data("input has shape {}, expected [N,C,H,W]", ir::to_string(*shape));
  return size;
}

// Refuses an extent that is not a multiple of a number.
Result<ir::Dim> divide_extent(const ir::Dim& extent, std::int64_t by, std::size_t axis) {
  if (extent.known() && extent.value() % by != 0) {
    return invalid_data("extent {} of axis {} is no multiple of {}, as blocksize asks for",
                        extent.value(), axis, by);
  }
  return ir::Dim(floor_div(extent.symbolic(), by));
}

ir::Dim multiply_extent(const ir::Dim& extent, std::int64_t by) {
  return ir::Dim(extent.symbolic() * by);
}

Result<Types> infer_depth_to_space(const InferContext& context) {
  ASSIGN_OR_RETURN(const std::int64_t block, block_size(context));
  ir::TensorType y = context.input(0);
  if (y.shape) {
    ir::Shape& shape = *y.shape;
    ASSIGN_OR_RETURN(shape[1], divide_extent(shape[1], block * block, 1));
    for (const std::size_t axis : {2, 3}) shape[axis] = multiply_extent(shape[axis], block);
  }
  return std::vector{y};
}

Result<Types> infer_space_to_depth(const InferContext& context) {
  ASSIGN_OR_RETURN(const std::int64_t block, block_size(context));
  ir::TensorType y = context.input(0);
  if (y.shape) {
    ir::Shape& shape = *y.shape;
    shape[1] = multiply_extent(shape[1], block * block);
    for (const std::size_t axis : {2, 3}) {
      ASSIGN_OR_RETURN(shape[axis], divide_extent(shape[axis], block, axis));
    }
  }
  return std::vector{y};
}

// Calls move(in the deep tensor, in the wide one) with the offsets of each element.
template <typename Move>
void for_each_moved(const Dims& deep, const Dims& wide, std::int64_t block, bool depth_first,
                    Move move) {
  const std::int64_t depth = wide[1];
  Dims index(4, 0);  // in the wide tensor
  for (std::int64_t to = 0; to < product_of(wide); ++to) {
    const std::int64_t in_block = index[2] % block * block + index[3] % block;
    const std::int64_t channel =
        depth_first ? in_block * depth + index[1] : index[1] * block * block + in_block;
    const std::int64_t from =
        ((index[0] * deep[1] + channel) * deep[2] + index[2] / block) * deep[3] + index[3] / block;
    move(from, to);
    next_index(index, wide);
  }
}

Result<Values> evaluate_blocks(const EvaluateContext& context, bool to_depth) {
  const ir::Tensor& x = context.inputs[0];
  const std::int64_t block = context.attributes().get_int("blocksize");
  const bool depth_first = context.attributes().get_string("mode") == "DCR";
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  ElementCopier copier(x, y);
  for_each_moved(to_depth ? dims : x.dims(), to_depth ? x.dims() : dims, block, depth_first,
                 [&](std::int64_t deep, std::int64_t wide) {
                   copier.copy(to_depth ? wide : deep, to_depth ? deep : wide);
                 });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_DepthToSpace() {
  return {
      .name = "DepthToSpace",
      .infer = infer_depth_to_space,
      .evaluate = [](const EvaluateContext& context) { return evaluate_blocks(context, false); },
      .traits = {.moves_elements = true}};
}

OpDef define_SpaceToDepth() {
  return {.name = "SpaceToDepth",
          .infer = infer_space_to_depth,
          .evaluate = [](const EvaluateContext& context) { return evaluate_blocks(context, true); },
          .traits = {.moves_elements = true}};
}

}  // namespace lathe::ops
