// Reads ONNX models.
//
//   ASSIGN_OR_RETURN(ir::Graph graph, read_onnx("model.onnx"));
//
// A file is hostile until checked: time and memory stay proportional to its size, and whatever is
// wrong with it comes back as an error that names the place. Accepted are IR versions 3 to 14 and
// opsets 1 to 28 of the default domain, brought to the canonical opset; of operators those in
// ops/ops.inc. Functions of the model's own are inlined. Sparse tensors are not supported.
// Documentation strings, training information and quantization annotations are ignored; metadata is
// kept. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/file.h"
#include "formats/onnx/external_data.h"
#include "formats/onnx/wire_check.h"
#include "ir/datum.h"
#include "ir/graph.h"

namespace lathe::formats {

// What to do with a model that has operators Lathe lacks.
enum class UnknownOperators {
  kRefuse,  // the error names them
  kKeep,    // the graph is foreign: as the file has it, for other runtimes (ir::Graph::opsets)
};

struct ReadOptions {
  // Where files of external data lie; without it, a model that has such data is an error.
  std::optional<Path> folder_for_external_data;
  // External data that lie in memory, by location.
  std::map<std::string, LentBytes> lent_data = {};
  WireLimits limits = {};
  UnknownOperators unknown_operators = UnknownOperators::kRefuse;
};

// External data is looked for in the folder of the file; a model that is replaced meanwhile is read
// again, so that model and data are of one save. Errors begin with the path.
Result<ir::Graph> read_onnx(const Path& path,
                            UnknownOperators unknown_operators = UnknownOperators::kRefuse);

// The same for a model in memory.
Result<ir::Graph> parse_onnx(std::span<const std::byte> bytes, const ReadOptions& options = {});

// The files of external data that the initializers of a model name, each once; whether they are
// there is not looked at, and names that leave the model's folder are left out.
Result<std::vector<Path>> external_data_files(const Path& path);

// Bytes of the file, and of those of its external data; what is not there or cannot be read adds
// nothing.
std::int64_t size_of_model(const Path& path);

// One value of this type in a file of its own, as the test data of ONNX has them: TensorProto,
// SequenceProto, OptionalProto or MapProto, as the type wants. Element types must be the type's
// where it is no tensor; extents are not looked at.
Result<ir::Datum> read_onnx_value(const Path& path, const ir::Type& type);
Result<ir::Datum> parse_onnx_value(std::span<const std::byte> bytes, const ir::Type& type);

// One tensor in a file of its own (TensorProto, as the test data of ONNX has them), or in memory.
Result<ir::Tensor> read_onnx_tensor(const Path& path);
Result<ir::Tensor> parse_onnx_tensor(std::span<const std::byte> bytes);

}  // namespace lathe::formats
