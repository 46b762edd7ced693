// What training needs from the library that differentiates: a small interface without any of that
// library's types, so that it can live in a module that is loaded on first use.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"
#include "train/options.h"

namespace lathe::train {

using NamedTensors = std::map<std::string, ir::Tensor, std::less<>>;

// Sums over samples.
struct Totals {
  double loss = 0;
  std::int64_t correct = 0;
  std::int64_t samples = 0;
};

struct SessionOptions {
  std::string device = "cpu";  // as resolve_device gives it
  bool bfloat16 = false;
  bool channels_last = false;
  int threads = 1;
  Optimizer optimizer = Optimizer::kSgd;
  bool nesterov = true;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  double label_smoothing = 0;
  double gradient_clip_norm = 0;
};

// One graph being trained: its weights, their gradients and the optimizer's state. For use by one
// thread, always the same.
class Session {
 public:
  virtual ~Session() = default;

  // Forward and backward of one batch in training mode; gradients add up until update(). `inputs`
  // is float32 [N, ...] as the graph's input, `labels` int64 [N]. The seed decides what dropout
  // drops.
  virtual Status accumulate(const ir::Tensor& inputs, const ir::Tensor& labels,
                            std::uint64_t seed) = 0;
  // One step of the optimizer by the mean gradient of the samples since the last; clears gradients.
  virtual Status update(double learning_rate, double momentum) = 0;
  // Forward of one batch in evaluation mode; the loss is without label smoothing.
  virtual Status evaluate(const ir::Tensor& inputs, const ir::Tensor& labels) = 0;
  // Sums since the last call, of both kinds of batch.
  virtual Result<Totals> take_totals() = 0;

  // Everything that the next step depends on; restore() of it gives the same bits in all that
  // follows. Only for sessions of the same graph and options, between updates.
  virtual Result<NamedTensors> state() = 0;
  virtual Status restore(const NamedTensors& state) = 0;
  // The trained initializers and running statistics by their names in the graph.
  virtual Result<NamedTensors> weights() = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  [[nodiscard]] virtual std::string version() const = 0;      // "1.13.1"
  [[nodiscard]] virtual std::string description() const = 0;  // "LibTorch 1.13.1, CPU only"
  // "auto", "cpu", "cuda", "cuda:1" to "cpu" or "cuda:1"; an error where there is no such device.
  [[nodiscard]] virtual Result<std::string> resolve_device(std::string_view name) const = 0;
  // Errors name the node that cannot be trained.
  virtual Result<std::unique_ptr<Session>> create_session(const ir::Graph& graph,
                                                          const SessionOptions& options) = 0;
  virtual Result<std::vector<ir::Tensor>> forward(const ir::Graph& graph,
                                                  std::span<const ir::Tensor> inputs) = 0;
};

// The module answers with this text from lathe_train_module_abi() and with its Backend, which lives
// for ever, from lathe_train_module(). A program refuses a module whose text differs from its own:
// the interface above is C++, so both must come from one build of one version. Raise the number
// when the interface changes.
inline constexpr std::string_view kModuleAbi = "lathe " LATHE_VERSION ", interface 1, " __VERSION__;
inline constexpr const char* kModuleAbiSymbol = "lathe_train_module_abi";
inline constexpr const char* kModuleSymbol = "lathe_train_module";
using ModuleAbiFunction = const char*();
using ModuleFunction = Backend*();

}  // namespace lathe::train
