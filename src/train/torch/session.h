// A graph in training on LibTorch.
#pragma once

#include <memory>

#include "train/backend.h"
#include "train/torch/executor.h"
#include "train/torch/flat_tensors.h"
#include "train/torch/optimizer.h"

namespace lathe::train {

class TorchSession final : public Session {
 public:
  static Result<std::unique_ptr<Session>> create(const ir::Graph& graph,
                                                 const SessionOptions& options);

  Status accumulate(const ir::Tensor& inputs, const ir::Tensor& labels,
                    std::uint64_t seed) override;
  Status update(double learning_rate, double momentum) override;
  Status evaluate(const ir::Tensor& inputs, const ir::Tensor& labels) override;
  Result<Totals> take_totals() override;
  Result<NamedTensors> state() override;
  Status restore(const NamedTensors& state) override;
  Result<NamedTensors> weights() override;

 private:
  TorchSession(Executor executor, SessionOptions options, at::Device device);
  Status bind_variables();
  // Logits in float32, [N, classes].
  Result<at::Tensor> logits(const ir::Tensor& inputs, const ir::Tensor& labels, bool training);
  [[nodiscard]] Result<at::Tensor> labels_on_device(const ir::Tensor& labels) const;
  void count(const at::Tensor& loss, const at::Tensor& logits, const at::Tensor& labels);

  Executor executor_;
  SessionOptions options_;
  at::Device device_;
  std::vector<Variable> trained_;  // weights first, then biases
  std::vector<Variable> statistics_;
  FlatTensors weights_;
  FlatTensors gradients_;
  FlatTensors running_;
  OptimizerState optimizer_;
  at::Tensor loss_sum_;     // float64, on the device
  at::Tensor correct_sum_;  // int64, on the device
  std::int64_t samples_ = 0;
  std::int64_t samples_in_gradient_ = 0;
};

}  // namespace lathe::train
