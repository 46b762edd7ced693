// `Fused` of domain lathe: operators that one kernel computes together.
//
// Its attribute `body` is a graph whose inputs are the node's, in order. It says what is computed,
// so that the node can be evaluated without knowing any kernel. What kernels take are bodies of
// this form: a main operator, whose operands are inputs of the body; then an Add of one more input
// (the residual); then a Relu, or a Clip between constants. Each is the only reader of the one
// before, and the last two may be absent.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace lathe::ops {

// What follows the main operator: min(max(y + residual, minimum), maximum). Of integers, bounds are
// in their steps.
struct Epilogue {
  ir::ValueId residual = ir::kNoValue;
  std::size_t residual_slot = 0;  // among the node's inputs
  float minimum = -std::numeric_limits<float>::infinity();
  float maximum = std::numeric_limits<float>::infinity();
  bool clamps = false;
  std::string names = {};  // of its operators: "+Add+Relu"
};

// The main operator as if it stood alone: its operands are values of the graph around, its output
// is the node's.
struct FusedOperator {
  ir::Node main;
  std::vector<std::size_t> slots;  // of main's inputs, among the node's; of absent ones anything
  Epilogue epilogue;
};

// The parts of a Fused node, or a node of any other operator by itself. Empty for a body of another
// form.
std::optional<FusedOperator> unfuse(const ir::Node& node);

}  // namespace lathe::ops
