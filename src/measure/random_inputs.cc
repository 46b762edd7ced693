#include "measure/random_inputs.h"

#include "base/random.h"

namespace lathe::measure {

Result<std::vector<ir::Tensor>> random_inputs(std::span<const engine::TensorInfo> infos,
                                              std::uint64_t seed) {
  std::vector<ir::Tensor> inputs;
  Random random(seed);
  for (const engine::TensorInfo& info : infos) {
    if (info.container.known()) {
      return unsupported("input '{}' is {}, only tensors can be made of random numbers", info.name,
                         info.container.to_string());
    }
    if (!engine::is_closed(info.type))
      return unsupported("input '{}' is {}, and nothing says its extents", info.name,
                         info.type.to_string());
    ASSIGN_OR_RETURN(ir::Tensor tensor,
                     ir::Tensor::create(info.type.data_type, *ir::known_dims(*info.type.shape)));
    const bool is_byte =
        info.type.data_type == ir::DataType::kInt8 || info.type.data_type == ir::DataType::kUint8;
    if (info.type.data_type == ir::DataType::kFloat32) {
      for (float& v : tensor.mutable_data<float>()) v = random.normal();
    } else if (is_byte) {
      for (std::byte& v : tensor.mutable_bytes()) v = static_cast<std::byte>(random.below(256));
    } else if (info.type.data_type != ir::DataType::kString) {
      const bool real = ir::is_floating_point(info.type.data_type);
      for (std::int64_t i = 0; i < tensor.num_elements(); ++i) {
        tensor.set_double(i, real ? static_cast<double>(random.normal()) : random.below(2));
      }
    }
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

}  // namespace lathe::measure
