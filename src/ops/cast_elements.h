// Elements from any type to any other, as Cast has it; complex numbers are left out.
#pragma once

#include "ir/tensor.h"
#include "ops/op_def.h"

namespace lathe::ops {

// What float8e8m0 makes of a number between two powers of two. At the same distance from both
// kNearest takes the larger one.
enum class PowerRounding { kUp, kDown, kNearest };

struct CastRules {
  // Whether float8 takes the largest number for what is beyond it; infinity or NaN otherwise.
  bool saturate = true;
  PowerRounding rounding = PowerRounding::kUp;
};

// The type that a number from a file stands for.
Result<ir::DataType> element_type_of(std::int64_t number);

// The attributes `saturate` and `round_mode` of Cast and CastLike.
Result<CastRules> cast_rules(const Attributes& attributes);

// Refuses types whose elements are not cast.
Status check_castable(ir::DataType type);

// Text that is no number is an error.
Result<ir::Tensor> cast_elements(const ir::Tensor& x, ir::DataType to, const CastRules& rules);

}  // namespace lathe::ops
