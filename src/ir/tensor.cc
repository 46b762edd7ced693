#include "ir/tensor.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <optional>

#include "base/mini_float.h"
#include "base/numeric.h"
#include "base/zeroed_memory.h"

namespace lathe::ir {
namespace {

std::size_t buffer_bytes(DataType type, std::int64_t count) {
  return (static_cast<std::size_t>(count) * static_cast<std::size_t>(bits_per_element(type)) + 7) /
         8;
}

template <typename T>
T saturate(double value) {
  if (std::isnan(value)) return 0;
  constexpr double kLow = static_cast<double>(std::numeric_limits<T>::lowest());
  constexpr double kHigh = static_cast<double>(std::numeric_limits<T>::max());
  if (value <= kLow) return std::numeric_limits<T>::lowest();
  if (value >= kHigh) return std::numeric_limits<T>::max();
  return static_cast<T>(value);
}

// Elements of 2, 4, 6 and 8 bits, packed from the low bits of each byte upwards.
std::uint8_t bits_at(const void* data, std::int64_t i, int bits) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  const std::int64_t first = i * bits;
  const int shift = static_cast<int>(first % 8);
  unsigned window = bytes[first / 8];
  if (shift + bits > 8) window |= static_cast<unsigned>(bytes[first / 8 + 1]) << 8;
  return static_cast<std::uint8_t>((window >> shift) & ((1U << bits) - 1));
}

void put_bits(void* data, std::int64_t i, int bits, std::uint8_t value) {
  auto* bytes = static_cast<std::uint8_t*>(data);
  const std::int64_t first = i * bits;
  const int shift = static_cast<int>(first % 8);
  const unsigned mask = (1U << bits) - 1;
  const unsigned placed = static_cast<unsigned>(value) << shift;
  const auto put = [&](std::int64_t byte, unsigned byte_mask, unsigned byte_value) {
    bytes[byte] = static_cast<std::uint8_t>((bytes[byte] & ~byte_mask) | (byte_value & byte_mask));
  };
  put(first / 8, (mask << shift) & 0xff, placed & 0xff);
  if (shift + bits > 8) put(first / 8 + 1, (mask << shift) >> 8, placed >> 8);
}

std::optional<MiniFloat> mini_float_format(DataType type) {
  switch (type) {
    case DataType::kFloat8E4M3FN:
      return kFloat8E4M3FN;
    case DataType::kFloat8E4M3FNUZ:
      return kFloat8E4M3FNUZ;
    case DataType::kFloat8E5M2:
      return kFloat8E5M2;
    case DataType::kFloat8E5M2FNUZ:
      return kFloat8E5M2FNUZ;
    case DataType::kFloat4E2M1:
      return kFloat4E2M1;
    case DataType::kFloat6E2M3:
      return kFloat6E2M3;
    case DataType::kFloat6E3M2:
      return kFloat6E3M2;
    default:
      return std::nullopt;
  }
}

// An integer of less than 8 bits from its bits.
std::int64_t small_integer(DataType type, std::uint8_t bits) {
  const int width = bits_per_element(type);
  const bool negative = is_signed_integer(type) && (bits >> (width - 1)) != 0;
  return static_cast<std::int64_t>(bits) - (negative ? 1 << width : 0);
}

}  // namespace

struct Tensor::Buffer {
  std::atomic<std::int64_t> owners{1};
  std::unique_ptr<std::byte, FreeZeroed> bytes;
  const std::byte* data = nullptr;  // those, or what the lender keeps
  std::size_t size = 0;
  std::shared_ptr<const void> lender;
  enum class Keeper { kThis, kLender, kWritableLender } keeper = Keeper::kThis;
  std::vector<std::string> strings;

  // Null where the system has no memory left.
  static BufferRef allocate(DataType type, std::int64_t count) {
    BufferRef buffer(new Buffer);
    if (type == DataType::kString) {
      buffer->strings.resize(static_cast<std::size_t>(count));
      return buffer;
    }
    buffer->size = buffer_bytes(type, count);
    if (buffer->size == 0) return buffer;
    buffer->bytes = {static_cast<std::byte*>(allocate_zeroed(buffer->size)), {buffer->size}};
    if (buffer->bytes == nullptr) return {};
    buffer->data = buffer->bytes.get();
    return buffer;
  }
};

