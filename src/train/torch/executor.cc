#include "train/torch/executor.h"

#include <algorithm>

#include "ops/infer_shapes.h"
#include "train/torch/guard.h"
#include "train/torch/tensor_conversion.h"

namespace lathe::train {
namespace {

std::size_t index(ir::ValueId id) { return static_cast<std::size_t>(id); }

// Nodes that the outputs depend on, by id.
std::vector<bool> needed_nodes(const ir::Graph& graph, std::span<const ir::ValueId> outputs,
                               std::span<const ir::NodeId> order) {
  std::vector<bool> value_needed(graph.value_count(), false);
  for (const ir::ValueId id : outputs) value_needed[index(id)] = true;
  std::vector<bool> needed;
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const ir::Node& node = graph.node(*it);
    const auto at = static_cast<std::size_t>(*it);
    if (needed.size() <= at) needed.resize(at + 1, false);
    needed[at] = std::any_of(node.outputs.begin(), node.outputs.end(), [&](ir::ValueId id) {
      return id != ir::kNoValue && value_needed[index(id)];
    });
    if (!needed[at]) continue;
    for (const ir::ValueId id : node.inputs) {
      if (id != ir::kNoValue) value_needed[index(id)] = true;
    }
  }
  return needed;
}

}  // namespace

Result<Executor> Executor::create(const ir::Graph& graph, ExecutorOptions options) {
  auto typed = std::make_shared<ir::Graph>(graph);
  RETURN_IF_ERROR(ops::infer_shapes(*typed));
  Executor executor(std::move(typed), std::move(options));
  RETURN_IF_ERROR(executor.plan());
  return executor;
}

Status Executor::plan() {
  values_.resize(graph_->value_count());
  ASSIGN_OR_RETURN(const std::vector<ir::NodeId> order, graph_->topological_order());
  const std::vector<bool> needed = needed_nodes(*graph_, options_.outputs, order);
  for (const ir::NodeId id : order) {
    if (needed[static_cast<std::size_t>(id)]) RETURN_IF_ERROR(add_step(id));
  }
  plan_lifetimes();
  plan_precision();
  return {};
}

Status Executor::add_step(ir::NodeId id) {
  const ir::Node& node = graph_->node(id);
  Step step{.node = &node,
            .op = find_train_op(node.domain, node.op_type),
            .where = "node " + ir::describe_node(*graph_, id)};
  if (step.op == nullptr) {
    return unsupported("{}: this operator cannot be trained", step.where);
  }
  for (std::size_t i = 1; i < node.outputs.size(); ++i) {
    const ir::ValueId output = node.outputs[i];
    if (output == ir::kNoValue) continue;
    if (!graph_->readers(output).empty() || graph_->is_output(output)) {
      return unsupported("{}: its output {} cannot be trained", step.where, i);
    }
  }
  if (Status added = add_initializers(step); !added.ok()) {
    return added.error().with_context(step.where);
  }
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const ir::Tensor* constant = graph_->constant(node.inputs[i]);
    const bool on_host = step.op->host.contains(i);
    if (on_host && node.inputs[i] != ir::kNoValue && constant == nullptr) {
      return unsupported("{}: input {} must be a constant", step.where, i);
    }
    step.constants.push_back(on_host ? constant : nullptr);
  }
  steps_.push_back(std::move(step));
  return {};
}

