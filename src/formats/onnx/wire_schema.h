// The messages of onnx.proto as far as a reader must know them to walk the bytes of a model: which
// field numbers hold what. Written after the ONNX specification (IR version 8 and the fields that
// the protobuf classes know); a field that is not listed is opaque.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace lathe::formats {

enum class WireKind : std::uint8_t {
  kVarint,   // integers and enums
  kFixed32,  // float
  kFixed64,  // double
  kBytes,    // strings and bytes
  kMessage,
};

struct WireMessage;

struct WireField {
  std::uint32_t number;
  std::string_view name;
  WireKind kind;
  bool repeated = false;
  const WireMessage* message = nullptr;  // of kMessage
};

struct WireMessage {
  std::string_view name;      // "NodeProto"
  std::int64_t memory_bytes;  // an upper bound of what an empty one takes once parsed
  std::span<const WireField> fields;
};

// The outermost message of a model file, and of a file that holds one value: a tensor, a sequence,
// an optional or a map.
const WireMessage& model_message();
const WireMessage& tensor_message();
const WireMessage& sequence_message();
const WireMessage& optional_message();
const WireMessage& map_message();

// The most fields that one message has.
inline constexpr std::size_t kMaxWireFields = 24;

}  // namespace lathe::formats
