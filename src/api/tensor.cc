#include "lathe/tensor.h"

#include <cstring>

#include "api/access.h"

namespace lathe {
namespace {

// The numbers of both enumerations are those of the ONNX specification.
ir::DataType internal_type(DataType type) { return static_cast<ir::DataType>(type); }

bool holds_bytes(DataType type) {
  return ir::is_known_data_type(static_cast<std::int32_t>(type)) &&
         ir::bits_per_element(internal_type(type)) > 0;
}

Failure cannot_hold(DataType type) {
  return to_failure(invalid_argument("a tensor cannot hold elements of data type {}",
                                     static_cast<std::int32_t>(type)));
}

Expected<Tensor> wrap_borrowed(Result<ir::Tensor> borrowed) {
  if (!borrowed.ok())
    return to_failure(Error(ErrorCode::kInvalidArgument, borrowed.error().message()));
  return Access::wrap(*std::move(borrowed));
}

}  // namespace

std::string_view data_type_name(DataType type) { return ir::data_type_name(internal_type(type)); }

Tensor::Tensor() = default;
Tensor::Tensor(Tensor&& other) noexcept = default;
Tensor& Tensor::operator=(Tensor&& other) noexcept = default;
Tensor::~Tensor() = default;

Tensor::Tensor(const Tensor& other)
    : impl_(other.impl_ ? std::make_unique<Impl>(*other.impl_) : nullptr) {}

Tensor& Tensor::operator=(const Tensor& other) {
  if (this != &other) *this = Tensor(other);
  return *this;
}

Expected<Tensor> Tensor::zeros(DataType type, std::vector<std::int64_t> shape) {
  if (!holds_bytes(type)) return cannot_hold(type);
  ASSIGN_OR_FAIL(ir::Tensor tensor, ir::Tensor::create(internal_type(type), shape));
  return Access::wrap(std::move(tensor));
}

Expected<Tensor> Tensor::from_bytes(DataType type, std::vector<std::int64_t> shape,
                                    std::span<const std::byte> bytes) {
  Expected<Tensor> tensor = zeros(type, std::move(shape));
  if (!tensor.ok()) return tensor;
  const std::span<std::byte> elements = tensor->mutable_bytes();
  if (bytes.size() != elements.size()) {
    return to_failure(invalid_argument("{} bytes given for a tensor {}{}, expected {}",
                                       bytes.size(), data_type_name(type),
                                       ir::to_string(tensor->shape()), elements.size()));
  }
  if (!bytes.empty()) std::memcpy(elements.data(), bytes.data(), bytes.size());
  return tensor;
}

Expected<Tensor> Tensor::borrow(DataType type, std::vector<std::int64_t> shape,
                                std::span<const std::byte> bytes,
                                std::shared_ptr<const void> owner) {
  if (!holds_bytes(type)) return cannot_hold(type);
  return wrap_borrowed(ir::Tensor::borrow(internal_type(type), shape, bytes, std::move(owner)));
}

Expected<Tensor> Tensor::borrow_writable(DataType type, std::vector<std::int64_t> shape,
                                         std::span<std::byte> bytes,
                                         std::shared_ptr<const void> owner) {
  if (!holds_bytes(type)) return cannot_hold(type);
  return wrap_borrowed(
      ir::Tensor::borrow_writable(internal_type(type), shape, bytes, std::move(owner)));
}

DataType Tensor::data_type() const {
  return impl_ ? static_cast<DataType>(impl_->tensor.data_type()) : DataType::kUndefined;
}

const std::vector<std::int64_t>& Tensor::shape() const {
  static const std::vector<std::int64_t> none;
  return impl_ ? impl_->tensor.dims() : none;
}

std::int64_t Tensor::size() const { return impl_ ? impl_->tensor.num_elements() : 0; }

std::span<const std::byte> Tensor::bytes() const {
  if (!impl_ || !holds_bytes(data_type())) return {};
  return impl_->tensor.bytes();
}

std::span<std::byte> Tensor::mutable_bytes() {
  if (!impl_ || !holds_bytes(data_type())) return {};
  return impl_->tensor.mutable_bytes();
}

Tensor Access::wrap(ir::Tensor tensor) {
  Tensor wrapped;
  wrapped.impl_ = std::make_unique<Tensor::Impl>(Tensor::Impl{std::move(tensor)});
  return wrapped;
}

const ir::Tensor& Access::unwrap(const Tensor& tensor) {
  static const ir::Tensor none;
  return tensor.impl_ ? tensor.impl_->tensor : none;
}

ir::Tensor& Access::unwrap(Tensor& tensor) {
  if (!tensor.impl_) tensor.impl_ = std::make_unique<Tensor::Impl>();
  return tensor.impl_->tensor;
}

}  // namespace lathe
