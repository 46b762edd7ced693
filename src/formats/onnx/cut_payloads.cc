#include "formats/onnx/cut_payloads.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "base/result.h"

namespace lathe::formats {
namespace {

constexpr std::uint32_t kWireLength = 2;

std::uint64_t read_varint(std::span<const std::byte> bytes, std::size_t& position) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = std::to_integer<std::uint64_t>(bytes[position++]);
    if (shift < 64) value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Behind a field's tag.
std::size_t skip_value(std::span<const std::byte> bytes, std::size_t position, std::uint32_t kind) {
  constexpr std::uint32_t kWireVarint = 0;
  constexpr std::uint32_t kWireFixed64 = 1;
  if (kind == kWireVarint) {
    read_varint(bytes, position);
    return position;
  }
  return position + (kind == kWireFixed64 ? 8 : 4);
}

class Cutter {
 public:
  Cutter(std::size_t least_bytes, Payloads& payloads)
      : least_bytes_(least_bytes), payloads_(payloads) {}

  // Recursion is bounded by the wire check's limit on nested messages.
  std::string cut(std::span<const std::byte> bytes, const WireMessage& type) {
    std::string out;
    std::size_t copied = 0;  // what lies before stands in `out`
    const auto replace = [&](std::size_t field_end, std::string_view tag, std::string_view value) {
      out += tag;
      append_varint(out, value.size());
      out += value;
      copied = field_end;
    };
    for (std::size_t position = 0; position < bytes.size();) {
      const std::size_t start = position;
      const std::uint64_t tag = read_varint(bytes, position);
      const auto kind = static_cast<std::uint32_t>(tag & 7);
      if (kind != kWireLength) {
        position = skip_value(bytes, position, kind);
        continue;
      }
      const std::string_view tag_text = as_text(bytes.subspan(start, position - start));
      const auto size = static_cast<std::size_t>(read_varint(bytes, position));
      const auto value = bytes.subspan(position, size);
      position += size;
      if (size < least_bytes_) continue;
      const WireField* field = find_field(type, tag >> 3);
      if (field == nullptr) continue;
      const bool is_message = field->kind == WireKind::kMessage;
      const bool is_payload = field->kind == WireKind::kBytes && field->name == "raw_data";
      if (!is_message && !is_payload) continue;
      out += as_text(bytes.subspan(copied, start - copied));
      replace(position, tag_text, is_payload ? payloads_.add(value) : cut(value, *field->message));
    }
    out += as_text(bytes.subspan(copied));
    return out;
  }

 private:
  static const WireField* find_field(const WireMessage& type, std::uint64_t number) {
    const auto it = std::find_if(type.fields.begin(), type.fields.end(),
                                 [&](const WireField& field) { return field.number == number; });
    return it == type.fields.end() ? nullptr : &*it;
  }

  std::size_t least_bytes_;
  Payloads& payloads_;
};

}  // namespace

Payloads::Payloads() {
  std::random_device random;
  for (std::size_t i = 0; i < nonce_.size(); i += sizeof(std::uint32_t)) {
    const std::uint32_t word = random();
    std::memcpy(nonce_.data() + i, &word, sizeof word);
  }
}

std::string Payloads::add(std::span<const std::byte> payload) {
  std::string mark(nonce_.data(), nonce_.size());
  const std::uint64_t index = spans_.size();
  mark.append(reinterpret_cast<const char*>(&index), sizeof index);
  spans_.push_back(payload);
  return mark;
}

std::optional<std::span<const std::byte>> Payloads::find(std::string_view raw_data) const {
  std::uint64_t index = 0;
  if (raw_data.size() != nonce_.size() + sizeof index ||
      !raw_data.starts_with(std::string_view(nonce_.data(), nonce_.size())))
    return std::nullopt;
  std::memcpy(&index, raw_data.data() + nonce_.size(), sizeof index);
  if (index >= spans_.size()) return std::nullopt;
  return spans_[static_cast<std::size_t>(index)];
}

std::string cut_payloads(std::span<const std::byte> bytes, const WireMessage& type,
                         std::size_t least_bytes, Payloads& payloads) {
  return Cutter(least_bytes, payloads).cut(bytes, type);
}

}  // namespace lathe::formats
