#include <algorithm>
#include <array>

#include "base/checked_math.h"
#include "ops/element_copy.h"
#include "ops/op_def.h"

namespace lathe::ops {
namespace {

// Channels become pixels: X [N, group * blocks * C, spatial...] is Y [N, group * C, spatial *
// block...]. Of the channel (g * blocks + b) * C + c, b says where in its block, counted in
// row-major order, a pixel of channel g * C + c lies. What DepthToSpace does, for any number of
// axes and blocks that differ; group=1 is its mode DCR.
Result<Types> infer_interleave(const InferContext& context) {
  const Dims& blocks = *context.attributes().find_ints("blocks");
  const std::int64_t group = context.attributes().get_int("group");
  const auto count = checked_product(blocks);
  const bool positive =
      std::all_of(blocks.begin(), blocks.end(), [](std::int64_t block) { return block > 0; });
  if (!count || !positive || *count > (1 << 20)) return invalid_data("blocks are too large");
  ir::TensorType y = context.input(0);
  if (!y.shape) return std::vector{y};
  ir::Shape& shape = *y.shape;
  if (shape.size() != blocks.size() + 2)
    return invalid_data("{} blocks for an input of shape {}", blocks.size(), ir::to_string(shape));
  const auto divisor = checked_product(std::array{*count, std::max<std::int64_t>(group, 0)});
  if (group < 1 || !divisor || (shape[1].known() && shape[1].value() % *divisor != 0)) {
    return invalid_data("{} channels are no multiple of {} blocks in {} groups",
                        shape[1].to_string(), *count, group);
  }
  shape[1] = ir::Dim(floor_div(shape[1].symbolic(), *count));
  for (std::size_t i = 0; i < blocks.size(); ++i)
    shape[i + 2] = ir::Dim(shape[i + 2].symbolic() * blocks[i]);
  return std::vector{y};
}

Result<Values> evaluate_interleave(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const Dims& blocks = *context.attributes().find_ints("blocks");
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  const std::int64_t group_channels = dims[1] / context.attributes().get_int("group");
  const std::int64_t count = product_of(blocks);
  const Dims strides = row_major_strides(x.dims());
  ElementCopier copier(x, y);
  Dims index(dims.size(), 0);
  for (std::int64_t to = 0; to < y.num_elements(); ++to) {
    std::int64_t in_block = 0;
    std::int64_t from = index[0] * strides[0];
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      in_block = in_block * blocks[i] + index[i + 2] % blocks[i];
      from += index[i + 2] / blocks[i] * strides[i + 2];
    }
    const std::int64_t group = index[1] / group_channels;
    from += ((group * count + in_block) * group_channels + index[1] % group_channels) * strides[1];
    copier.copy(from, to);
    next_index(index, dims);
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Interleave() {
  return {.name = "Interleave",
          .domain = ir::kLatheDomain,
          .infer = infer_interleave,
          .evaluate = evaluate_interleave,
          .traits = {.moves_elements = true}};
}

}  // namespace lathe::ops
