// What Lathe knows of one operator: its signature, its shapes and its meaning.
//
// Adding an operator: one file in this folder that defines `OpDef define_Name()`, and one line in
// ops.inc. skeleton: relu.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"

namespace lathe::ops {

// Kinds of attribute, in the order of the alternatives of ir::Attribute.
enum class AttributeKind {
  kInt,
  kFloat,
  kString,
  kTensor,
  kGraph,
  kInts,
  kFloats,
  kStrings,
  kTensors,
  kGraphs
};

struct AttributeDef {
  std::string_view name;
  AttributeKind kind;
  bool required = false;
};

// One node while shapes are inferred. Input types may lack a rank; constants are known values.
class InferContext {
 public:
  InferContext(const ir::Graph& graph, const ir::Node& node) : graph_(graph), node_(node) {}

  [[nodiscard]] const ir::Node& node() const { return node_; }
  [[nodiscard]] std::size_t input_count() const { return node_.inputs.size(); }
  [[nodiscard]] bool has_input(std::size_t i) const { return node_.input(i) != ir::kNoValue; }
  // Type of an input that is present.
  [[nodiscard]] const ir::TensorType& input(std::size_t i) const {
    return graph_.value(node_.input(i)).type;
  }
  // The value of an input that is a constant, or null.
  [[nodiscard]] const ir::Tensor* constant(std::size_t i) const {
    return graph_.constant(node_.input(i));
  }

 private:
  const ir::Graph& graph_;
  const ir::Node& node_;
};

// One node while it is evaluated. Absent inputs are undefined tensors. Shapes and attributes have
// passed inference for exactly these inputs, so an evaluator need not check them again.
struct EvaluateContext {
  const ir::Node& node;
  std::span<const ir::Tensor> inputs;
  // As inferred for these inputs; extents that depend on values are unknown.
  std::span<const ir::TensorType> output_types;

  [[nodiscard]] bool has_input(std::size_t i) const {
    return i < inputs.size() && inputs[i].defined();
  }
};

// Types of all outputs, in order; an extent that cannot be told is unknown. Errors say what is
// wrong with the node; the caller adds which node it is.
using InferFn = Result<std::vector<ir::TensorType>> (*)(const InferContext&);
// The outputs, in order. Plain loops that follow the specification: the truth that kernels and
// trainers are tested against.
using EvaluateFn = Result<std::vector<ir::Tensor>> (*)(const EvaluateContext&);
// Multiply-accumulates of one evaluation with these types, all known; nothing where they are more
// than an int64 can count. Null where there are none.
using MacsFn = std::optional<std::int64_t> (*)(const ir::Node&,
                                               std::span<const ir::TensorType> inputs,
                                               std::span<const ir::TensorType> outputs);

inline constexpr std::size_t kVariadic = SIZE_MAX;

struct OpDef {
  std::string_view name;
  std::string_view domain = {};  // "" for ONNX
  std::size_t min_inputs = 1;
  std::size_t max_inputs = 1;
  std::size_t min_outputs = 1;
  std::size_t max_outputs = 1;
  std::vector<AttributeDef> attributes = {};
  InferFn infer = nullptr;
  EvaluateFn evaluate = nullptr;
  MacsFn macs = nullptr;
};

// Null where Lathe does not know the operator.
const OpDef* find_op(std::string_view domain, std::string_view name);
// All operators, in the order of ops.inc.
std::span<const OpDef> all_ops();

}  // namespace lathe::ops
