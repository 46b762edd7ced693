#include "engine/backends/reference.h"

#include "ops/evaluate.h"
#include "passes/passes.h"

namespace lathe::engine {
namespace {

class ReferenceExecutable final : public Executable {
 public:
  explicit ReferenceExecutable(ir::Graph graph)
      : graph_(std::move(graph)),
        inputs_(describe_values(graph_, graph_.inputs())),
        outputs_(describe_values(graph_, graph_.outputs())) {}

  [[nodiscard]] std::span<const TensorInfo> inputs() const override { return inputs_; }
  [[nodiscard]] std::span<const TensorInfo> outputs() const override { return outputs_; }
  [[nodiscard]] std::unique_ptr<Context> new_context() const override;
  [[nodiscard]] const ir::Graph& graph() const { return graph_; }

 private:
  ir::Graph graph_;
  std::vector<TensorInfo> inputs_;
  std::vector<TensorInfo> outputs_;
};

class ReferenceContext final : public Context {
 public:
  explicit ReferenceContext(std::shared_ptr<const ReferenceExecutable> executable)
      : executable_(std::move(executable)) {}

  Result<std::vector<ir::Tensor>> run(std::span<const ir::Tensor> inputs) override {
    RETURN_IF_ERROR(check_inputs(executable_->inputs(), inputs));
    return ops::evaluate(executable_->graph(), inputs);
  }

 private:
  std::shared_ptr<const ReferenceExecutable> executable_;
};

std::unique_ptr<Context> ReferenceExecutable::new_context() const {
  return std::make_unique<ReferenceContext>(
      std::static_pointer_cast<const ReferenceExecutable>(shared_from_this()));
}

class ReferenceBackend final : public Backend {
 public:
  [[nodiscard]] std::string_view name() const override { return "reference"; }
  [[nodiscard]] std::string version() const override { return LATHE_VERSION; }
  [[nodiscard]] Result<std::shared_ptr<const Executable>> compile(
      const ir::Graph& graph, const CompileOptions& options) const override {
    ASSIGN_OR_RETURN(const ir::Graph bound, bind_shapes(graph, options));
    ASSIGN_OR_RETURN(ir::Graph lowered, passes::run_passes(bound, passes::inference_passes()));
    return std::shared_ptr<const Executable>(
        std::make_shared<ReferenceExecutable>(std::move(lowered)));
  }
};

}  // namespace

const Backend& reference_backend() {
  static const ReferenceBackend backend;
  return backend;
}

}  // namespace lathe::engine
