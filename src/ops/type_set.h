// A set of types that an operand may have, as the type constraints of ONNX list them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ir/type.h"

namespace lathe::ops {

// Tensors, sequences of tensors, optionals of both, and the few maps of ai.onnx.ml. Small, copied
// freely.
class TypeSet {
 public:
  // "float32 int8 seq(float32) optional(seq(float32)) map(string,int64)": words with blanks between
  // them, as onnx_schemas.inc has them. An error names the word that is none.
  static Result<TypeSet> parse(std::string_view text);

  // Element type and kind count; shapes do not.
  [[nodiscard]] bool contains(const ir::Type& type) const;
  [[nodiscard]] bool contains_tensor(ir::DataType type) const;
  [[nodiscard]] bool empty() const;
  // "float16, float32 and float64"; where there are many, the first ones and how many more.
  [[nodiscard]] std::string to_string() const;

  bool operator==(const TypeSet&) const = default;

 private:
  // Kinds with a tensor innermost, each a mask over element types by their number.
  enum Container { kTensor, kSequence, kOptional, kOptionalSequence, kContainers };
  std::array<std::uint32_t, kContainers> elements_{};
  std::uint32_t maps_ = 0;  // over the list of maps in type_set.cc

  static std::string_view prefix(int container);
  [[nodiscard]] bool has(int container, ir::DataType type) const;
};

}  // namespace lathe::ops
