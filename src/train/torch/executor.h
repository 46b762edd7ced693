// Runs a graph node by node with LibTorch. Under autograd if gradients are asked for by the tensors
// that its initializers are bound to.
#pragma once

#include <ATen/core/Tensor.h>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"
#include "train/torch/op.h"

namespace lathe::train {

// What training does with an initializer.
enum class Role {
  kWeight,     // trained, under weight decay
  kBias,       // trained, without
  kStatistic,  // updated by the forward pass in training
};

struct Variable {
  ir::ValueId value = ir::kNoValue;
  std::string name;
  Role role = Role::kBias;
};

struct ExecutorOptions {
  at::Device device = at::kCPU;
  bool bfloat16 = false;
  std::vector<ir::ValueId> outputs;  // of the graph given to create()
};

class Executor {
 public:
  // Checks the whole graph: an operator that is not known, a secondary output that is read or an
  // input that would have to be constant is an error that names the node. Only nodes that the
  // outputs need are run, and checked.
  static Result<Executor> create(const ir::Graph& graph, ExecutorOptions options);

  // Initializers that training changes, in the order of their first use. A float32 one that is read
  // as a weight, bias or statistic is among them, except that a single element which an elementwise
  // operator reads is a constant of the formula.
  [[nodiscard]] std::span<const Variable> variables() const { return variables_; }
  [[nodiscard]] const ir::Tensor& initial(const Variable& variable) const {
    return *graph_->constant(variable.value);
  }
  // From here on this tensor stands for the initializer. It has its extents.
  void bind(const Variable& variable, at::Tensor tensor);

  // Inputs in the order of the graph's, outputs in the order of options.outputs.
  Result<std::vector<at::Tensor>> run(std::span<const at::Tensor> inputs, bool training);

 private:
  struct Step {
    const ir::Node* node;
    const TrainOp* op;
    std::string where;  // "node conv1 (Conv)"
    std::vector<const ir::Tensor*> constants = {};
    std::vector<ir::ValueId> last_uses = {};  // values that no later step reads
    bool bfloat16 = false;
    bool may_overwrite = false;
  };

  Executor(std::shared_ptr<const ir::Graph> graph, ExecutorOptions options)
      : graph_(std::move(graph)), options_(std::move(options)) {}
  Status plan();
  Status add_step(ir::NodeId id);
  Status add_initializers(const Step& step);
  void plan_lifetimes();
  void plan_precision();
  Result<at::Tensor> run_step(const Step& step, std::span<const at::Tensor> inputs, bool training);

  std::shared_ptr<const ir::Graph> graph_;
  ExecutorOptions options_;
  std::vector<Step> steps_;
  std::vector<Variable> variables_;
  std::vector<at::Tensor> values_;  // by ValueId; initializers stay, others live during run()
};

}  // namespace lathe::train
