// Layers with constant weights (Conv, ConvTranspose, Gemm) that take over what comes behind them:
// a factor and an offset for each output channel.
#pragma once

#include <optional>
#include <vector>

#include "passes/rule.h"

namespace lathe::passes {

// y = factor * x + offset, by channel.
struct ChannelAffine {
  std::vector<double> factor;
  std::vector<double> offset;
};

// The output channels of the layer that makes `value` and may be changed, since nothing else reads
// what it makes; nothing where there is no such layer, or its weights are not float32.
std::optional<std::int64_t> layer_channels(const ir::Graph& graph, ir::ValueId value);

// The layer with weights and bias that give what `node` makes of its output `value`. As many
// factors as layer_channels() says.
Patch fold_into_layer(const ir::Graph& graph, const ir::Node& node, ir::ValueId value,
                      const ChannelAffine& affine);

}  // namespace lathe::passes
