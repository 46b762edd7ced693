// Types of values, as TypeProto of the ONNX specification has them.
#pragma once

#include <memory>
#include <string>

#include "ir/shape.h"

namespace lathe::ir {

// A tensor, or a sequence, an optional or a map of types. Immutable but for assignment; containers
// share what they contain, so copies are cheap.
class Type {
 public:
  enum class Kind { kTensor, kSequence, kOptional, kMap };

  Type() = default;                                        // of which nothing is known
  Type(TensorType tensor) : tensor_(std::move(tensor)) {}  // NOLINT(*-explicit-*)
  Type(DataType element, std::optional<Shape> shape) : tensor_{element, std::move(shape)} {}
  static Type sequence(Type element) { return {Kind::kSequence, std::move(element)}; }
  static Type optional(Type element) { return {Kind::kOptional, std::move(element)}; }
  // Keys are integers or strings.
  static Type map(DataType key, Type value);

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool is_tensor() const { return kind_ == Kind::kTensor; }
  // False where not even the element type is known.
  [[nodiscard]] bool known() const {
    return !is_tensor() || tensor_.data_type != DataType::kUndefined;
  }
  // Of all other kinds: a tensor type of which nothing is known.
  [[nodiscard]] const TensorType& tensor() const { return tensor_; }
  // What a sequence or an optional contains, and the values of a map.
  [[nodiscard]] const Type& element() const {
    LATHE_CHECK(element_ != nullptr);
    return *element_;
  }
  [[nodiscard]] DataType key() const { return key_; }  // of a map

  // "float32[N,10]", "seq(float32[*])", "optional(int64[])", "map(string,float32[])"
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Type& a, const Type& b);

 private:
  Type(Kind kind, Type element)
      : kind_(kind), element_(std::make_shared<const Type>(std::move(element))) {}

  Kind kind_ = Kind::kTensor;
  TensorType tensor_;
  std::shared_ptr<const Type> element_;
  DataType key_ = DataType::kUndefined;
};

}  // namespace lathe::ir
