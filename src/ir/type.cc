#include "ir/type.h"

#include <fmt/format.h>

namespace lathe::ir {

Type Type::map(DataType key, Type value) {
  Type type(Kind::kMap, std::move(value));
  type.key_ = key;
  return type;
}

std::string Type::to_string() const {
  switch (kind_) {
    case Kind::kTensor:
      return tensor_.to_string();
    case Kind::kSequence:
      return fmt::format("seq({})", element().to_string());
    case Kind::kOptional:
      return fmt::format("optional({})", element().to_string());
    case Kind::kMap:
      return fmt::format("map({},{})", data_type_name(key_), element().to_string());
  }
  return {};
}

bool operator==(const Type& a, const Type& b) {
  if (a.kind_ != b.kind_ || a.key_ != b.key_ || !(a.tensor_ == b.tensor_)) return false;
  return a.element_ == b.element_ ||
         (a.element_ != nullptr && b.element_ != nullptr && *a.element_ == *b.element_);
}

}  // namespace lathe::ir
