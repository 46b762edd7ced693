// Layers, told by the names of nodes: exporters name a node after the modules that it lies in,
// "/encoder/layer.0/attention/MatMul", or "layer1.0.conv1".
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace lathe::measure {

struct Layers {
  char separator = 0;              // '/' or '.'; 0 where the names tell of no layers
  int depth = 0;                   // so many parts of a name make a layer
  std::vector<std::string> names;  // of each node, "encoder/layer.0"; none where there are none
};

// `depth` 0: as many parts as give kMostLayers at most, and at least one. The last part of a name
// is the node's own; one that has no other is a layer by itself.
inline constexpr std::size_t kMostLayers = 40;
Layers find_layers(std::span<const std::string> nodes, int depth);

// "the first 2 parts of the nodes' names, between '/'", or why there are none.
std::string describe(const Layers& layers);

}  // namespace lathe::measure
