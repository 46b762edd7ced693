// Complex tensors as two real ones, for operators that treat both parts alike.
#pragma once

#include "ir/tensor.h"

namespace lathe::ops {

inline bool is_complex(ir::DataType type) {
  return type == ir::DataType::kComplex64 || type == ir::DataType::kComplex128;
}

struct ComplexParts {
  ir::Tensor real;
  ir::Tensor imaginary;
};

// Of a complex tensor: float32 or float64.
Result<ComplexParts> split_complex(const ir::Tensor& tensor);
// Of parts of one extent, both float32 or both float64.
Result<ir::Tensor> join_complex(const ComplexParts& parts);

}  // namespace lathe::ops
