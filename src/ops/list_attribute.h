// Attributes that are lists, as operators of ai.onnx.ml have many.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ops/attributes.h"

namespace lathe::ops {

// The list that an attribute holds, in the node's memory; empty where it is absent. T is int64,
// float or std::string, as the signature has it.
template <typename T>
std::span<const T> list_attribute(const Attributes& attributes, std::string_view name) {
  const ir::Attribute* attribute = attributes.find(name);
  if (attribute == nullptr) return {};
  return std::get<std::vector<T>>(*attribute);
}

// A list as a vector.
template <typename T>
ir::Tensor vector_of(std::span<const T> list) {
  const auto count = static_cast<std::int64_t>(list.size());
  return ir::Tensor::from_values<T>(std::span(&count, 1), list);
}

}  // namespace lathe::ops
