// A dense n-dimensional array in row-major order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ir/data_type.h"
#include "ir/shape.h"

namespace lathe::ir {

// Copies share their elements until one is written to (mutable_data makes it the sole owner first),
// so that graphs and passes copy freely. Reading from several threads is safe; writing is for one
// owner. The buffer is aligned to 64 bytes, but for one that is borrowed. Elements of 2, 4 and 6
// bits are packed, the first one in the lowest bits; a rank of 0 is a scalar.
//
//   auto t = Tensor::from_values<float>({2, 2}, {1, 2, 3, 4});
//   float first = t.data<float>()[0];
class Tensor {
 public:
  Tensor() = default;  // undefined type, no elements

  // Zeros (empty strings). Fails where the extents are negative or the size is beyond
  // kMaxTensorBytes.
  static Result<Tensor> create(DataType type, std::span<const std::int64_t> dims);
  // The same type and extents without elements, which take no memory: asking for them stops the
  // program.
  static Result<Tensor> describe(DataType type, std::span<const std::int64_t> dims);
  // Elements that lie in memory of others, which `lender` keeps: they are never written to there,
  // and stay where they are while a copy of the tensor is left. Not for strings.
  static Result<Tensor> borrow(DataType type, std::span<const std::int64_t> dims,
                               std::span<const std::byte> bytes,
                               std::shared_ptr<const void> lender);
  // The same for memory that its one tensor may write to. Writing to a tensor that shares it with a
  // copy copies, as always. `lender` may be null where somebody else sees to it.
  static Result<Tensor> borrow_writable(DataType type, std::span<const std::int64_t> dims,
                                        std::span<std::byte> bytes,
                                        std::shared_ptr<const void> lender);
  // As create(), for sizes that our own code has made.
  static Tensor zeros(DataType type, std::span<const std::int64_t> dims);
  static Tensor zeros(DataType type, std::initializer_list<std::int64_t> dims) {
    return zeros(type, std::span(dims.begin(), dims.size()));
  }
  template <typename T>
  static Tensor from_values(std::span<const std::int64_t> dims, std::span<const T> values);
  template <typename T>
  static Tensor from_values(std::initializer_list<std::int64_t> dims,
                            std::initializer_list<T> values) {
    return from_values<T>(std::span(dims.begin(), dims.size()),
                          std::span(values.begin(), values.size()));
  }
  template <typename T>
  static Tensor scalar(T value) {
    return from_values<T>(std::span<const std::int64_t>{}, std::span<const T>(&value, 1));
  }
  static Tensor vector_int64(std::span<const std::int64_t> values) {
    const auto count = static_cast<std::int64_t>(values.size());
    return from_values<std::int64_t>(std::span(&count, 1), values);
  }

  [[nodiscard]] bool defined() const { return type_ != DataType::kUndefined; }
  [[nodiscard]] DataType data_type() const { return type_; }
  [[nodiscard]] const std::vector<std::int64_t>& dims() const { return dims_; }
  [[nodiscard]] std::int64_t dim(std::size_t axis) const { return dims_.at(axis); }
  [[nodiscard]] std::size_t rank() const { return dims_.size(); }
  [[nodiscard]] std::int64_t num_elements() const { return count_; }
  [[nodiscard]] std::size_t num_bytes() const;  // of the buffer; 0 for strings
  // Whether no copy shares the elements, so that writing to them copies nothing.
  [[nodiscard]] bool is_sole_owner() const { return !buffer_ || buffer_.is_sole_owner(); }
  // Whether the elements lie in memory of others; and whether that may be written to.
  [[nodiscard]] bool is_borrowed() const;
  [[nodiscard]] bool is_borrowed_writable() const;
  [[nodiscard]] TensorType type() const { return {type_, make_shape(dims_)}; }

