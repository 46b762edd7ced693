// Every rewrite, one file each, and the pipelines that combine them.
#pragma once

#include "passes/rule.h"

namespace lathe::passes {

#define LATHE_RULE(constant) extern const Rule constant;
#include "passes/rules.inc"
#undef LATHE_RULE

// In the order of their names.
std::span<const Rule* const> all_rules();

// What execution starts from: Identity and Dropout dropped; 16-bit floating point computed in
// float32; DequantizeLinear, operator,
// QuantizeLinear made the operator's integer form; batch normalization and constants folded; what
// one kernel computes made one node.
std::span<const Phase> inference_pipeline();
// The same without integer operators: what a float model is brought to before it is quantized.
std::span<const Phase> simplify_pipeline();

}  // namespace lathe::passes
