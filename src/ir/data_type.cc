#include "ir/data_type.h"

#include <algorithm>
#include <array>

namespace lathe::ir {
namespace {

enum class Kind { kNone, kBool, kSigned, kUnsigned, kFloat, kMiniFloat };

struct Entry {
  DataType type;
  std::string_view name;
  int bits;
  Kind kind;
};

// By number.
constexpr std::array kTypes = {
    Entry{DataType::kUndefined, "undefined", 0, Kind::kNone},
    Entry{DataType::kFloat32, "float32", 32, Kind::kFloat},
    Entry{DataType::kUint8, "uint8", 8, Kind::kUnsigned},
    Entry{DataType::kInt8, "int8", 8, Kind::kSigned},
    Entry{DataType::kUint16, "uint16", 16, Kind::kUnsigned},
    Entry{DataType::kInt16, "int16", 16, Kind::kSigned},
    Entry{DataType::kInt32, "int32", 32, Kind::kSigned},
    Entry{DataType::kInt64, "int64", 64, Kind::kSigned},
    Entry{DataType::kString, "string", 0, Kind::kNone},
    Entry{DataType::kBool, "bool", 8, Kind::kBool},
    Entry{DataType::kFloat16, "float16", 16, Kind::kFloat},
    Entry{DataType::kFloat64, "float64", 64, Kind::kFloat},
    Entry{DataType::kUint32, "uint32", 32, Kind::kUnsigned},
    Entry{DataType::kUint64, "uint64", 64, Kind::kUnsigned},
    Entry{DataType::kComplex64, "complex64", 64, Kind::kNone},
    Entry{DataType::kComplex128, "complex128", 128, Kind::kNone},
    Entry{DataType::kBFloat16, "bfloat16", 16, Kind::kFloat},
    Entry{DataType::kFloat8E4M3FN, "float8e4m3fn", 8, Kind::kMiniFloat},
    Entry{DataType::kFloat8E4M3FNUZ, "float8e4m3fnuz", 8, Kind::kMiniFloat},
    Entry{DataType::kFloat8E5M2, "float8e5m2", 8, Kind::kMiniFloat},
    Entry{DataType::kFloat8E5M2FNUZ, "float8e5m2fnuz", 8, Kind::kMiniFloat},
    Entry{DataType::kUint4, "uint4", 4, Kind::kUnsigned},
    Entry{DataType::kInt4, "int4", 4, Kind::kSigned},
    Entry{DataType::kFloat4E2M1, "float4e2m1", 4, Kind::kMiniFloat},
    Entry{DataType::kFloat8E8M0, "float8e8m0", 8, Kind::kMiniFloat},
    Entry{DataType::kUint2, "uint2", 2, Kind::kUnsigned},
    Entry{DataType::kInt2, "int2", 2, Kind::kSigned},
    Entry{DataType::kFloat6E2M3, "float6e2m3", 6, Kind::kMiniFloat},
    Entry{DataType::kFloat6E3M2, "float6e3m2", 6, Kind::kMiniFloat},
};

static_assert([] {
  const auto in_place = [](const Entry& e) { return &kTypes[static_cast<std::size_t>(e.type)]; };
  return std::all_of(kTypes.begin(), kTypes.end(),
                     [&](const Entry& e) { return &e == in_place(e); });
}());

const Entry* find(DataType type) {
  const auto number = static_cast<std::size_t>(type);
  return number < kTypes.size() ? &kTypes[number] : nullptr;
}

Kind kind_of(DataType type) {
  const Entry* entry = find(type);
  return entry == nullptr ? Kind::kNone : entry->kind;
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

bool is_floating_point(DataType type) { return kind_of(type) == Kind::kFloat; }

bool is_signed_integer(DataType type) { return kind_of(type) == Kind::kSigned; }

bool is_integer(DataType type) {
  return kind_of(type) == Kind::kSigned || kind_of(type) == Kind::kUnsigned;
}

bool is_mini_float(DataType type) { return kind_of(type) == Kind::kMiniFloat; }

bool is_numeric(DataType type) { return kind_of(type) != Kind::kNone; }

}  // namespace lathe::ir
