// Tensors that are computed with in float32 and stored as that or in bfloat16, for drivers and
// scalar kernels.
#pragma once

#include <type_traits>

#include "base/numeric.h"
#include "kernels/bfloat16.h"
#include "kernels/element_type.h"

namespace lathe::kernels {

inline float load(float stored) { return stored; }
inline float load(BFloat16 stored) { return bfloat16_to_float(stored.bits); }

// Rounds half to even.
template <typename Stored>
Stored store(float value) {
  if constexpr (std::is_same_v<Stored, float>) {
    return value;
  } else {
    return {float_to_bfloat16(value)};
  }
}

constexpr bool is_storage(ElementType type) {
  return type == ElementType::kFloat32 || type == ElementType::kBFloat16;
}

// Calls body(Stored{}) for the type that is stored.
template <typename Body>
void with_storage(ElementType storage, const Body& body) {
  if (storage == ElementType::kBFloat16) {
    body(BFloat16{});
  } else {
    body(float{});
  }
}

}  // namespace lathe::kernels