Result<Tensor> Tensor::describe(DataType type, std::span<const std::int64_t> dims) {
  if (!is_known_data_type(static_cast<std::int32_t>(type))) {
    return invalid_data("tensor of unknown type {}", static_cast<int>(type));
  }
  ASSIGN_OR_RETURN(const std::int64_t count, element_count(dims));
  Tensor tensor;
  tensor.type_ = type;
  tensor.dims_.assign(dims.begin(), dims.end());
  tensor.count_ = count;
  const int bits = type == DataType::kString ? 256 : bits_per_element(type);
  if (count > kMaxTensorBytes / bits * 8) {
    return error(ErrorCode::kResourceExhausted, "tensor {}{} is larger than the limit of {} bytes",
                 data_type_name(type), ir::to_string(tensor.dims_), kMaxTensorBytes);
  }
  return tensor;
}

Result<Tensor> Tensor::create(DataType type, std::span<const std::int64_t> dims) {
  ASSIGN_OR_RETURN(Tensor tensor, describe(type, dims));
  try {
    tensor.buffer_ = Buffer::allocate(type, tensor.count_);
  } catch (const std::bad_alloc&) {
    tensor.buffer_ = {};
  }
  if (!tensor.buffer_) {
    return error(ErrorCode::kResourceExhausted, "no memory for tensor {}{}", data_type_name(type),
                 ir::to_string(tensor.dims_));
  }
  return tensor;
}

Result<Tensor> Tensor::borrow(DataType type, std::span<const std::int64_t> dims,
                              std::span<const std::byte> bytes,
                              std::shared_ptr<const void> lender) {
  return borrow_bytes(type, dims, bytes, std::move(lender), false);
}

Result<Tensor> Tensor::borrow_writable(DataType type, std::span<const std::int64_t> dims,
                                       std::span<std::byte> bytes,
                                       std::shared_ptr<const void> lender) {
  return borrow_bytes(type, dims, bytes, std::move(lender), true);
}

Result<Tensor> Tensor::borrow_bytes(DataType type, std::span<const std::int64_t> dims,
                                    std::span<const std::byte> bytes,
                                    std::shared_ptr<const void> lender, bool writable) {
  ASSIGN_OR_RETURN(Tensor tensor, describe(type, dims));
  if (type == DataType::kString) return unsupported("strings cannot be borrowed");
  const std::size_t expected = buffer_bytes(type, tensor.count_);
  if (bytes.size() != expected) {
    return invalid_data("tensor {} has {} bytes, expected {}", tensor.type().to_string(),
                        bytes.size(), expected);
  }
  const auto alignment = static_cast<std::uintptr_t>(std::max(1, bits_per_element(type) / 8));
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment != 0) {
    return invalid_data("tensor {} does not begin at a multiple of {} bytes",
                        tensor.type().to_string(), alignment);
  }
  tensor.buffer_ = BufferRef(new Buffer);
  tensor.buffer_->data = bytes.data();
  tensor.buffer_->size = bytes.size();
  tensor.buffer_->lender = std::move(lender);
  tensor.buffer_->keeper = writable ? Buffer::Keeper::kWritableLender : Buffer::Keeper::kLender;
  return tensor;
}

Tensor Tensor::zeros(DataType type, std::span<const std::int64_t> dims) {
  return create(type, dims).value();
}

Tensor Tensor::without_elements() const {
  Tensor described = *this;
  described.buffer_ = {};
  return described;
}

const void* Tensor::raw() const {
  LATHE_CHECK(has_elements());
  if (!buffer_) return nullptr;
  return type_ == DataType::kString ? static_cast<const void*>(buffer_->strings.data())
                                    : static_cast<const void*>(buffer_->data);
}

std::size_t Tensor::num_bytes() const { return buffer_ ? buffer_->size : 0; }

Tensor::BufferRef::BufferRef(const BufferRef& other) : buffer_(other.buffer_) {
  if (buffer_ != nullptr) buffer_->owners.fetch_add(1, std::memory_order_relaxed);
}

