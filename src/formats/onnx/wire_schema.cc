#include "formats/onnx/wire_schema.h"

#include <iterator>

namespace lathe::formats {
namespace {

// An object on the heap, a pointer to it, and what the allocator adds.
constexpr std::int64_t kHeap = 32;

// The messages refer to each other in cycles (a node holds attributes, an attribute holds graphs).
extern const WireMessage kModel;
extern const WireMessage kGraph;
extern const WireMessage kNode;
extern const WireMessage kAttribute;
extern const WireMessage kTensor;
extern const WireMessage kSegment;
extern const WireMessage kSparseTensor;
extern const WireMessage kValueInfo;
extern const WireMessage kType;
extern const WireMessage kTensorType;
extern const WireMessage kSequenceType;
extern const WireMessage kMapType;
extern const WireMessage kOpaqueType;
extern const WireMessage kTensorShape;
extern const WireMessage kDimension;
extern const WireMessage kStringPair;
extern const WireMessage kOpsetId;
extern const WireMessage kFunction;
extern const WireMessage kTrainingInfo;
extern const WireMessage kTensorAnnotation;
extern const WireMessage kSequence;
extern const WireMessage kOptional;
extern const WireMessage kMap;

constexpr WireField varint(std::uint32_t number, std::string_view name) {
  return {number, name, WireKind::kVarint};
}
constexpr WireField bytes(std::uint32_t number, std::string_view name) {
  return {number, name, WireKind::kBytes};
}
constexpr WireField message(std::uint32_t number, std::string_view name, const WireMessage& type) {
  return {number, name, WireKind::kMessage, false, &type};
}
constexpr WireField list(WireField field) {
  field.repeated = true;
  return field;
}

constexpr WireField kModelFields[] = {
    varint(1, "ir_version"),
    bytes(2, "producer_name"),
    bytes(3, "producer_version"),
    bytes(4, "domain"),
    varint(5, "model_version"),
    bytes(6, "doc_string"),
    message(7, "graph", kGraph),
    list(message(8, "opset_import", kOpsetId)),
    list(message(14, "metadata_props", kStringPair)),
    list(message(20, "training_info", kTrainingInfo)),
    list(message(25, "functions", kFunction)),
};
constexpr WireField kGraphFields[] = {
    list(message(1, "node", kNode)),
    bytes(2, "name"),
    list(message(5, "initializer", kTensor)),
    bytes(10, "doc_string"),
    list(message(11, "input", kValueInfo)),
    list(message(12, "output", kValueInfo)),
    list(message(13, "value_info", kValueInfo)),
    list(message(14, "quantization_annotation", kTensorAnnotation)),
    list(message(15, "sparse_initializer", kSparseTensor)),
};
constexpr WireField kNodeFields[] = {
    list(bytes(1, "input")), list(bytes(2, "output")), bytes(3, "name"),
    bytes(4, "op_type"),     bytes(7, "domain"),       list(message(5, "attribute", kAttribute)),
    bytes(6, "doc_string"),  bytes(8, "overload"),
};
constexpr WireField kAttributeFields[] = {
    bytes(1, "name"),
    {2, "f", WireKind::kFixed32},
    varint(3, "i"),
    bytes(4, "s"),
    message(5, "t", kTensor),
    message(6, "g", kGraph),
    list({7, "floats", WireKind::kFixed32}),
    list(varint(8, "ints")),
    list(bytes(9, "strings")),
    list(message(10, "tensors", kTensor)),
    list(message(11, "graphs", kGraph)),
    bytes(13, "doc_string"),
    message(14, "tp", kType),
    list(message(15, "type_protos", kType)),
    varint(20, "type"),
    bytes(21, "ref_attr_name"),
    message(22, "sparse_tensor", kSparseTensor),
    list(message(23, "sparse_tensors", kSparseTensor)),
};
constexpr WireField kTensorFields[] = {
    list(varint(1, "dims")),
    varint(2, "data_type"),
    message(3, "segment", kSegment),
    list({4, "float_data", WireKind::kFixed32}),
    list(varint(5, "int32_data")),
    list(bytes(6, "string_data")),
    list(varint(7, "int64_data")),
    bytes(8, "name"),
    bytes(9, "raw_data"),
    list({10, "double_data", WireKind::kFixed64}),
    list(varint(11, "uint64_data")),
    bytes(12, "doc_string"),
    list(message(13, "external_data", kStringPair)),
    varint(14, "data_location"),
};
constexpr WireField kSegmentFields[] = {varint(1, "begin"), varint(2, "end")};
constexpr WireField kSparseTensorFields[] = {
    message(1, "values", kTensor),
    message(2, "indices", kTensor),
    list(varint(3, "dims")),
};
constexpr WireField kValueInfoFields[] = {
    bytes(1, "name"),
    message(2, "type", kType),
    bytes(3, "doc_string"),
};
constexpr WireField kTypeFields[] = {
    message(1, "tensor_type", kTensorType),     message(4, "sequence_type", kSequenceType),
    message(5, "map_type", kMapType),           bytes(6, "denotation"),
    message(7, "opaque_type", kOpaqueType),     message(8, "sparse_tensor_type", kTensorType),
    message(9, "optional_type", kSequenceType),
};
constexpr WireField kTensorTypeFields[] = {
    varint(1, "elem_type"),
    message(2, "shape", kTensorShape),
};
constexpr WireField kSequenceTypeFields[] = {message(1, "elem_type", kType)};
constexpr WireField kMapTypeFields[] = {varint(1, "key_type"), message(2, "value_type", kType)};
constexpr WireField kOpaqueTypeFields[] = {bytes(1, "domain"), bytes(2, "name")};
constexpr WireField kTensorShapeFields[] = {list(message(1, "dim", kDimension))};
constexpr WireField kDimensionFields[] = {
    varint(1, "dim_value"),
    bytes(2, "dim_param"),
    bytes(3, "denotation"),
};
constexpr WireField kStringPairFields[] = {bytes(1, "key"), bytes(2, "value")};
constexpr WireField kOpsetIdFields[] = {bytes(1, "domain"), varint(2, "version")};
constexpr WireField kFunctionFields[] = {
    bytes(1, "name"),
    list(bytes(4, "input")),
    list(bytes(5, "output")),
    list(bytes(6, "attribute")),
    list(message(7, "node", kNode)),
    bytes(8, "doc_string"),
    list(message(9, "opset_import", kOpsetId)),
    bytes(10, "domain"),
    list(message(11, "attribute_proto", kAttribute)),
    bytes(13, "overload"),
};
constexpr WireField kTrainingInfoFields[] = {
    message(1, "initialization", kGraph),
    message(2, "algorithm", kGraph),
    list(message(3, "initialization_binding", kStringPair)),
    list(message(4, "update_binding", kStringPair)),
};
constexpr WireField kTensorAnnotationFields[] = {
    bytes(1, "tensor_name"),
    list(message(2, "quant_parameter_tensor_names", kStringPair)),
};
constexpr WireField kSequenceFields[] = {
    bytes(1, "name"),
    varint(2, "elem_type"),
    list(message(3, "tensor_values", kTensor)),
    list(message(4, "sparse_tensor_values", kSparseTensor)),
    list(message(5, "sequence_values", kSequence)),
    list(message(6, "map_values", kMap)),
    list(message(7, "optional_values", kOptional)),
};
constexpr WireField kOptionalFields[] = {
    bytes(1, "name"),
    varint(2, "elem_type"),
    message(3, "tensor_value", kTensor),
    message(4, "sparse_tensor_value", kSparseTensor),
    message(5, "sequence_value", kSequence),
    message(6, "map_value", kMap),
    message(7, "optional_value", kOptional),
};
constexpr WireField kMapFields[] = {
    bytes(1, "name"),
    varint(2, "key_type"),
    list(varint(3, "keys")),
    list(bytes(4, "string_keys")),
    message(5, "values", kSequence),
};

const WireMessage kModel{"ModelProto", 192 + kHeap, kModelFields};
const WireMessage kGraph{"GraphProto", 224 + kHeap, kGraphFields};
const WireMessage kNode{"NodeProto", 144 + kHeap, kNodeFields};
const WireMessage kAttribute{"AttributeProto", 272 + kHeap, kAttributeFields};
const WireMessage kTensor{"TensorProto", 248 + kHeap, kTensorFields};
const WireMessage kSegment{"Segment", 48 + kHeap, kSegmentFields};
const WireMessage kSparseTensor{"SparseTensorProto", 64 + kHeap, kSparseTensorFields};
const WireMessage kValueInfo{"ValueInfoProto", 56 + kHeap, kValueInfoFields};
const WireMessage kType{"TypeProto", 56 + kHeap, kTypeFields};
const WireMessage kTensorType{"TypeProto.Tensor", 48 + kHeap, kTensorTypeFields};
const WireMessage kSequenceType{"TypeProto.Sequence", 40 + kHeap, kSequenceTypeFields};
const WireMessage kMapType{"TypeProto.Map", 48 + kHeap, kMapTypeFields};
const WireMessage kOpaqueType{"TypeProto.Opaque", 48 + kHeap, kOpaqueTypeFields};
const WireMessage kTensorShape{"TensorShapeProto", 56 + kHeap, kTensorShapeFields};
const WireMessage kDimension{"Dimension", 56 + kHeap, kDimensionFields};
const WireMessage kStringPair{"StringStringEntryProto", 48 + kHeap, kStringPairFields};
const WireMessage kOpsetId{"OperatorSetIdProto", 48 + kHeap, kOpsetIdFields};
const WireMessage kFunction{"FunctionProto", 184 + kHeap, kFunctionFields};
const WireMessage kTrainingInfo{"TrainingInfoProto", 96 + kHeap, kTrainingInfoFields};
const WireMessage kTensorAnnotation{"TensorAnnotation", 64 + kHeap, kTensorAnnotationFields};
const WireMessage kSequence{"SequenceProto", 160 + kHeap, kSequenceFields};
const WireMessage kOptional{"OptionalProto", 80 + kHeap, kOptionalFields};
const WireMessage kMap{"MapProto", 88 + kHeap, kMapFields};

static_assert(std::size(kAttributeFields) <= kMaxWireFields);
static_assert(std::size(kTensorFields) <= kMaxWireFields);
static_assert(std::size(kModelFields) <= kMaxWireFields);

}  // namespace

const WireMessage& model_message() { return kModel; }
const WireMessage& tensor_message() { return kTensor; }
const WireMessage& sequence_message() { return kSequence; }
const WireMessage& optional_message() { return kOptional; }
const WireMessage& map_message() { return kMap; }

}  // namespace lathe::formats
