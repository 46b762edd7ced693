#include "ir/tensor.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

#include "base/numeric.h"

namespace lathe::ir {
namespace {

constexpr std::size_t kAlignment = 64;

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

}  // namespace

struct Tensor::Buffer {
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  std::unique_ptr<std::byte, Free> bytes;
  std::size_t size = 0;
  std::vector<std::string> strings;

  // Null where the system has no memory left.
  static std::shared_ptr<Buffer> allocate(DataType type, std::int64_t count) {
    auto buffer = std::make_shared<Buffer>();
    if (type == DataType::kString) {
      buffer->strings.resize(static_cast<std::size_t>(count));
      return buffer;
    }
    buffer->size = buffer_bytes(type, count);
    const std::size_t rounded = (buffer->size + kAlignment - 1) / kAlignment * kAlignment;
    if (rounded == 0) return buffer;
    buffer->bytes.reset(static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded)));
    if (buffer->bytes == nullptr) return nullptr;
    std::memset(buffer->bytes.get(), 0, rounded);
    return buffer;
  }
};

Result<Tensor> Tensor::create(DataType type, std::span<const std::int64_t> dims) {
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
  try {
    tensor.buffer_ = Buffer::allocate(type, count);
  } catch (const std::bad_alloc&) {
    tensor.buffer_ = nullptr;
  }
  if (tensor.buffer_ == nullptr) {
    return error(ErrorCode::kResourceExhausted, "no memory for tensor {}{}", data_type_name(type),
                 ir::to_string(tensor.dims_));
  }
  return tensor;
}

Tensor Tensor::zeros(DataType type, std::span<const std::int64_t> dims) {
  return create(type, dims).value();
}

const void* Tensor::raw() const {
  if (buffer_ == nullptr) return nullptr;
  return type_ == DataType::kString ? static_cast<const void*>(buffer_->strings.data())
                                    : static_cast<const void*>(buffer_->bytes.get());
}

std::size_t Tensor::num_bytes() const { return buffer_ == nullptr ? 0 : buffer_->size; }

void Tensor::make_unique_owner() {
  if (buffer_ == nullptr || buffer_.use_count() == 1) return;
  std::shared_ptr<Buffer> copy = Buffer::allocate(type_, count_);
  if (copy == nullptr) fatal("no memory to copy a tensor");
  if (buffer_->size > 0) std::memcpy(copy->bytes.get(), buffer_->bytes.get(), buffer_->size);
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
    default:
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
    case DataType::kInt4: {
      const int byte = static_cast<const std::uint8_t*>(raw())[i / 2];
      const int nibble = i % 2 == 0 ? byte & 0xf : byte >> 4;
      return type_ == DataType::kInt4 && nibble > 7 ? nibble - 16 : nibble;
    }
    case DataType::kString:
    case DataType::kUndefined:
      fatal("get_int64 of a tensor without numbers");
    default:
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
    case DataType::kInt4: {
      const double low = type_ == DataType::kInt4 ? -8 : 0;
      const int number =
          static_cast<int>(std::clamp(std::isnan(value) ? 0.0 : value, low, low + 15));
      auto& byte = static_cast<std::uint8_t*>(data)[i / 2];
      const int nibble = number & 0xf;
      byte = static_cast<std::uint8_t>(i % 2 == 0 ? (byte & 0xf0) | nibble
                                                  : (byte & 0x0f) | (nibble << 4));
      return;
    }
    case DataType::kString:
    case DataType::kUndefined:
      fatal("set_double of a tensor without numbers");
  }
}

Tensor Tensor::cast(DataType type) const {
  if (type == type_) return *this;
  Tensor out = zeros(type, dims_);
  const bool exact_integers = !is_floating_point(type_) && type == DataType::kInt64;
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
