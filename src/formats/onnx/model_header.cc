#include "formats/onnx/model_header.h"

#include "formats/lathe/compiled_file.h"
#include "formats/onnx/describe.h"
#include "formats/onnx/names.h"

namespace lathe::formats {
namespace {

enum FieldEncoding : std::uint64_t { kAsVarint = 0, kAs8Bytes = 1, kAsBytes = 2, kAs4Bytes = 5 };

// Numbers of fields, by the ONNX specification.
enum ModelField : std::uint64_t {
  kIrVersion = 1,
  kProducerName = 2,
  kProducerVersion = 3,
  kOpsetImport = 8
};
enum OpsetField : std::uint64_t { kDomain = 1, kVersion = 2 };

// One field after the other of a protobuf message.
class MessageFields {
 public:
  explicit MessageFields(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number = 0;
  std::uint64_t value = 0;  // of a varint
  std::string_view text;    // of what has a length

  // Whether there was one more; an error where the bytes are no message.
  Result<bool> next() {
    if (rest_.empty()) return false;
    std::uint64_t tag = 0;
    RETURN_IF_ERROR(read_varint(tag));
    number = tag >> 3;
    value = 0;
    text = {};
    switch (tag & 7) {
      case kAsVarint:
        RETURN_IF_ERROR(read_varint(value));
        return true;
      case kAs8Bytes:
        RETURN_IF_ERROR(take(8));
        return true;
      case kAsBytes: {
        std::uint64_t length = 0;
        RETURN_IF_ERROR(read_varint(length));
        RETURN_IF_ERROR(take(length));
        return true;
      }
      case kAs4Bytes:
        RETURN_IF_ERROR(take(4));
        return true;
      default:
        return invalid_data("not a valid ONNX model");
    }
  }

 private:
  Status read_varint(std::uint64_t& number_read) {
    number_read = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      number_read |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return {};
    }
    return invalid_data("not a valid ONNX model");
  }

  Status take(std::uint64_t length) {
    if (length > rest_.size()) return invalid_data("not a valid ONNX model");
    text = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return {};
  }

  std::string_view rest_;
};

Status read_opset(std::string_view bytes, ModelHeader& header) {
  std::string domain;
  std::int64_t version = 0;
  MessageFields fields(bytes);
  while (true) {
    ASSIGN_OR_RETURN(const bool more, fields.next());
    if (!more) break;
    if (fields.number == kDomain) domain = fields.text;
    if (fields.number == kVersion) version = static_cast<std::int64_t>(fields.value);
  }
  header.opsets[canonical_domain(printable(domain))] = version;
  return {};
}

}  // namespace

Result<ModelHeader> parse_model_header(std::string_view bytes) {
  ModelHeader header;
  std::string name;
  std::string version;
  MessageFields fields(bytes);
  while (true) {
    ASSIGN_OR_RETURN(const bool more, fields.next());
    if (!more) break;
    if (fields.number == kIrVersion) header.ir_version = static_cast<std::int64_t>(fields.value);
    if (fields.number == kProducerName) name = printable(fields.text);
    if (fields.number == kProducerVersion) version = printable(fields.text);
    if (fields.number == kOpsetImport) RETURN_IF_ERROR(read_opset(fields.text, header));
  }
  header.producer = name + (name.empty() || version.empty() ? "" : " ") + version;
  return header;
}

Result<ModelHeader> read_model_header(const Path& path) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
  if (is_compiled(file.text())) {
    ASSIGN_OR_RETURN(const std::string graph, compiled_graph_bytes(path));
    return parse_model_header(graph).with_context(path.string());
  }
  return parse_model_header(file.text()).with_context(path.string());
}

}  // namespace lathe::formats
