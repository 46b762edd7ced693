// Large tensors of a protobuf message, left where they lie: protobuf would copy each of them once
// before anybody could read it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/onnx/wire_schema.h"

namespace lathe::formats {

// What cut_payloads() has cut out, by what stands in its place.
class Payloads {
 public:
  Payloads();
  // What goes into raw_data instead of `payload`, which must stay.
  std::string add(std::span<const std::byte> payload);
  // The payload that this raw_data stands for; nothing where it stands for itself. A file cannot
  // hold what stands for another payload: it begins with bytes drawn anew for each object.
  [[nodiscard]] std::optional<std::span<const std::byte>> find(std::string_view raw_data) const;

 private:
  std::array<char, 16> nonce_;
  std::vector<std::span<const std::byte>> spans_;
};

// The message, which check_wire() has passed, with each raw_data of at least `least_bytes` replaced
// by what `payloads` gives for it.
std::string cut_payloads(std::span<const std::byte> bytes, const WireMessage& type,
                         std::size_t least_bytes, Payloads& payloads);

}  // namespace lathe::formats
