// From graph nodes to kernels: rows for each operator in lowerings.inc, of which the first that
// fits is taken.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/plan_builder.h"
#include "kernels/convolution_shape.h"
#include "kernels/element_type.h"
#include "ops/fused.h"
#include "passes/convert_layouts.h"

namespace lathe::engine {

// Adds the steps that compute the node. False where no kernel fits: the reference evaluator runs
// it.
bool lower_node(PlanBuilder& builder, ir::NodeId id);
// Why lower_node() answered false: "no kernel for this operator", "no kernel for float16", "no
// kernel for this form".
std::string why_no_kernel(const ir::Graph& graph, const ir::Node& node);

// The layouts that lower_node() will want; row-major where no kernel fits. Every extent is known.
passes::NodeLayouts choose_layouts(const ir::Graph& graph, ir::NodeId id,
                                   std::span<const Layout> layouts);

// How much of an epilogue an operator's kernels take.
enum class TakesEpilogue { kNone, kClamp, kClampOfIntegers, kResidualAndClamp };

// Which operands of float32 may be stored in bfloat16 instead, and with them the result.
enum class Narrow {
  kNone,
  kFirst,     // the first, and a residual
  kAll,       // each
  kComputes,  // the first and a residual, and there the machine gains by it: products with weights
};

struct Lowering {
  std::string_view domain;
  std::string_view op;
  // Whether a kernel computes the node; decided without layouts.
  bool (*fits)(const ir::Graph&, const ir::Node&);
  passes::NodeLayouts (*layouts)(const ir::Graph&, const ops::FusedOperator&,
                                 std::span<const Layout> layouts);
  // Of a node that fits.
  void (*lower)(PlanBuilder&, const ops::FusedOperator&);
  TakesEpilogue epilogue = TakesEpilogue::kNone;
  Narrow narrow = Narrow::kNone;
};

// The operands of a node in which its kernel takes bfloat16, given its layouts; none where it takes
// none.
struct NarrowOperands {
  std::vector<std::size_t> slots = {};
  bool computes = false;      // see Narrow
  bool float_output = false;  // the kernel can make float32 from bfloat16
};
NarrowOperands narrow_operands(const ir::Graph& graph, ir::NodeId id,
                               std::span<const Layout> layouts);

// For `layouts`: all operands and outputs row-major; input 0, a residual and the output
// channels-last; input 0 and the output as input 0 is.
passes::NodeLayouts row_major(const ir::Graph&, const ops::FusedOperator&, std::span<const Layout>);
passes::NodeLayouts channels_last(const ir::Graph&, const ops::FusedOperator&,
                                  std::span<const Layout>);
passes::NodeLayouts as_made(const ir::Graph&, const ops::FusedOperator&, std::span<const Layout>);

#define LATHE_LOWER(domain, op, name, layout, epilogue, narrow) \
  bool fits_##name(const ir::Graph&, const ir::Node&);          \
  void lower_##name(PlanBuilder&, const ops::FusedOperator&);   \
  passes::NodeLayouts layout(const ir::Graph&, const ops::FusedOperator&, std::span<const Layout>);
#include "engine/lower/lowerings.inc"
#undef LATHE_LOWER

// The axes of a value in the order that they have in memory.
std::vector<std::size_t> memory_order(Layout layout, std::size_t rank);

// Extents of a value; none where its rank is unknown.
std::vector<std::int64_t> dims_of(const ir::Graph& graph, ir::ValueId value);

// What kernels call the type of elements; nothing where they move none of it.
std::optional<kernels::ElementType> element_type(ir::DataType type);
std::optional<kernels::ElementType> element_type(const ir::Graph& graph, ir::ValueId value);

// How floating point that kernels compute with in float32 is stored: as that or in bfloat16;
// nothing for other types.
std::optional<kernels::ElementType> float_storage(const ir::Graph& graph, ir::ValueId value);

// Whether kernels of float32 repeat the operands of a binary operator along its result, which has
// this layout.
bool repeats_along(const ir::Graph& graph, const ir::Node& node, Layout layout);

// The product of extents of a value, or of some of its axes; 1 of none.
std::int64_t product(std::span<const std::int64_t> extents);

// The geometry of a Conv or QLinearConv over one or two spatial axes; empty for others.
std::optional<kernels::ConvolutionShape> convolution_shape(const ir::Graph& graph,
                                                           const ir::Node& node, ir::ValueId input,
                                                           ir::ValueId weights);

}  // namespace lathe::engine
