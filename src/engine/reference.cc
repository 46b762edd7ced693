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
  std::vector<std::string> notes;
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
    std::vector<std::string> notes = model_->notes;
    if (threads_wanted_ > 1) {
      notes.push_back(fmt::format("the reference evaluator computes with 1 thread instead of {}",
                                  threads_wanted_));
    }
    return notes;
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

  Result<std::vector<ir::Datum>> run_values(std::span<const ir::Datum> inputs) override {
    RETURN_IF_ERROR(check_inputs(model_->inputs, inputs));
    return ops::evaluate_values(model_->graph, inputs);
  }

 private:
  std::shared_ptr<const Model> model_;
};

std::unique_ptr<Context> ReferenceExecutable::new_context() const {
  return std::make_unique<ReferenceContext>(model_);
}

class ReferenceBackend final : public OwnBackend {
 public:
  enum class Form { kAsRead, kLowered };
  explicit ReferenceBackend(Form form) : form_(form) {}

  [[nodiscard]] std::string_view name() const override {
    return form_ == Form::kAsRead ? "reference" : "lowered";
  }
  [[nodiscard]] Result<std::shared_ptr<const Executable>> compile(
      ir::Graph graph, const CompileOptions& options) const override {
    RETURN_IF_ERROR(check_no_memory_limit(*this, options));
    RETURN_IF_ERROR(check_no_strips(*this, options));
    RETURN_IF_ERROR(check_no_pool(*this, options));
    RETURN_IF_ERROR(check(graph, options));
    RETURN_IF_ERROR(check_float32(*this, options));
    if (graph.prepared != nullptr) RETURN_IF_ERROR(graph.prepared->check_spare());
    ASSIGN_OR_RETURN(const std::vector<ir::TensorType> types, bound_inputs(graph, options));
    ASSIGN_OR_RETURN(graph, fix_shapes(std::move(graph), options));
    auto model = std::make_shared<Model>();
    if (form_ == Form::kLowered) {
      ASSIGN_OR_RETURN(graph, lower(std::move(graph), options, model->notes));
    }
    model->inputs = describe_inputs(graph, types);
    ir::Graph bound = graph;
    RETURN_IF_ERROR(set_inputs(bound, types));
    model->outputs = describe_values(graph, graph.outputs());
    for (std::size_t i = 0; i < model->outputs.size(); ++i)
      model->outputs[i].type = bound.tensor_type(bound.outputs()[i]);
    model->graph = std::move(graph);
    return std::shared_ptr<const Executable>(
        std::make_shared<ReferenceExecutable>(std::move(model), options));
  }

 private:
  Form form_;
};

}  // namespace

const Backend& reference_backend() {
  static const ReferenceBackend backend(ReferenceBackend::Form::kAsRead);
  return backend;
}

const Backend& lowered_backend() {
  static const ReferenceBackend backend(ReferenceBackend::Form::kLowered);
  return backend;
}

}  // namespace lathe::engine
