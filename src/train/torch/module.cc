// The module's two exported functions, and the backend behind them.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <cstdlib>
#include <limits>
#include <malloc.h>
#include <torch/version.h>

#include "base/cpu.h"
#include "train/backend.h"
#include "train/torch/executor.h"
#include "train/torch/guard.h"
#include "train/torch/session.h"
#include "train/torch/tensor_conversion.h"

namespace lathe::train {
namespace {

class TorchBackend final : public Backend {
 public:
  [[nodiscard]] std::string version() const override { return TORCH_VERSION; }

  [[nodiscard]] std::string description() const override {
    const int devices = cuda_devices();
    return fmt::format("LibTorch {}, {}", TORCH_VERSION,
                       devices == 0 ? "CPU only" : fmt::format("CUDA with {} devices", devices));
  }

  [[nodiscard]] Result<std::string> resolve_device(std::string_view name) const override {
    const int devices = cuda_devices();
    if (name == "auto") name = devices > 0 ? "cuda:0" : "cpu";
    return guarded([&]() -> Result<std::string> {
      const at::Device device{std::string(name)};
      if (device.is_cpu()) return std::string("cpu");
      if (!device.is_cuda()) {
        return invalid_argument("device is {}, expected auto, cpu or cuda[:N]", name);
      }
      const int index = device.has_index() ? device.index() : 0;
      if (index >= devices) {
        return error(ErrorCode::kUnavailable, "device {}: this LibTorch ({}) sees {} CUDA devices",
                     name, TORCH_VERSION, devices);
      }
      use_deterministic_cuda();
      return fmt::format("cuda:{}", index);
    });
  }

  Result<std::unique_ptr<Session>> create_session(const ir::Graph& graph,
                                                  const SessionOptions& options) override {
    keep_freed_memory();
    return TorchSession::create(graph, options);
  }

  Result<std::vector<ir::Tensor>> forward(const ir::Graph& graph,
                                          std::span<const ir::Tensor> inputs) override;

 private:
  static int cuda_devices() {
    if (!at::hasCUDA()) return 0;
    return static_cast<int>(at::detail::getCUDAHooks().getNumGPUs());
  }

  // Each step allocates the same large tensors again. Left alone, malloc gives them back to the
  // system in between, and the system fills them with zeros each time.
  static void keep_freed_memory() {
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  }

  // cuBLAS needs the variable before its first use to give the same bits in each run.
  static void use_deterministic_cuda() {
    setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
    at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
    at::globalContext().setDeterministicCuDNN(true);
    at::globalContext().setBenchmarkCuDNN(false);
  }
};

Result<std::vector<ir::Tensor>> TorchBackend::forward(const ir::Graph& graph,
                                                      std::span<const ir::Tensor> inputs) {
  if (inputs.size() != graph.inputs().size()) {
    return invalid_argument("the graph has {} inputs, {} were given", graph.inputs().size(),
                            inputs.size());
  }
  return guarded([&]() -> Result<std::vector<ir::Tensor>> {
    const at::NoGradGuard no_gradients;
    at::set_num_threads(allowed_cores());
    const std::span<const ir::ValueId> wanted = graph.outputs();
    ASSIGN_OR_RETURN(Executor executor,
                     Executor::create(graph, {.outputs = {wanted.begin(), wanted.end()}}));
    std::vector<at::Tensor> arguments;
    for (const ir::Tensor& input : inputs) {
      ASSIGN_OR_RETURN(arguments.emplace_back(), view_as_torch(input));
    }
    ASSIGN_OR_RETURN(const std::vector<at::Tensor> results,
                     executor.run(arguments, /*training=*/false));
    std::vector<ir::Tensor> outputs;
    for (const at::Tensor& result : results) {
      ASSIGN_OR_RETURN(outputs.emplace_back(), copy_from_torch(result));
    }
    return outputs;
  });
}

}  // namespace
}  // namespace lathe::train

extern "C" {

__attribute__((visibility("default"))) const char* lathe_train_module_abi() {
  return lathe::train::kModuleAbi.data();
}

__attribute__((visibility("default"))) lathe::train::Backend* lathe_train_module() {
  static lathe::train::TorchBackend backend;
  return &backend;
}
}
