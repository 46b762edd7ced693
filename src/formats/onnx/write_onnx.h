// Writes ONNX models: IR version 10, the canonical opset 21, and domain lathe where it is used; a
// foreign graph at its own opsets.
//
// The files are small: no types of inner values, no defaults, weights as raw bytes. Where outputs
// lack types, they are inferred first. What read_onnx gives back is the same graph but for ids and
// for constants that nothing reads. Deterministic: the same graph gives the same bytes.
#pragma once

#include <cstdint>
#include <string>

#include "base/file.h"
#include "ir/graph.h"

namespace lathe::formats {

struct WriteOptions {
  // Weights go to a file of their own, named like the model with ".data" behind. Needed for 2 GiB
  // and more.
  bool external_data = false;
  // Tensors of fewer bytes stay in the model.
  std::int64_t external_threshold_bytes = 1024;
  // Types of the values between nodes are written too, for viewers that show them. Those of a
  // foreign graph always are: they cannot be inferred.
  bool value_info = false;
};

// Replaces files of these names atomically, each for itself: the data first, then the model.
// Errors begin with the path.
Status write_onnx(const ir::Graph& graph, const Path& path, const WriteOptions& options = {});

// The bytes of the model with all weights inside.
Result<std::string> serialize_onnx(const ir::Graph& graph);

}  // namespace lathe::formats
