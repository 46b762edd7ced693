// Calls a template with the C++ type of a tensor's elements.
#pragma once

#include <utility>

#include "ir/tensor.h"

namespace lathe::ops {

// body.operator()<T>() for float, double and the 8 to 64-bit integers. 16-bit floating point never
// arrives here: evaluate_node() widens it to float32 first.
template <typename Body>
auto dispatch_numeric(ir::DataType type, Body&& body) {
  switch (type) {
    case ir::DataType::kFloat32:
      return body.template operator()<float>();
    case ir::DataType::kFloat64:
      return body.template operator()<double>();
    case ir::DataType::kInt8:
      return body.template operator()<std::int8_t>();
    case ir::DataType::kUint8:
      return body.template operator()<std::uint8_t>();
    case ir::DataType::kInt16:
      return body.template operator()<std::int16_t>();
    case ir::DataType::kUint16:
      return body.template operator()<std::uint16_t>();
    case ir::DataType::kInt32:
      return body.template operator()<std::int32_t>();
    case ir::DataType::kUint32:
      return body.template operator()<std::uint32_t>();
    case ir::DataType::kInt64:
      return body.template operator()<std::int64_t>();
    case ir::DataType::kUint64:
      return body.template operator()<std::uint64_t>();
    default:
      fatal("operator evaluated on a type that its inference should have refused");
  }
}

// The same, and for bool.
template <typename Body>
auto dispatch_numeric_or_bool(ir::DataType type, Body&& body) {
  if (type == ir::DataType::kBool) return body.template operator()<bool>();
  return dispatch_numeric(type, std::forward<Body>(body));
}

template <typename Body>
auto dispatch_float(ir::DataType type, Body&& body) {
  switch (type) {
    case ir::DataType::kFloat32:
      return body.template operator()<float>();
    case ir::DataType::kFloat64:
      return body.template operator()<double>();
    default:
      fatal("operator evaluated on a type that its inference should have refused");
  }
}

}  // namespace lathe::ops
