// Model files of any format, told apart by their names and first bytes. ONNX is read and written,
// compiled models are read; TFLite is only recognized.
#pragma once

#include <optional>

#include "base/file.h"
#include "formats/onnx/read_onnx.h"
#include "ir/graph.h"

namespace lathe::formats {

enum class ModelFormat { kOnnx, kTflite, kCompiled };

// By extension (.onnx, .tflite, .lathe), else by content.
Result<ModelFormat> detect_format(const Path& path);

// Errors begin with the path; that of a file which is not there names one of nearly that name.
// Whoever keeps unknown operators only runs the model, and gets compiled models too; for all others
// these are an error. Thread-safe.
Result<ir::Graph> load_model(const Path& path,
                             UnknownOperators unknown_operators = UnknownOperators::kRefuse);

// In the format that the extension names; replaces the file atomically. Devices and pipes get ONNX,
// at `opset` or the oldest that write_onnx takes.
Status save_model(const ir::Graph& graph, const Path& path,
                  const std::optional<int>& opset = std::nullopt);
// Whether an opset can say the graph, before anything is done with it; the error names a node that
// it cannot.
Status check_opset(const ir::Graph& graph, const std::optional<int>& opset);

}  // namespace lathe::formats
