#include "train/torch/op.h"

#include <array>
#include <utility>

namespace lathe::train {

#define LATHE_TRAIN_OP(name) TrainOp train_##name();
#include "train/torch/train_ops.inc"
#undef LATHE_TRAIN_OP

const TrainOp* find_train_op(std::string_view domain, std::string_view op_type) {
  using Entry = std::pair<std::string_view, TrainOp>;
  static const std::array kOps = {
#define LATHE_TRAIN_OP(name) Entry{#name, train_##name()},
#include "train/torch/train_ops.inc"
#undef LATHE_TRAIN_OP
  };
  if (!domain.empty()) return nullptr;
  for (const auto& [name, op] : kOps) {
    if (name == op_type) return &op;
  }
  return nullptr;
}

}  // namespace lathe::train
