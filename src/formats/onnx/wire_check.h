// Checks the bytes of a protobuf message before the protobuf library sees them.
//
// protobuf alone says only that a file does not parse, and lets a small file ask for much memory:
// an empty message takes two bytes in a file and hundreds once parsed. This walk is iterative,
// reads each byte at most once, allocates a bounded amount, and names the place of a fault:
//
//   byte 1234: graph.node[3].attribute[0].ints: needs 500 bytes, but 20 are left
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "formats/onnx/wire_schema.h"

namespace lathe::formats {

struct WireLimits {
  // Messages inside messages. A graph in an attribute of a node takes three levels. protobuf itself
  // stops at 100.
  int max_depth = 64;
  // Messages and strings in all.
  std::int64_t max_items = 10'000'000;
  // An estimate from above of the parsed message's memory may not pass base + per_byte * file size.
  // Graphs of the smallest sensible nodes stay under 25 per byte.
  std::int64_t memory_base = std::int64_t{16} << 20;
  std::int64_t memory_per_byte = 32;
};

// The bytes are a well-formed message of this type: every field ends inside its message, known
// fields have the right wire type, packed numbers are whole, and the limits hold.
Status check_wire(std::span<const std::byte> bytes, const WireMessage& type,
                  const WireLimits& limits = {});

}  // namespace lathe::formats
