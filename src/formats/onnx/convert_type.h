// Between TypeProto and ir::TensorType.
#pragma once

#include "ir/shape.h"

namespace onnx {
class TypeProto;
}

namespace lathe::formats {

// Tensors only. Extents: a number, a symbol, or unknown; -1, which some exporters write for
// unknown, is read so. The known extents must not ask for more than ir::kMaxTensorBytes. Errors do
// not name the value.
Result<ir::TensorType> type_from_proto(const onnx::TypeProto& proto);

void type_to_proto(const ir::TensorType& type, onnx::TypeProto& proto);

}  // namespace lathe::formats
