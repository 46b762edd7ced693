#include "formats/onnx/wire_check.h"

#include <array>
#include <string>
#include <vector>

namespace lathe::formats {
namespace {

enum WireType : std::uint32_t {
  kWireVarint = 0,
  kWireFixed64 = 1,
  kWireLength = 2,
  kWireFixed32 = 5,
};

constexpr std::string_view kWireTypeNames[] = {
    "a varint",           "8 bytes", "length-delimited", "the start of a group",
    "the end of a group", "4 bytes", "invalid",          "invalid"};

// A string on the heap, its pointer in a repeated field, and what the allocator adds.
constexpr std::int64_t kStringMemory = 56;
constexpr std::int64_t kNumberMemory = 8;

std::uint32_t wire_type_of(WireKind kind) {
  switch (kind) {
    case WireKind::kVarint:
      return kWireVarint;
    case WireKind::kFixed32:
      return kWireFixed32;
    case WireKind::kFixed64:
      return kWireFixed64;
    default:
      return kWireLength;
  }
}

class WireChecker {
 public:
  WireChecker(std::span<const std::byte> bytes, const WireLimits& limits)
      : bytes_(bytes), limits_(limits) {}

  Status check(const WireMessage& type) {
    stack_.reserve(static_cast<std::size_t>(limits_.max_depth));
    stack_.push_back({&type, bytes_.size(), nullptr, 0, {}});
    while (!stack_.empty()) {
      if (position_ == stack_.back().end) {
        stack_.pop_back();
        continue;
      }
      RETURN_IF_ERROR(check_field());
    }
    return {};
  }

 private:
  struct Frame {
    const WireMessage* type;
    std::size_t end;
    const WireField* field;  // of the message around it that this one is; null for the outermost
    std::uint32_t index;     // among the elements of that field
    std::array<std::uint32_t, kMaxWireFields> counts;  // elements seen so far, by field
  };

  Status check_field() {
    field_start_ = position_;
    field_ = nullptr;
    std::uint64_t tag = 0;
    RETURN_IF_ERROR(read_varint(stack_.back().end, tag));
    const auto wire_type = static_cast<std::uint32_t>(tag & 7);
    const std::uint64_t number = tag >> 3;
    if (tag > UINT32_MAX || number == 0) return fault("field number {} is not valid", number);

    Frame& frame = stack_.back();
    for (const WireField& candidate : frame.type->fields) {
      if (candidate.number == number) field_ = &candidate;
    }
    if (field_ == nullptr) return check_unknown_field(number, wire_type);

    index_ = frame.counts[static_cast<std::size_t>(field_ - frame.type->fields.data())]++;
    const std::uint32_t expected = wire_type_of(field_->kind);
    if (wire_type == expected) {
      switch (field_->kind) {
        case WireKind::kVarint: {
          std::uint64_t ignored = 0;
          RETURN_IF_ERROR(read_varint(frame.end, ignored));
          return charge(0, kNumberMemory);
        }
        case WireKind::kFixed32:
          RETURN_IF_ERROR(skip(4));
          return charge(0, kNumberMemory);
        case WireKind::kFixed64:
          RETURN_IF_ERROR(skip(8));
          return charge(0, kNumberMemory);
        case WireKind::kBytes: {
          std::size_t size = 0;
          RETURN_IF_ERROR(read_length(size));
          position_ += size;
          return charge(1, kStringMemory + static_cast<std::int64_t>(size));
        }
        case WireKind::kMessage:
          return enter_message();
      }
    }
    if (wire_type == kWireLength && field_->repeated) return check_packed();
    return fault("is {}, expected {}", kWireTypeNames[wire_type], kWireTypeNames[expected]);
  }

  // A field of a newer specification: protobuf keeps it as it is.
  Status check_unknown_field(std::uint64_t number, std::uint32_t wire_type) {
    std::uint64_t ignored = 0;
    std::size_t size = 0;
    switch (wire_type) {
      case kWireVarint:
        RETURN_IF_ERROR(read_varint(stack_.back().end, ignored));
        return charge(1, kStringMemory);
      case kWireFixed32:
        RETURN_IF_ERROR(skip(4));
        return charge(1, kStringMemory);
      case kWireFixed64:
        RETURN_IF_ERROR(skip(8));
        return charge(1, kStringMemory);
      case kWireLength:
        RETURN_IF_ERROR(read_length(size));
        position_ += size;
        return charge(1, kStringMemory + static_cast<std::int64_t>(size));
      default:
        return fault("field {} of {} is {}, which ONNX does not use", number,
                     stack_.back().type->name, kWireTypeNames[wire_type]);
    }
  }

