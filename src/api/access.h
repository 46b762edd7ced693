// What the classes of include/lathe/ are made of, and the ways in and out.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/backend.h"
#include "ir/graph.h"
#include "ir/tensor.h"
#include "lathe/model.h"

namespace lathe {

class ThreadPool;

struct Tensor::Impl {
  ir::Tensor tensor;
};

struct Model::Impl {
  ir::Graph graph;
  std::vector<ValueInfo> inputs;
  std::vector<ValueInfo> outputs;
};

// What contexts know of the executable too.
struct Values {
  std::vector<ValueInfo> inputs;
  std::vector<ValueInfo> outputs;
};

struct Executable::Impl {
  std::shared_ptr<const engine::Executable> executable;
  std::shared_ptr<const Values> values;
};

struct Context::Impl {
  std::unique_ptr<engine::Context> context;
  std::shared_ptr<const Values> values;
  // Of the run going on; kept so that the next one allocates nothing.
  std::vector<const Tensor*> given;
  std::vector<Tensor*> wanted;
  std::vector<ir::Tensor> inputs;
  std::vector<ir::Tensor> outputs;
  std::vector<bool> written_to;  // of the outputs, those that lie in the caller's memory
};

struct Request::Impl {
  std::future<engine::Outputs> future;
  Cancellation cancellation;
};

struct WorkerPool::Impl {
  std::shared_ptr<ThreadPool> pool;
};

struct Cancellation::Impl {
  std::atomic<bool> cancelled = false;
};

struct Access {
  static Tensor wrap(ir::Tensor tensor);
  static const ir::Tensor& unwrap(const Tensor& tensor);
  static ir::Tensor& unwrap(Tensor& tensor);
  static Model model(ir::Graph graph);
  static Executable executable(std::shared_ptr<const engine::Executable> compiled);
  static Context context(std::unique_ptr<engine::Context> context,
                         std::shared_ptr<const Values> values);
  static Request request(std::future<engine::Outputs> future, Cancellation cancellation);
  static engine::StopFlag stop_flag(const std::optional<Cancellation>& cancellation);
  static engine::CompileOptions compile_options(const CompileOptions& options);
  static const ir::Graph& graph(const Model& model) { return model.impl_->graph; }
  // As run_into, on tensors that need not lie beside each other. Outputs are all different.
  static Expected<void> run(Context& context, std::span<const Tensor* const> from,
                            std::span<Tensor* const> to, const RunOptions& options);
};

Failure to_failure(const Error& error);

ValueInfo describe_value(const std::string& name, const ir::TensorType& type,
                         const ir::TensorType& accepted);

}  // namespace lathe

// As ASSIGN_OR_RETURN and RETURN_IF_ERROR, in a function that returns Expected.
#define ASSIGN_OR_FAIL(declaration, expression) \
  LATHE_ASSIGN_OR_FAIL_(LATHE_CONCAT(lathe_result_, __LINE__), declaration, expression)
#define LATHE_ASSIGN_OR_FAIL_(result, declaration, expression) \
  auto result = (expression);                                  \
  if (!result.ok()) return to_failure(result.error());         \
  declaration = std::move(result).value()
#define FAIL_IF_ERROR(expression)                                 \
  do {                                                            \
    if (auto lathe_status_ = (expression); !lathe_status_.ok()) { \
      return to_failure(lathe_status_.error());                   \
    }                                                             \
  } while (false)
