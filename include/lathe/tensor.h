// A dense n-dimensional array in row-major order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "lathe/expected.h"
#include "lathe/export.h"

namespace lathe {

// Element types, numbered as TensorProto.DataType of the ONNX specification.
enum class DataType : std::int32_t {
  kUndefined = 0,
  kFloat32 = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,  // named in descriptions of models; a Tensor cannot hold it
  kBool = 9,
  kFloat16 = 10,
  kFloat64 = 11,
  kUint32 = 12,
  kUint64 = 13,
  kBFloat16 = 16,
  kUint4 = 21,
  kInt4 = 22,
};

// "float32", "int8", ...
LATHE_API std::string_view data_type_name(DataType type);

// The DataType whose elements are T in memory; kUndefined where there is none. The 16-bit floating
// point and packed 4-bit types have no T: use bytes().
template <typename T>
inline constexpr DataType kDataTypeOf = DataType::kUndefined;
template <>
inline constexpr DataType kDataTypeOf<float> = DataType::kFloat32;
template <>
inline constexpr DataType kDataTypeOf<double> = DataType::kFloat64;
template <>
inline constexpr DataType kDataTypeOf<std::int8_t> = DataType::kInt8;
template <>
inline constexpr DataType kDataTypeOf<std::int16_t> = DataType::kInt16;
template <>
inline constexpr DataType kDataTypeOf<std::int32_t> = DataType::kInt32;
template <>
inline constexpr DataType kDataTypeOf<std::int64_t> = DataType::kInt64;
template <>
inline constexpr DataType kDataTypeOf<std::uint8_t> = DataType::kUint8;
template <>
inline constexpr DataType kDataTypeOf<std::uint16_t> = DataType::kUint16;
template <>
inline constexpr DataType kDataTypeOf<std::uint32_t> = DataType::kUint32;
template <>
inline constexpr DataType kDataTypeOf<std::uint64_t> = DataType::kUint64;
template <>
inline constexpr DataType kDataTypeOf<bool> = DataType::kBool;

// Owns its elements, or borrows them. Copies share them until one is written to, so copying is
// cheap. Reading from several threads is safe; writing is for one owner. Elements of its own begin
// at a multiple of 64 bytes; 4-bit ones are packed two to a byte, the first one in the low bits. A
// rank of 0 is a scalar.
//
//   auto image = lathe::Tensor::zeros(lathe::DataType::kFloat32, {1, 3, 224, 224}).value();
//   std::span<float> pixels = image.mutable_data<float>();
class LATHE_API Tensor {
 public:
  Tensor();  // of kUndefined type, without elements
  Tensor(const Tensor& other);
  Tensor(Tensor&& other) noexcept;
  Tensor& operator=(const Tensor& other);
  Tensor& operator=(Tensor&& other) noexcept;
  ~Tensor();

  // Fails where an extent is negative, the size is beyond 2^40 bytes, or the type is kUndefined or
  // kString.
  static Expected<Tensor> zeros(DataType type, std::vector<std::int64_t> shape);

  // A copy of `values`; fails where their number is not that of the shape.
  template <typename T>
  static Expected<Tensor> from(std::vector<std::int64_t> shape, std::span<const T> values) {
    return from_bytes(kDataTypeOf<T>, std::move(shape), std::as_bytes(values));
  }
  // The same from elements of any type as they lie in memory.
  static Expected<Tensor> from_bytes(DataType type, std::vector<std::int64_t> shape,
                                     std::span<const std::byte> bytes);

  // On memory of the caller's, of exactly the size of the tensor and aligned as its elements are.
  // It has to stay while a copy of the tensor is left, which `owner` can see to, and must not
  // change while a run reads it. Writing to the tensor copies first.
  static Expected<Tensor> borrow(DataType type, std::vector<std::int64_t> shape,
                                 std::span<const std::byte> bytes,
                                 std::shared_ptr<const void> owner = {});
  template <typename T>
  static Expected<Tensor> borrow(std::vector<std::int64_t> shape, std::span<const T> values,
                                 std::shared_ptr<const void> owner = {}) {
    return borrow(kDataTypeOf<T>, std::move(shape), std::as_bytes(values), std::move(owner));
  }
  // The same of memory that the tensor writes to, as long as no copy shares it: for outputs of
  // Context::run_into.
  static Expected<Tensor> borrow_writable(DataType type, std::vector<std::int64_t> shape,
                                          std::span<std::byte> bytes,
                                          std::shared_ptr<const void> owner = {});
  template <typename T>
  static Expected<Tensor> borrow_writable(std::vector<std::int64_t> shape, std::span<T> values,
                                          std::shared_ptr<const void> owner = {}) {
    return borrow_writable(kDataTypeOf<T>, std::move(shape), std::as_writable_bytes(values),
                           std::move(owner));
  }

  [[nodiscard]] DataType data_type() const;
  [[nodiscard]] const std::vector<std::int64_t>& shape() const;
  [[nodiscard]] std::int64_t size() const;  // elements

  [[nodiscard]] std::span<const std::byte> bytes() const;
  [[nodiscard]] std::span<std::byte> mutable_bytes();
  // The elements as T. Empty where T is not the element type.
  template <typename T>
  [[nodiscard]] std::span<const T> data() const {
    if (kDataTypeOf<T> == DataType::kUndefined || data_type() != kDataTypeOf<T>) return {};
    const std::span<const std::byte> elements = bytes();
    return {reinterpret_cast<const T*>(elements.data()), elements.size() / sizeof(T)};
  }
  template <typename T>
  [[nodiscard]] std::span<T> mutable_data() {
    if (kDataTypeOf<T> == DataType::kUndefined || data_type() != kDataTypeOf<T>) return {};
    const std::span<std::byte> elements = mutable_bytes();
    return {reinterpret_cast<T*>(elements.data()), elements.size() / sizeof(T)};
  }

 private:
  struct Impl;
  friend struct Access;
  std::unique_ptr<Impl> impl_;  // null where undefined
};

}  // namespace lathe
