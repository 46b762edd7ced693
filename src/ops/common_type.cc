#include "ops/common_type.h"

namespace lathe::ops {

std::optional<ir::Type> common_type(const ir::Type& a, const ir::Type& b) {
  if (!a.known() || a == b) return b;
  if (!b.known()) return a;
  if (a.kind() != b.kind() || a.key() != b.key()) return std::nullopt;
  if (!a.is_tensor()) {
    const auto element = common_type(a.element(), b.element());
    if (!element) return std::nullopt;
    switch (a.kind()) {
      case ir::Type::Kind::kSequence:
        return ir::Type::sequence(*element);
      case ir::Type::Kind::kOptional:
        return ir::Type::optional(*element);
      default:
        return ir::Type::map(a.key(), *element);
    }
  }
  if (a.tensor().data_type != b.tensor().data_type) return std::nullopt;
  ir::TensorType common{a.tensor().data_type, std::nullopt};
  const std::optional<ir::Shape>& x = a.tensor().shape;
  const std::optional<ir::Shape>& y = b.tensor().shape;
  if (x && y && x->size() == y->size()) {
    common.shape = *x;
    for (std::size_t i = 0; i < x->size(); ++i) {
      if ((*x)[i] != (*y)[i]) (*common.shape)[i] = ir::Dim(ir::SymInt::data_dependent());
    }
  }
  return ir::Type(std::move(common));
}

ir::Type without_shapes(const ir::Type& type) {
  switch (type.kind()) {
    case ir::Type::Kind::kTensor:
      return ir::Type(type.tensor().data_type, std::nullopt);
    case ir::Type::Kind::kSequence:
      return ir::Type::sequence(without_shapes(type.element()));
    case ir::Type::Kind::kOptional:
      return ir::Type::optional(without_shapes(type.element()));
    case ir::Type::Kind::kMap:
      return ir::Type::map(type.key(), without_shapes(type.element()));
  }
  return {};
}

}  // namespace lathe::ops