  Status enter_message() {
    std::size_t size = 0;
    RETURN_IF_ERROR(read_length(size));
    if (stack_.size() >= static_cast<std::size_t>(limits_.max_depth)) {
      return limit("messages are nested more than {} deep", limits_.max_depth);
    }
    RETURN_IF_ERROR(charge(1, field_->message->memory_bytes));
    stack_.push_back({field_->message, position_ + size, field_, index_, {}});
    return {};
  }

  // Numbers without tags, one after another.
  Status check_packed() {
    std::size_t size = 0;
    RETURN_IF_ERROR(read_length(size));
    const std::size_t end = position_ + size;
    std::int64_t count = 0;
    if (field_->kind == WireKind::kVarint) {
      std::uint64_t ignored = 0;
      for (; position_ < end; ++count) RETURN_IF_ERROR(read_varint(end, ignored));
    } else {
      const std::size_t width = field_->kind == WireKind::kFixed32 ? 4 : 8;
      if (size % width != 0) {
        return fault("packed numbers take {} bytes, which is no multiple of {}", size, width);
      }
      count = static_cast<std::int64_t>(size / width);
      position_ = end;
    }
    return charge(0, count * kNumberMemory);
  }

  Status read_varint(std::size_t end, std::uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (position_ == end) return fault("a number runs past the end");
      const auto byte = std::to_integer<std::uint64_t>(bytes_[position_++]);
      if (shift < 64) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return {};
    }
    return fault("a number takes more than 10 bytes");
  }

  Status read_length(std::size_t& size) {
    std::uint64_t length = 0;
    RETURN_IF_ERROR(read_varint(stack_.back().end, length));
    const std::size_t left = stack_.back().end - position_;
    if (length > left) return fault("needs {} bytes, but {} are left", length, left);
    size = static_cast<std::size_t>(length);
    return {};
  }

  Status skip(std::size_t size) {
    const std::size_t left = stack_.back().end - position_;
    if (size > left) return fault("needs {} bytes, but {} are left", size, left);
    position_ += size;
    return {};
  }

  Status charge(std::int64_t items, std::int64_t memory) {
    items_ += items;
    memory_ += memory;
    if (items_ > limits_.max_items) {
      return limit("the model has more than {} messages and strings", limits_.max_items);
    }
    const std::int64_t allowed =
        limits_.memory_base + limits_.memory_per_byte * static_cast<std::int64_t>(bytes_.size());
    if (memory_ > allowed) {
      return limit("the model would take more than {} bytes of memory, {} times its file", allowed,
                   limits_.memory_per_byte);
    }
    return {};
  }

  // "graph.node[3].attribute[0].ints", or the name of the outermost message.
  std::string place() const {
    std::string path;
    const auto append = [&](const WireField& field, std::uint32_t index) {
      if (!path.empty()) path += '.';
      path += field.name;
      if (field.repeated) path += fmt::format("[{}]", index);
    };
    for (const Frame& frame : stack_) {
      if (frame.field != nullptr) append(*frame.field, frame.index);
    }
    if (field_ != nullptr) append(*field_, index_);
    return path.empty() ? std::string(stack_.front().type->name) : path;
  }

  template <typename... Args>
  Error fault(fmt::format_string<Args...> format, Args&&... args) const {
    return invalid_data("byte {}: {}: {}", field_start_, place(),
                        fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  Error limit(fmt::format_string<Args...> format, Args&&... args) const {
    return error(ErrorCode::kResourceExhausted, "byte {}: {}: {}", field_start_, place(),
                 fmt::format(format, std::forward<Args>(args)...));
  }

  std::span<const std::byte> bytes_;
  const WireLimits& limits_;
  std::size_t position_ = 0;
  std::size_t field_start_ = 0;
  const WireField* field_ = nullptr;  // the one being read, where it is known
  std::uint32_t index_ = 0;
  std::int64_t items_ = 0;
  std::int64_t memory_ = 0;
  std::vector<Frame> stack_;
};

}  // namespace

Status check_wire(std::span<const std::byte> bytes, const WireMessage& type,
                  const WireLimits& limits) {
  return WireChecker(bytes, limits).check(type);
}

}  // namespace lathe::formats
