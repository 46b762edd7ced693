// Between TypeProto and ir::Type.
#pragma once

#include "ir/type.h"

namespace onnx {
class TypeProto;
}

namespace lathe::formats {

// Extents: a number, a symbol, or unknown; -1, which some exporters write for unknown, is read so.
// The known extents must not ask for more than ir::kMaxTensorBytes. Sparse tensors and opaque types
// are not supported. Errors do not name the value.
Result<ir::Type> type_from_proto(const onnx::TypeProto& proto);

void type_to_proto(const ir::Type& type, onnx::TypeProto& proto);

}  // namespace lathe::formats
