// Writes ONNX models: at the oldest opset from 21 on that can say the graph, so that others can
// read it, and of other domains what is used; a foreign graph at its own opsets.
//
// The files are small: no types of inner values, no defaults, weights as raw bytes. Where outputs
// lack types, they are inferred first. What read_onnx gives back is the same graph but for ids and
// for constants that nothing reads. Deterministic: the same graph gives the same bytes, but for the
// name of external data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/function_ref.h"
#include "ir/graph.h"

namespace lathe::formats {

struct WriteOptions {
  // Weights go to a file of their own (data_file.h). Needed for 2 GiB and more.
  bool external_data = false;
  // Tensors of fewer bytes stay in the model.
  std::int64_t external_threshold_bytes = 1024;
  // Types of the values between nodes are written too, for viewers that show them. Those of a
  // foreign graph always are: they cannot be inferred.
  bool value_info = false;
  // At this opset of the default domain instead, from 7 on.
  std::optional<int> opset = std::nullopt;
};

// Replaces the model and its data at once: whatever stops it, the path leads to the old model with
// the old data, or to the new ones (data_file.h). Errors begin with the path.
Status write_onnx(const ir::Graph& graph, const Path& path, const WriteOptions& options = {});

// The bytes of the model with all weights inside.
Result<std::string> serialize_onnx(const ir::Graph& graph,
                                   const std::optional<int>& opset = std::nullopt);

// The same with weights of 1 KiB and more of the outermost graph taken out: each becomes external
// data at the end of the bytes that `data` gives for its value, under that location.
struct DetachedData {
  std::string location;
  std::string bytes;  // weights at multiples of 64
};
Result<std::string> serialize_onnx_detached(const ir::Graph& graph, int opset,
                                            FunctionRef<DetachedData&(ir::ValueId)> data);

}  // namespace lathe::formats
