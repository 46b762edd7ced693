#include "engine/reference.h"

#include "engine/own_backend.h"
#include "ops/evaluate.h"

namespace lathe::engine {
namespace {

// What executable and contexts share.
struct Model {
  ir::Graph graph;
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
};

class ReferenceExecutable final : public Executable {
 public:
  ReferenceExecutable(std::shared_ptr<const Model> model, const CompileOptions& options)
      : Executable({.threads = 1, .streams = resolve_concurrency(options).streams}),
        model_(std::move(model)),
        threads_wanted_(options.threads) {}

  [[nodiscard]] std::span<const TensorInfo> inputs() const override { return model_->inputs; }
  [[nodiscard]] std::span<const TensorInfo> outputs() const override { return model_->outputs; }
  [[nodiscard]] std::unique_ptr<Context> new_context() const override;
  [[nodiscard]] std::vector<std::string> notes() const override {
    if (threads_wanted_ <= 1) return {};
    return {fmt::format("the reference evaluator computes with 1 thread instead of {}",
                        threads_wanted_)};
  }

 private:
  std::shared_ptr<const Model> model_;
  int threads_wanted_;
};

class ReferenceContext final : public Context {
 public:
  explicit ReferenceContext(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

  Result<std::vector<ir::Tensor>> run(std::span<const ir::Tensor> inputs) override {
    RETURN_IF_ERROR(check_inputs(model_->inputs, inputs));
    return ops::evaluate(model_->graph, inputs);
  }

 private:
  std::shared_ptr<const Model> model_;
};

std::unique_ptr<Context> ReferenceExecutable::new_context() const {
  return std::make_unique<ReferenceContext>(model_);
}

class ReferenceBackend final : public OwnBackend {
 public:
  [[nodiscard]] std::string_view name() const override { return "reference"; }
  [[nodiscard]] Result<std::shared_ptr<const Executable>> compile(
      const ir::Graph& graph, const CompileOptions& options) const override {
    RETURN_IF_ERROR(check_no_memory_limit(*this, options));
    ASSIGN_OR_RETURN(ir::Graph lowered, lower(graph, options));
    auto model = std::make_shared<Model>();
    model->graph = std::move(lowered);
    model->inputs = describe_values(model->graph, model->graph.inputs());
    model->outputs = describe_values(model->graph, model->graph.outputs());
    return std::shared_ptr<const Executable>(
        std::make_shared<ReferenceExecutable>(std::move(model), options));
  }
};

}  // namespace

const Backend& reference_backend() {
  static const ReferenceBackend backend;
  return backend;
}

}  // namespace lathe::engine
