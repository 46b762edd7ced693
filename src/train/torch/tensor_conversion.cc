#include "train/torch/tensor_conversion.h"

#include <ATen/ops/from_blob.h>
#include <array>
#include <cstring>
#include <utility>

namespace lathe::train {
namespace {

constexpr std::array kTypes = {
    std::pair{ir::DataType::kFloat32, at::kFloat},
    std::pair{ir::DataType::kFloat64, at::kDouble},
    std::pair{ir::DataType::kFloat16, at::kHalf},
    std::pair{ir::DataType::kBFloat16, at::kBFloat16},
    std::pair{ir::DataType::kInt8, at::kChar},
    std::pair{ir::DataType::kInt16, at::kShort},
    std::pair{ir::DataType::kInt32, at::kInt},
    std::pair{ir::DataType::kInt64, at::kLong},
    std::pair{ir::DataType::kUint8, at::kByte},
    std::pair{ir::DataType::kBool, at::kBool},
};

}  // namespace

Result<at::Tensor> view_as_torch(const ir::Tensor& tensor) {
  for (const auto& [ours, theirs] : kTypes) {
    if (ours != tensor.data_type()) continue;
    // from_blob takes what it could write to; the header forbids that.
    return at::from_blob(const_cast<std::byte*>(tensor.bytes().data()), tensor.dims(),
                         at::TensorOptions(theirs));
  }
  return unsupported("LibTorch has no {} tensors", ir::data_type_name(tensor.data_type()));
}

Result<ir::Tensor> copy_from_torch(const at::Tensor& tensor) {
  const at::Tensor plain = tensor.detach().to(at::kCPU).contiguous();
  for (const auto& [ours, theirs] : kTypes) {
    if (theirs != plain.scalar_type()) continue;
    ASSIGN_OR_RETURN(ir::Tensor copy, ir::Tensor::create(ours, plain.sizes().vec()));
    const std::span<std::byte> bytes = copy.mutable_bytes();
    if (!bytes.empty()) std::memcpy(bytes.data(), plain.data_ptr(), bytes.size());
    return copy;
  }
  return unsupported("LibTorch made a tensor of type {}", at::toString(plain.scalar_type()));
}

}  // namespace lathe::train
