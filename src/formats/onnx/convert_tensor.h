// Between TensorProto and ir::Tensor.
#pragma once

#include "formats/onnx/external_data.h"
#include "ir/tensor.h"

namespace onnx {
class TensorProto;
}

namespace lathe::formats {

// The element type with this number in TensorProto.DataType.
Result<ir::DataType> data_type_from_number(std::int32_t number);

// Reads all the forms in which the specification stores elements. Their number must fit the extents
// exactly, and values must fit the element type. The proto's raw data is released on the way, so
// that a large model is not held twice. Errors do not name the tensor.
Result<ir::Tensor> tensor_from_proto(onnx::TensorProto& proto, ExternalData& external);

// As raw data; strings as string_data. The name is left to the caller.
void tensor_to_proto(const ir::Tensor& tensor, onnx::TensorProto& proto);

}  // namespace lathe::formats
