// What Lathe knows of one operator: its signature, its shapes and its meaning.
//
// Adding an operator: one file in this folder that defines `OpDef define_Name()`, and one line in
// ops.inc. skeleton: relu.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "ir/datum.h"
#include "ir/graph.h"
#include "ops/attributes.h"
#include "ops/signature.h"
#include "ops/symbolic.h"

namespace lathe::ops {

// Types of a node's outputs, in order.
struct Types : std::vector<ir::Type> {
  using std::vector<ir::Type>::vector;
  Types(const std::vector<ir::TensorType>& types)  // NOLINT(*-explicit-*)
      : std::vector<ir::Type>(types.begin(), types.end()) {}
};

// What a node's outputs are, in order.
struct Values : std::vector<ir::Datum> {
  using std::vector<ir::Datum>::vector;
  Values(std::vector<ir::Tensor> tensors)  // NOLINT(*-explicit-*)
      : std::vector<ir::Datum>(std::make_move_iterator(tensors.begin()),
                               std::make_move_iterator(tensors.end())) {}
};

class Inference;

// One node while types are inferred. Input types may lack a rank; constants are known values.
class InferContext {
 public:
  InferContext(Inference& inference, const ir::Node& node, const Signature& signature)
      : inference_(inference), node_(node), signature_(signature) {}

  [[nodiscard]] const ir::Node& node() const { return node_; }
  [[nodiscard]] Attributes attributes() const { return {node_, signature_}; }
  [[nodiscard]] std::size_t input_count() const { return node_.inputs.size(); }
  [[nodiscard]] bool has_input(std::size_t i) const { return node_.input(i) != ir::kNoValue; }
  // Type of an input that is present.
  [[nodiscard]] const ir::Type& input_type(std::size_t i) const;
  // The same of one that is a tensor.
  [[nodiscard]] const ir::TensorType& input(std::size_t i) const { return input_type(i).tensor(); }
  // The value of an input that is a constant, or that follows from constants and extents; or null.
  [[nodiscard]] const ir::Tensor* constant(std::size_t i) const;
  // Of an input that is a small tensor of whole numbers: what is known of its elements; or null.
  [[nodiscard]] const SymbolicTensor* symbolic(std::size_t i) const;
  // Types of the outputs of another node on values of the same graph.
  [[nodiscard]] Result<Types> infer(const ir::Node& node) const;
  // "input 3 (input_mean)": for messages.
  [[nodiscard]] std::string place(std::size_t i) const;
  // Types of the outputs of the graph that an attribute holds, where its inputs have these types.
  [[nodiscard]] Result<Types> infer_subgraph(std::string_view attribute,
                                             std::span<const ir::Type> inputs) const;

 private:
  Inference& inference_;
  const ir::Node& node_;
  const Signature& signature_;
};

// Runs the graph that a node's attribute holds, on inputs and what it captures.
using RunSubgraph =
    FunctionRef<Result<Values>(std::string_view attribute, std::span<const ir::Datum> inputs,
                               std::span<const ir::Datum> captures)>;

// One node while it is evaluated. Shapes and attributes have passed inference for exactly these
// inputs, so an evaluator need not check them again.
struct EvaluateContext {
  const ir::Node& node;
  const Signature& signature;
  std::span<const ir::Tensor> inputs;  // absent ones, and those that are no tensors, are undefined
  std::span<const ir::Datum> values;   // inputs of any kind
  // As inferred for these inputs; extents that depend on values are unknown.
  std::span<const ir::TensorType> output_types;
  std::span<const ir::Datum> captures;     // what the node's subgraphs capture, one after the other
  const RunSubgraph* subgraphs = nullptr;  // who runs them; null: the reference evaluator

  [[nodiscard]] Attributes attributes() const { return {node, signature}; }
  [[nodiscard]] bool has_input(std::size_t i) const {
    return i < values.size() && values[i].defined();
  }
  // Runs the graph that an attribute holds.
  [[nodiscard]] Result<Values> run_subgraph(std::string_view attribute,
                                            std::span<const ir::Datum> graph_inputs) const;
};

// Types of all outputs, in order; an extent that cannot be told is unknown. Errors say what is
// wrong with the node; the caller adds which node it is.
using InferFn = Result<Types> (*)(const InferContext&);
// The outputs, in order. Plain loops that follow the specification: the truth that kernels and
// trainers are tested against.
using EvaluateFn = Result<Values> (*)(const EvaluateContext&);
// Multiply-accumulates of one evaluation with these types, all known; nothing where they are more
// than an int64 can count. Null where there are none.
using MacsFn = std::optional<std::int64_t> (*)(const ir::Node&,
                                               std::span<const ir::TensorType> inputs,
                                               std::span<const ir::TensorType> outputs);

// What an operator asks of the shape of an operand, beyond what signatures can say.
struct OperandShape {
  enum class Rule {
    kScalar,          // rank 0
    kOneElement,      // rank 0, or a vector of one
    kVector,          // rank 1
    kScalarOrVector,  // rank 0 or 1
  };
  std::size_t input;
  Rule rule;
};

// How an operator is spoken of where not its name matters but its nature.
struct OpTraits {
  // Each element of output 0 depends on the element of input 0 in the same place, and on nothing
  // else that is computed.
  bool unary_elementwise = false;
  // Each element of output 0 depends on one element of each input, broadcast together.
  bool binary_elementwise = false;
  // Elements of output 0 are elements of the inputs, elsewhere; none is computed.
  bool moves_elements = false;
  // The same, but some elements of input 0 are left out by their values (MaxPool).
  bool selects_elements = false;
  // The outputs depend on the extents of the inputs alone, not on their elements.
  bool reads_shapes_only = false;
  // Not a function of its inputs: random numbers. Such nodes are neither folded nor merged.
  bool impure = false;
};

struct OpDef {
  std::string_view name;
  std::string_view domain = {};  // "" for ONNX
  InferFn infer = nullptr;
  EvaluateFn evaluate = nullptr;
  MacsFn macs = nullptr;
  OpTraits traits = {};
  std::vector<OperandShape> operand_shapes = {};
  // What output 0 is where inputs are known in part. Operators that move elements need none.
  SymbolicFn symbolic = nullptr;
  const Signature* signature = nullptr;  // at the canonical opset; set by the registry
};

// Null where Lathe does not know the operator.
const OpDef* find_op(std::string_view domain, std::string_view name);
// All operators, in the order of ops.inc.
std::span<const OpDef> all_ops();

}  // namespace lathe::ops
