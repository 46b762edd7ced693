// Between AttributeProto and ir::Attribute.
#pragma once

#include <string>

#include "formats/onnx/external_data.h"
#include "ir/attribute.h"

namespace onnx {
class AttributeProto;
}

namespace lathe::formats {

// The value of an attribute; the proto's raw data is released. A file that does not state the
// attribute's type gets the one of the field that is filled. Errors do not name the attribute.
Result<ir::Attribute> attribute_from_proto(onnx::AttributeProto& proto, ExternalData& external);

void attribute_to_proto(const std::string& name, const ir::Attribute& attribute,
                        onnx::AttributeProto& proto);

}  // namespace lathe::formats