Tensor::BufferRef::~BufferRef() {
  if (buffer_ != nullptr && buffer_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1)
    delete buffer_;
}

bool Tensor::BufferRef::is_sole_owner() const {
  return buffer_->keeper != Buffer::Keeper::kLender &&
         buffer_->owners.load(std::memory_order_acquire) == 1;
}

bool Tensor::is_borrowed() const { return buffer_ && buffer_->keeper != Buffer::Keeper::kThis; }

bool Tensor::is_borrowed_writable() const {
  return buffer_ && buffer_->keeper == Buffer::Keeper::kWritableLender;
}

void Tensor::own_elements() {
  if (is_borrowed()) copy_elements();
}

void Tensor::make_unique_owner() {
  if (buffer_ && !buffer_.is_sole_owner()) copy_elements();
}

void Tensor::copy_elements() {
  BufferRef copy = Buffer::allocate(type_, count_);
  if (!copy) throw std::bad_alloc();
  if (buffer_->size > 0) std::memcpy(copy->bytes.get(), buffer_->data, buffer_->size);
  copy->strings = buffer_->strings;
  buffer_ = std::move(copy);
}

Tensor Tensor::reshaped(std::span<const std::int64_t> dims) const {
  LATHE_CHECK(element_count(dims).value_or(-1) == count_);
  Tensor view = *this;
  view.dims_.assign(dims.begin(), dims.end());
  return view;
}

double Tensor::get_double(std::int64_t i) const {
  LATHE_CHECK(i >= 0 && i < count_);
  const auto at = [&]<typename T>() { return static_cast<const T*>(raw())[i]; };
  switch (type_) {
    case DataType::kFloat32:
      return static_cast<double>(at.operator()<float>());
    case DataType::kFloat64:
      return at.operator()<double>();
    case DataType::kFloat16:
      return static_cast<double>(float16_to_float(at.operator()<std::uint16_t>()));
    case DataType::kBFloat16:
      return static_cast<double>(bfloat16_to_float(at.operator()<std::uint16_t>()));
    case DataType::kUint64:
      return static_cast<double>(at.operator()<std::uint64_t>());
    case DataType::kFloat8E8M0:
      return static_cast<double>(float8_e8m0_to_float(at.operator()<std::uint8_t>()));
    default:
      if (const auto format = mini_float_format(type_)) {
        return static_cast<double>(
            mini_float_to_float(*format, bits_at(raw(), i, bits_per_element(type_))));
      }
      return static_cast<double>(get_int64(i));
  }
}

std::int64_t Tensor::get_int64(std::int64_t i) const {
  LATHE_CHECK(i >= 0 && i < count_);
  const auto at = [&]<typename T>() {
    return static_cast<std::int64_t>(static_cast<const T*>(raw())[i]);
  };
  switch (type_) {
    case DataType::kUint8:
      return at.operator()<std::uint8_t>();
    case DataType::kInt8:
      return at.operator()<std::int8_t>();
    case DataType::kUint16:
      return at.operator()<std::uint16_t>();
    case DataType::kInt16:
      return at.operator()<std::int16_t>();
    case DataType::kUint32:
      return at.operator()<std::uint32_t>();
    case DataType::kInt32:
      return at.operator()<std::int32_t>();
    case DataType::kUint64:
      return at.operator()<std::uint64_t>();
    case DataType::kInt64:
      return at.operator()<std::int64_t>();
    case DataType::kBool:
      return at.operator()<std::uint8_t>() != 0 ? 1 : 0;
    case DataType::kUint4:
    case DataType::kInt4:
    case DataType::kUint2:
    case DataType::kInt2:
      return small_integer(type_, bits_at(raw(), i, bits_per_element(type_)));
    default:
      if (!is_numeric(type_)) fatal("get_int64 of a tensor without numbers");
      return saturate<std::int64_t>(get_double(i));
  }
}