// Binds the step's initializers to tensors and notes those that are trained.
Status Executor::add_initializers(const Step& step) {
  const TrainOp& op = *step.op;
  for (std::size_t i = 0; i < step.node->inputs.size(); ++i) {
    const ir::ValueId id = step.node->inputs[i];
    const ir::Tensor* constant = graph_->constant(id);
    if (constant == nullptr || op.host.contains(i)) continue;

    const bool elementwise = op.biases.contains(0);
    const bool is_weight = op.weights.contains(i);
    const bool is_bias = op.biases.contains(i) && !(elementwise && constant->num_elements() == 1);
    const bool is_statistic = op.statistics.contains(i);
    if (constant->data_type() == ir::DataType::kFloat32 && (is_weight || is_bias || is_statistic)) {
      const Role role = is_weight ? Role::kWeight : is_bias ? Role::kBias : Role::kStatistic;
      const auto known = std::find_if(variables_.begin(), variables_.end(),
                                      [&](const Variable& v) { return v.value == id; });
      if (known == variables_.end()) {
        variables_.push_back({id, graph_->value(id).name, role});
      } else if ((known->role == Role::kStatistic) != is_statistic) {
        return unsupported("{} is a weight in one place and a statistic in another", known->name);
      } else if (is_weight) {
        known->role = Role::kWeight;
      }
    }
    if (!values_[index(id)].defined()) {
      ASSIGN_OR_RETURN(const at::Tensor tensor, view_as_torch(*constant));
      values_[index(id)] = tensor.to(options_.device);
    }
  }
  return {};
}

void Executor::plan_lifetimes() {
  std::vector<std::size_t> reads(graph_->value_count(), 0);
  std::vector<const Step*> maker(graph_->value_count(), nullptr);
  std::vector<bool> seen(graph_->value_count(), false);
  for (const ir::ValueId id : options_.outputs) {
    seen[index(id)] = true;
    ++reads[index(id)];
  }
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    for (const ir::ValueId id : step->node->outputs) {
      if (id != ir::kNoValue) maker[index(id)] = &*step;
    }
    for (const ir::ValueId id : step->node->inputs) {
      if (id == ir::kNoValue || graph_->constant(id) != nullptr) continue;
      ++reads[index(id)];
      if (!seen[index(id)]) step->last_uses.push_back(id);
      seen[index(id)] = true;
    }
  }
  for (Step& step : steps_) {
    const ir::ValueId first = step.node->input(0);
    if (first == ir::kNoValue || maker[index(first)] == nullptr) continue;
    step.may_overwrite = reads[index(first)] == 1 && !maker[index(first)]->op->keeps_output;
  }
}

// The last product makes the logits. It costs little, and rounding them to eight bits would show in
// the loss.
void Executor::plan_precision() {
  for (Step& step : steps_) step.bfloat16 = options_.bfloat16;
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    if (!step->op->product && step->op->weights.contains(1)) return;
    if (step->op->product) {
      step->bfloat16 = false;
      return;
    }
  }
}

void Executor::bind(const Variable& variable, at::Tensor tensor) {
  values_[index(variable.value)] = std::move(tensor);
}

Result<at::Tensor> Executor::run_step(const Step& step, std::span<const at::Tensor> inputs,
                                      bool training) {
  const OpCall call{.node = *step.node,
                    .inputs = inputs,
                    .constants = step.constants,
                    .training = training,
                    .bfloat16 = step.bfloat16,
                    .may_overwrite = step.may_overwrite};
  Result<at::Tensor> output = guarded([&] { return step.op->run(call); });
  return std::move(output).with_context(step.where);
}

Result<std::vector<at::Tensor>> Executor::run(std::span<const at::Tensor> inputs, bool training) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    values_[index(graph_->inputs()[i])] = inputs[i];
  }
  std::vector<at::Tensor> arguments;
  for (const Step& step : steps_) {
    arguments.clear();
    for (std::size_t i = 0; i < step.node->inputs.size(); ++i) {
      const ir::ValueId id = step.node->inputs[i];
      arguments.push_back(id == ir::kNoValue || step.constants[i] != nullptr ? at::Tensor()
                                                                             : values_[index(id)]);
    }
    // Freed before the node runs, so that what only it still needs goes as early as can be.
    for (const ir::ValueId id : step.last_uses) values_[index(id)] = at::Tensor();
    ASSIGN_OR_RETURN(values_[index(step.node->outputs[0])], run_step(step, arguments, training));
  }
  std::vector<at::Tensor> outputs;
  for (const ir::ValueId id : options_.outputs) outputs.push_back(values_[index(id)]);
  for (const ir::ValueId id : options_.outputs) {
    if (graph_->constant(id) == nullptr) values_[index(id)] = at::Tensor();
  }
  return outputs;
}

}  // namespace lathe::train
