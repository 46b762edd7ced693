// Element types of tensors, numbered as TensorProto.DataType of the ONNX specification.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lathe::ir {

enum class DataType : std::int32_t {
  kUndefined = 0,
  kFloat32 = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kFloat64 = 11,
  kUint32 = 12,
  kUint64 = 13,
  kComplex64 = 14,
  kComplex128 = 15,
  kBFloat16 = 16,
  kFloat8E4M3FN = 17,
  kFloat8E4M3FNUZ = 18,
  kFloat8E5M2 = 19,
  kFloat8E5M2FNUZ = 20,
  kUint4 = 21,
  kInt4 = 22,
  kFloat4E2M1 = 23,
  kFloat8E8M0 = 24,
  kUint2 = 25,
  kInt2 = 26,
  kFloat6E2M3 = 27,
  kFloat6E3M2 = 28,
};

// 16-bit floating point elements, stored as their bits (see base/numeric.h).
struct Float16 {
  std::uint16_t bits;
};
struct BFloat16 {
  std::uint16_t bits;
};

std::string_view data_type_name(DataType type);  // "float32", "int8", "float8e4m3fn", ...
Result<DataType> parse_data_type(std::string_view name);
bool is_known_data_type(std::int32_t number);

// Bits that one element takes in a tensor's buffer: 2, 4 or 6 for the packed types, 0 for kString
// and kUndefined, whose elements have no fixed size.
int bits_per_element(DataType type);

bool is_floating_point(DataType type);  // 16 to 64 bits: those that are computed with
bool is_integer(DataType type);         // signed and unsigned, 2 to 64 bits; not bool
bool is_signed_integer(DataType type);
// Floating point of 4 to 8 bits, which is stored and converted only.
bool is_mini_float(DataType type);
// Elements are numbers of one part (bool counts): Tensor::get_double works.
bool is_numeric(DataType type);

// The type whose elements are T in memory.
template <typename T>
struct DataTypeOf;
#define LATHE_DATA_TYPE(type, constant)                   \
  template <>                                             \
  struct DataTypeOf<type> {                               \
    static constexpr DataType value = DataType::constant; \
  }
LATHE_DATA_TYPE(float, kFloat32);
LATHE_DATA_TYPE(std::uint8_t, kUint8);
LATHE_DATA_TYPE(std::int8_t, kInt8);
LATHE_DATA_TYPE(std::uint16_t, kUint16);
LATHE_DATA_TYPE(std::int16_t, kInt16);
LATHE_DATA_TYPE(std::int32_t, kInt32);
LATHE_DATA_TYPE(std::int64_t, kInt64);
LATHE_DATA_TYPE(std::string, kString);
LATHE_DATA_TYPE(bool, kBool);
LATHE_DATA_TYPE(Float16, kFloat16);
LATHE_DATA_TYPE(double, kFloat64);
LATHE_DATA_TYPE(std::uint32_t, kUint32);
LATHE_DATA_TYPE(std::uint64_t, kUint64);
LATHE_DATA_TYPE(BFloat16, kBFloat16);
#undef LATHE_DATA_TYPE
template <typename T>
inline constexpr DataType kDataTypeOf = DataTypeOf<T>::value;

}  // namespace lathe::ir
