// Networks that Lathe can make by itself, as graphs with freshly initialised weights.
//
// Convolutions are followed by batch normalization that is not folded, so that the graphs train.
// The output "logits" is [N, classes], without softmax.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ir/graph.h"

namespace lathe::ir {

struct ArchitectureOptions {
  std::int64_t channels = 0;  // of the input image; 0: the architecture's own default
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t classes = 0;
  std::uint64_t seed = 0;
};

struct Architecture {
  std::string_view name;
  std::string_view summary;  // one line for people, with its source
  ArchitectureOptions defaults;
  Graph (*build)(const ArchitectureOptions&);
};

// All of them, smallest first.
std::span<const Architecture> architectures();

// Builds one by name; zeros in the options become the architecture's defaults. Errors list the
// names known, or say which extent is too small or too large.
Result<Graph> make_architecture(std::string_view name, const ArchitectureOptions& options = {});
// The same errors without building it.
Status check_architecture(std::string_view name, const ArchitectureOptions& options = {});

}  // namespace lathe::ir
