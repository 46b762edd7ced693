#include "engine/backends/reference.h"

#include "ops/evaluate.h"
#include "ops/infer_shapes.h"
#include "passes/passes.h"

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
  ReferenceExecutable(std::shared_ptr<const Model> model, int streams)
      : Executable(streams), model_(std::move(model)) {}

  [[nodiscard]] std::span<const TensorInfo> inputs() const override { return model_->inputs; }
  [[nodiscard]] std::span<const TensorInfo> outputs() const override { return model_->outputs; }
  [[nodiscard]] std::unique_ptr<Context> new_context() const override;

 private:
  std::shared_ptr<const Model> model_;
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

class ReferenceBackend final : public Backend {
 public:
  [[nodiscard]] std::string_view name() const override { return "reference"; }
  [[nodiscard]] std::string version() const override { return LATHE_VERSION; }
  [[nodiscard]] Status supports(const ir::Graph& graph) const override {
    return ops::check_operators(graph);
  }
  [[nodiscard]] Result<std::shared_ptr<const Executable>> compile(
      const ir::Graph& graph, const CompileOptions& options) const override {
    RETURN_IF_ERROR(supports(graph));
    RETURN_IF_ERROR(check_float32_on_processor(*this, options));
    RETURN_IF_ERROR(check_no_memory_limit(*this, options));
    ASSIGN_OR_RETURN(const ir::Graph bound, bind_shapes(graph, options));
    ASSIGN_OR_RETURN(ir::Graph lowered, passes::run_passes(bound, passes::inference_passes()));
    auto model = std::make_shared<Model>();
    model->graph = std::move(lowered);
    model->inputs = describe_values(model->graph, model->graph.inputs());
    model->outputs = describe_values(model->graph, model->graph.outputs());
    return std::shared_ptr<const Executable>(std::make_shared<ReferenceExecutable>(
        std::move(model), resolve_concurrency(options).streams));
  }
};

}  // namespace

const Backend& reference_backend() {
  static const ReferenceBackend backend;
  return backend;
}

}  // namespace lathe::engine