  // Elements as T; T must be the element type (kDataTypeOf<T>), or a byte type to see 4-bit ones.
  template <typename T>
  [[nodiscard]] std::span<const T> data() const {
    LATHE_CHECK(kDataTypeOf<T> == type_);
    return {static_cast<const T*>(raw()), static_cast<std::size_t>(count_)};
  }
  template <typename T>
  [[nodiscard]] std::span<T> mutable_data() {
    LATHE_CHECK(kDataTypeOf<T> == type_);
    make_unique_owner();
    return {static_cast<T*>(const_cast<void*>(raw())), static_cast<std::size_t>(count_)};
  }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return {static_cast<const std::byte*>(raw()), num_bytes()};
  }
  [[nodiscard]] std::span<std::byte> mutable_bytes() {
    make_unique_owner();
    return {static_cast<std::byte*>(const_cast<void*>(raw())), num_bytes()};
  }

  // The same elements under other extents of the same count.
  [[nodiscard]] Tensor reshaped(std::span<const std::int64_t> dims) const;
  [[nodiscard]] Tensor reshaped(std::initializer_list<std::int64_t> dims) const {
    return reshaped(std::span(dims.begin(), dims.size()));
  }
  // Elements converted to another numeric type: floating point to integer truncates and saturates,
  // to floating point of 16 bits and fewer rounds half to even. For numeric types (is_numeric).
  [[nodiscard]] Tensor cast(DataType type) const;

  // Element i of any numeric type as double or int64 (floating point truncates). Slow: for small
  // tensors such as axes and scales.
  [[nodiscard]] double get_double(std::int64_t i) const;
  [[nodiscard]] std::int64_t get_int64(std::int64_t i) const;
  [[nodiscard]] std::vector<std::int64_t> to_int64s() const;
  [[nodiscard]] std::vector<float> to_floats() const;
  void set_double(std::int64_t i, double value);
  // The bits of element i of a type that has 8 or fewer, packed or not.
  [[nodiscard]] std::uint8_t get_bits(std::int64_t i) const;
  void set_bits(std::int64_t i, std::uint8_t bits);

  // As describe() has it, where the elements have been used up.
  [[nodiscard]] Tensor without_elements() const;
  void drop_elements() { buffer_ = {}; }
  // Copies elements that are borrowed.
  void own_elements();
  [[nodiscard]] bool has_elements() const { return count_ == 0 || buffer_; }

  // Same type, extents and bits.
  [[nodiscard]] bool identical(const Tensor& other) const;

 private:
  struct Buffer;
  // A counted reference. The count is read with acquire, so that a sole owner sees all that former
  // owners did: std::shared_ptr's use_count() does not promise that.
  class BufferRef {
   public:
    BufferRef() = default;
    explicit BufferRef(Buffer* buffer) : buffer_(buffer) {}
    BufferRef(const BufferRef& other);
    BufferRef(BufferRef&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
    BufferRef& operator=(BufferRef other) noexcept {
      std::swap(buffer_, other.buffer_);
      return *this;
    }
    ~BufferRef();
    [[nodiscard]] bool is_sole_owner() const;
    Buffer* operator->() const { return buffer_; }
    explicit operator bool() const { return buffer_ != nullptr; }
    bool operator==(const BufferRef&) const = default;

   private:
    Buffer* buffer_ = nullptr;
  };
  static Result<Tensor> borrow_bytes(DataType type, std::span<const std::int64_t> dims,
                                     std::span<const std::byte> bytes,
                                     std::shared_ptr<const void> lender, bool writable);
  [[nodiscard]] const void* raw() const;
  void make_unique_owner();
  void copy_elements();

  DataType type_ = DataType::kUndefined;
  std::vector<std::int64_t> dims_;
  std::int64_t count_ = 0;
  BufferRef buffer_;
};

// A tensor larger than this is refused: it is larger than any machine Lathe is for.
inline constexpr std::int64_t kMaxTensorBytes = std::int64_t{1} << 40;

template <typename T>
Tensor Tensor::from_values(std::span<const std::int64_t> dims, std::span<const T> values) {
  Tensor tensor = zeros(kDataTypeOf<T>, dims);
  LATHE_CHECK(static_cast<std::int64_t>(values.size()) == tensor.num_elements());
  std::span<T> out = tensor.mutable_data<T>();
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = values[i];
  return tensor;
}

}  // namespace lathe::ir