void Tensor::set_double(std::int64_t i, double value) {
  LATHE_CHECK(i >= 0 && i < count_);
  make_unique_owner();
  void* data = const_cast<void*>(raw());
  const auto put = [&]<typename T>(T element) { static_cast<T*>(data)[i] = element; };
  switch (type_) {
    case DataType::kFloat32:
      return put(static_cast<float>(value));
    case DataType::kFloat64:
      return put(value);
    case DataType::kFloat16:
      return put(float_to_float16(static_cast<float>(value)));
    case DataType::kBFloat16:
      return put(float_to_bfloat16(static_cast<float>(value)));
    case DataType::kUint8:
      return put(saturate<std::uint8_t>(value));
    case DataType::kInt8:
      return put(saturate<std::int8_t>(value));
    case DataType::kUint16:
      return put(saturate<std::uint16_t>(value));
    case DataType::kInt16:
      return put(saturate<std::int16_t>(value));
    case DataType::kUint32:
      return put(saturate<std::uint32_t>(value));
    case DataType::kInt32:
      return put(saturate<std::int32_t>(value));
    case DataType::kUint64:
      return put(saturate<std::uint64_t>(value));
    case DataType::kInt64:
      return put(saturate<std::int64_t>(value));
    case DataType::kBool:
      return put(static_cast<std::uint8_t>(value != 0 ? 1 : 0));
    case DataType::kUint4:
    case DataType::kInt4:
    case DataType::kUint2:
    case DataType::kInt2: {
      const int bits = bits_per_element(type_);
      const double low = is_signed_integer(type_) ? -std::ldexp(1.0, bits - 1) : 0;
      const double high = low + std::ldexp(1.0, bits) - 1;
      const auto number = static_cast<int>(std::clamp(std::isnan(value) ? 0.0 : value, low, high));
      return put_bits(data, i, bits, static_cast<std::uint8_t>(number & ((1 << bits) - 1)));
    }
    case DataType::kFloat8E8M0:
      return put(float_to_float8_e8m0(static_cast<float>(value)));
    default:
      if (const auto format = mini_float_format(type_)) {
        return put_bits(data, i, bits_per_element(type_),
                        float_to_mini_float(*format, static_cast<float>(value), true));
      }
      fatal("set_double of a tensor without numbers");
  }
}

std::uint8_t Tensor::get_bits(std::int64_t i) const {
  const int bits = bits_per_element(type_);
  LATHE_CHECK(i >= 0 && i < count_ && bits > 0 && bits <= 8);
  return bits_at(raw(), i, bits);
}

void Tensor::set_bits(std::int64_t i, std::uint8_t bits) {
  const int width = bits_per_element(type_);
  LATHE_CHECK(i >= 0 && i < count_ && width > 0 && width <= 8);
  make_unique_owner();
  put_bits(const_cast<void*>(raw()), i, width, bits);
}

Tensor Tensor::cast(DataType type) const {
  if (type == type_) return *this;
  Tensor out = zeros(type, dims_);
  const bool exact_integers =
      !is_floating_point(type_) && !is_mini_float(type_) && type == DataType::kInt64;
  for (std::int64_t i = 0; i < count_; ++i) {
    if (exact_integers) {
      static_cast<std::int64_t*>(const_cast<void*>(out.raw()))[i] = get_int64(i);
    } else {
      out.set_double(i, get_double(i));
    }
  }
  return out;
}

std::vector<std::int64_t> Tensor::to_int64s() const {
  std::vector<std::int64_t> values;
  values.reserve(static_cast<std::size_t>(count_));
  for (std::int64_t i = 0; i < count_; ++i) values.push_back(get_int64(i));
  return values;
}

std::vector<float> Tensor::to_floats() const {
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(count_));
  for (std::int64_t i = 0; i < count_; ++i) values.push_back(static_cast<float>(get_double(i)));
  return values;
}

bool Tensor::identical(const Tensor& other) const {
  if (type_ != other.type_ || dims_ != other.dims_) return false;
  if (buffer_ == other.buffer_) return true;
  if (type_ == DataType::kString) return buffer_->strings == other.buffer_->strings;
  return num_bytes() == 0 || std::memcmp(raw(), other.raw(), num_bytes()) == 0;
}

}  // namespace lathe::ir
