// A ConvTranspose as a convolution: output pixels that lie a stride apart are made of the same
// weights, so that one convolution makes those of each phase as channels of their own, which are
// then interleaved.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ir/graph.h"
#include "passes/patch.h"

namespace lathe::passes {

struct TransposedConvolution {
  ir::AttributeMap convolution;       // of the Conv
  std::vector<std::int64_t> strides;  // phases of each axis
  std::vector<std::int64_t> taps;     // of one phase
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> dilations;
  std::int64_t group = 1;
  std::int64_t group_outputs = 1;  // channels that come out, of each group
  // Pixels that are cut off behind the interleaving.
  std::vector<std::int64_t> crop_begin;
  std::vector<std::int64_t> crop_end;

  [[nodiscard]] std::int64_t phases() const;
  // The weights of the convolution, those of taps that a phase lacks being `fill[channel of its
  // group]`, or fill[0] where that is all.
  [[nodiscard]] ir::Tensor weights(const ir::Tensor& transposed,
                                   const std::vector<std::int64_t>& fill) const;
  // What there is one of for all, for each channel of a group, or for each that comes out: for each
  // channel of the convolution.
  [[nodiscard]] ir::Tensor per_channel(const ir::Tensor& values) const;
  // Makes the output of what the convolution makes.
  [[nodiscard]] ir::ValueId assemble(ir::ValueId made, Patch& patch) const;
};

// Empty where the geometry is not known, or no convolution of a reasonable size has it. Taps that
// are missing count as weights of 0: infinities in x become NaN where the transposed one has them
// alone.
std::optional<TransposedConvolution> transposed_convolution(const ir::Graph& graph,
                                                            const ir::Node& node,
                                                            const ir::Tensor& weights);

}  // namespace lathe::passes
