#include "ir/data_type.h"

#include <algorithm>
#include <array>

namespace lathe::ir {
namespace {

struct Entry {
  DataType type;
  std::string_view name;
  int bits;
};

constexpr std::array kTypes = {
    Entry{DataType::kUndefined, "undefined", 0}, Entry{DataType::kFloat32, "float32", 32},
    Entry{DataType::kUint8, "uint8", 8},         Entry{DataType::kInt8, "int8", 8},
    Entry{DataType::kUint16, "uint16", 16},      Entry{DataType::kInt16, "int16", 16},
    Entry{DataType::kInt32, "int32", 32},        Entry{DataType::kInt64, "int64", 64},
    Entry{DataType::kString, "string", 0},       Entry{DataType::kBool, "bool", 8},
    Entry{DataType::kFloat16, "float16", 16},    Entry{DataType::kFloat64, "float64", 64},
    Entry{DataType::kUint32, "uint32", 32},      Entry{DataType::kUint64, "uint64", 64},
    Entry{DataType::kBFloat16, "bfloat16", 16},  Entry{DataType::kUint4, "uint4", 4},
    Entry{DataType::kInt4, "int4", 4},
};

const Entry* find(DataType type) {
  const auto* it =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const Entry& e) { return e.type == type; });
  return it == kTypes.end() ? nullptr : it;
}

}  // namespace

std::string_view data_type_name(DataType type) {
  const Entry* entry = find(type);
  return entry == nullptr ? "unknown" : entry->name;
}

Result<DataType> parse_data_type(std::string_view name) {
  for (const Entry& entry : kTypes) {
    if (entry.name == name) return entry.type;
  }
  return invalid_argument("unknown data type '{}'", name);
}

bool is_known_data_type(std::int32_t number) {
  return number != 0 && find(static_cast<DataType>(number)) != nullptr;
}

int bits_per_element(DataType type) {
  const Entry* entry = find(type);
  return entry == nullptr ? 0 : entry->bits;
}

bool is_floating_point(DataType type) {
  return type == DataType::kFloat32 || type == DataType::kFloat16 || type == DataType::kBFloat16 ||
         type == DataType::kFloat64;
}

bool is_signed_integer(DataType type) {
  return type == DataType::kInt4 || type == DataType::kInt8 || type == DataType::kInt16 ||
         type == DataType::kInt32 || type == DataType::kInt64;
}

bool is_integer(DataType type) {
  return is_signed_integer(type) || type == DataType::kUint4 || type == DataType::kUint8 ||
         type == DataType::kUint16 || type == DataType::kUint32 || type == DataType::kUint64;
}

}  // namespace lathe::ir
