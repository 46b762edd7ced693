// From the messages that hold one value beside a model: SequenceProto, OptionalProto and MapProto.
#pragma once

#include "formats/onnx/external_data.h"
#include "ir/datum.h"

namespace onnx {
class MapProto;
class OptionalProto;
class SequenceProto;
}  // namespace onnx

namespace lathe::formats {

// A value of this type, which is of the proto's kind. Extents that the type states are not looked
// at. The protos' raw data is released on the way.
Result<ir::Datum> value_from_proto(onnx::SequenceProto& proto, const ir::Type& type,
                                   ExternalData& external);
Result<ir::Datum> value_from_proto(onnx::OptionalProto& proto, const ir::Type& type,
                                   ExternalData& external);
Result<ir::Datum> value_from_proto(onnx::MapProto& proto, const ir::Type& type,
                                   ExternalData& external);

}  // namespace lathe::formats
