// Between AttributeProto and ir::Attribute.
#pragma once

#include <string>

#include "formats/onnx/convert_graph.h"
#include "formats/onnx/external_data.h"
#include "ir/attribute.h"

namespace onnx {
class AttributeProto;
}

namespace lathe::formats {

// The value of an attribute; the proto's raw data is released. A file that does not state the
// attribute's type gets the one of the field that is filled. The captures of a graph have the names
// of the values that they stand for; which ids those have in the graph around it is left to the
// caller. Errors do not name the attribute.
Result<ir::Attribute> attribute_from_proto(onnx::AttributeProto& proto, ExternalData& external);

// `names` are those of the graph that the node is in, as they are written.
void attribute_to_proto(const std::string& name, const ir::Attribute& attribute,
                        const WrittenNames& names, onnx::AttributeProto& proto);

}  // namespace lathe::formats
