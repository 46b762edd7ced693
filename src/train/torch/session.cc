#include "train/torch/session.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/Reduction.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/zeros.h>
#include <algorithm>

#include "train/torch/guard.h"
#include "train/torch/tensor_conversion.h"

namespace lathe::train {
namespace {

constexpr std::int64_t kIgnoreNone = -100;  // no label has this value

// What the loss is taken of: the input of a Softmax at the graph's end, else its output.
ir::ValueId logits_value(const ir::Graph& graph) {
  ir::ValueId id = graph.outputs()[0];
  const ir::NodeId producer = graph.value(id).producer;
  if (producer != ir::kNoNode && graph.node(producer).is("Softmax")) {
    id = graph.node(producer).input(0);
  }
  return id;
}

// Weights before biases, so that decay applies to one range of the flat buffer.
std::vector<Variable> select(std::span<const Variable> variables, bool statistics) {
  std::vector<Variable> chosen;
  for (const Variable& variable : variables) {
    if ((variable.role == Role::kStatistic) == statistics) chosen.push_back(variable);
  }
  std::stable_sort(chosen.begin(), chosen.end(),
                   [](const Variable& a, const Variable& b) { return a.role < b.role; });
  return chosen;
}

FlatTensors make_flat(const Executor& executor, std::span<const Variable> variables,
                      at::Device device, bool channels_last) {
  std::vector<std::vector<std::int64_t>> dims;
  for (const Variable& variable : variables) dims.push_back(executor.initial(variable).dims());
  return {dims, device, channels_last};
}

std::int64_t decayed_elements(std::span<const Variable> trained, const FlatTensors& weights) {
  std::size_t count = 0;
  while (count < trained.size() && trained[count].role == Role::kWeight) ++count;
  return weights.offset(count);
}

Status check_labels(const ir::Tensor& labels, std::int64_t classes) {
  for (const std::int64_t label : labels.data<std::int64_t>()) {
    if (label < 0 || label >= classes) {
      return invalid_data("label {} is not among the model's {} classes", label, classes);
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Session>> TorchSession::create(const ir::Graph& graph,
                                                      const SessionOptions& options) {
  return guarded([&]() -> Result<std::unique_ptr<Session>> {
    if (graph.inputs().size() != 1 || graph.outputs().size() != 1) {
      return unsupported("training takes graphs with one input and one output");
    }
    const at::Device device(options.device);
    ASSIGN_OR_RETURN(Executor executor,
                     Executor::create(graph, {.device = device,
                                              .bfloat16 = options.bfloat16,
                                              .outputs = {logits_value(graph)}}));
    std::unique_ptr<TorchSession> session(new TorchSession(std::move(executor), options, device));
    if (session->trained_.empty()) {
      return invalid_argument("the graph has no float32 initializers that could be trained");
    }
    RETURN_IF_ERROR(session->bind_variables());
    return std::unique_ptr<Session>(std::move(session));
  });
}

TorchSession::TorchSession(Executor executor, SessionOptions options, at::Device device)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      device_(device),
      trained_(select(executor_.variables(), /*statistics=*/false)),
      statistics_(select(executor_.variables(), /*statistics=*/true)),
      weights_(make_flat(executor_, trained_, device, options_.channels_last)),
      gradients_(make_flat(executor_, trained_, device, options_.channels_last)),
      running_(make_flat(executor_, statistics_, device, false)),
      optimizer_(options_, weights_.flat(), gradients_.flat(),
                 decayed_elements(trained_, weights_)),
      loss_sum_(at::zeros({}, at::TensorOptions(at::kDouble).device(device))),
      correct_sum_(at::zeros({}, at::TensorOptions(at::kLong).device(device))) {}

Status TorchSession::bind_variables() {
  const at::NoGradGuard no_gradients;
  for (std::size_t i = 0; i < trained_.size(); ++i) {
    ASSIGN_OR_RETURN(const at::Tensor initial, view_as_torch(executor_.initial(trained_[i])));
    at::Tensor leaf = weights_.views()[i];
    leaf.copy_(initial);
    leaf.set_requires_grad(true);
    // Defined before the first backward pass, so that autograd adds into the flat buffer.
    leaf.mutable_grad() = gradients_.views()[i];
    executor_.bind(trained_[i], leaf);
  }
  for (std::size_t i = 0; i < statistics_.size(); ++i) {
    ASSIGN_OR_RETURN(const at::Tensor initial, view_as_torch(executor_.initial(statistics_[i])));
    at::Tensor view = running_.views()[i];
    view.copy_(initial);
    executor_.bind(statistics_[i], view);
  }
  return {};
}

Result<at::Tensor> TorchSession::labels_on_device(const ir::Tensor& labels) const {
  if (labels.data_type() != ir::DataType::kInt64 || labels.rank() != 1) {
    return invalid_argument("labels are {}, expected int64[N]", labels.type().to_string());
  }
  ASSIGN_OR_RETURN(const at::Tensor view, view_as_torch(labels));
  return view.to(device_);
}

Result<at::Tensor> TorchSession::logits(const ir::Tensor& inputs, const ir::Tensor& labels,
                                        bool training) {
  if (at::get_num_threads() != options_.threads) at::set_num_threads(options_.threads);
  if (inputs.data_type() != ir::DataType::kFloat32 || inputs.rank() < 2) {
    return invalid_argument("inputs are {}, expected float32[N,...]", inputs.type().to_string());
  }
  ASSIGN_OR_RETURN(at::Tensor x, view_as_torch(inputs));
  const bool channels_last = options_.channels_last && x.dim() == 4;
  x = x.to(x.options()
               .device(device_)
               .dtype(options_.bfloat16 ? at::kBFloat16 : at::kFloat)
               .memory_format(channels_last ? at::MemoryFormat::ChannelsLast
                                            : at::MemoryFormat::Contiguous));
  ASSIGN_OR_RETURN(const std::vector<at::Tensor> outputs,
                   executor_.run(std::span(&x, 1), training));
  const at::Tensor y = outputs[0].flatten(1).to(at::kFloat);
  if (y.size(0) != labels.num_elements()) {
    return invalid_data("the model gives {} rows for {} labels", y.size(0), labels.num_elements());
  }
  RETURN_IF_ERROR(check_labels(labels, y.size(1)));
  return y;
}

void TorchSession::count(const at::Tensor& loss, const at::Tensor& logits,
                         const at::Tensor& labels) {
  const at::NoGradGuard no_gradients;
  loss_sum_.add_(loss.detach());
  correct_sum_.add_(logits.detach().argmax(1).eq(labels).sum());
  samples_ += labels.size(0);
}

Status TorchSession::accumulate(const ir::Tensor& inputs, const ir::Tensor& labels,
                                std::uint64_t seed) {
  return guarded([&]() -> Status {
    at::manual_seed(seed);
    ASSIGN_OR_RETURN(const at::Tensor targets, labels_on_device(labels));
    ASSIGN_OR_RETURN(const at::Tensor y, logits(inputs, labels, /*training=*/true));
    const at::Tensor loss = at::cross_entropy_loss(y, targets, {}, at::Reduction::Sum, kIgnoreNone,
                                                   options_.label_smoothing);
    loss.backward();
    count(loss, y, targets);
    samples_in_gradient_ += targets.size(0);
    return {};
  });
}

Status TorchSession::update(double learning_rate, double momentum) {
  return guarded([&]() -> Status {
    if (samples_in_gradient_ == 0) return {};
    const at::NoGradGuard no_gradients;
    optimizer_.step(1.0 / static_cast<double>(samples_in_gradient_), learning_rate, momentum);
    samples_in_gradient_ = 0;
    return {};
  });
}

Status TorchSession::evaluate(const ir::Tensor& inputs, const ir::Tensor& labels) {
  return guarded([&]() -> Status {
    const at::NoGradGuard no_gradients;
    ASSIGN_OR_RETURN(const at::Tensor targets, labels_on_device(labels));
    ASSIGN_OR_RETURN(const at::Tensor y, logits(inputs, labels, /*training=*/false));
    count(at::cross_entropy_loss(y, targets, {}, at::Reduction::Sum, kIgnoreNone, 0.0), y, targets);
    return {};
  });
}

Result<Totals> TorchSession::take_totals() {
  return guarded([&]() -> Result<Totals> {
    const at::NoGradGuard no_gradients;
    const Totals totals{.loss = loss_sum_.item<double>(),
                        .correct = correct_sum_.item<std::int64_t>(),
                        .samples = samples_};
    loss_sum_.zero_();
    correct_sum_.zero_();
    samples_ = 0;
    return totals;
  });
}

Result<NamedTensors> TorchSession::state() {
  return guarded([&]() -> Result<NamedTensors> {
    const at::NoGradGuard no_gradients;
    NamedTensors state;
    RETURN_IF_ERROR(save_tensor(weights_.flat(), "weights", state));
    RETURN_IF_ERROR(save_tensor(running_.flat(), "statistics", state));
    RETURN_IF_ERROR(optimizer_.save(state));
    return state;
  });
}

Status TorchSession::restore(const NamedTensors& state) {
  return guarded([&]() -> Status {
    const at::NoGradGuard no_gradients;
    RETURN_IF_ERROR(restore_tensor(state, "weights", weights_.flat()));
    RETURN_IF_ERROR(restore_tensor(state, "statistics", running_.flat()));
    gradients_.flat().zero_();
    samples_in_gradient_ = 0;
    return optimizer_.restore(state);
  });
}

Result<NamedTensors> TorchSession::weights() {
  return guarded([&]() -> Result<NamedTensors> {
    const at::NoGradGuard no_gradients;
    NamedTensors all;
    for (std::size_t i = 0; i < trained_.size(); ++i) {
      RETURN_IF_ERROR(save_tensor(weights_.views()[i], trained_[i].name, all));
    }
    for (std::size_t i = 0; i < statistics_.size(); ++i) {
      RETURN_IF_ERROR(save_tensor(running_.views()[i], statistics_[i].name, all));
    }
    return all;
  });
}

}  // namespace lathe::train
