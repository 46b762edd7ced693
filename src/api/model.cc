#include "lathe/model.h"

#include <chrono>

#include "api/access.h"
#include "backends/backends.h"
#include "formats/model_file.h"
#include "formats/onnx/read_onnx.h"

namespace lathe {
namespace {

ValueInfo describe(const std::string& name, const ir::TensorType& type) {
  ValueInfo info{name, static_cast<DataType>(type.data_type), {}};
  if (type.shape) {
    for (const ir::Dim& dim : *type.shape) {
      info.shape.push_back(dim.known() ? dim.value() : kUnknownExtent);
    }
  }
  return info;
}

std::vector<ValueInfo> describe(const ir::Graph& graph, std::span<const ir::ValueId> ids) {
  std::vector<ValueInfo> infos;
  for (const ir::ValueId id : ids) {
    infos.push_back(describe(graph.value(id).name, graph.tensor_type(id)));
  }
  return infos;
}

std::vector<ValueInfo> describe(std::span<const engine::TensorInfo> values) {
  std::vector<ValueInfo> infos;
  for (const engine::TensorInfo& value : values) infos.push_back(describe(value.name, value.type));
  return infos;
}

std::vector<ir::Tensor> unwrap_all(std::span<const Tensor> tensors) {
  std::vector<ir::Tensor> values;
  for (const Tensor& tensor : tensors) values.push_back(Access::unwrap(tensor));
  return values;
}

Expected<std::vector<Tensor>> wrap_all(engine::Outputs outputs) {
  ASSIGN_OR_FAIL(std::vector<ir::Tensor> values, std::move(outputs));
  std::vector<Tensor> tensors;
  for (ir::Tensor& value : values) tensors.push_back(Access::wrap(std::move(value)));
  return tensors;
}

}  // namespace

std::string_view version() { return LATHE_VERSION; }

Model::Model(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Model Access::model(ir::Graph graph) {
  auto impl = std::make_shared<Model::Impl>();
  impl->inputs = describe(graph, graph.inputs());
  impl->outputs = describe(graph, graph.outputs());
  impl->graph = std::move(graph);
  return Model(std::move(impl));
}

Expected<Model> Model::load(const std::filesystem::path& path) {
  ASSIGN_OR_FAIL(ir::Graph graph, formats::load_model(path, formats::UnknownOperators::kKeep));
  return Access::model(std::move(graph));
}

Expected<Model> Model::parse(std::span<const std::byte> onnx) {
  formats::ReadOptions options;
  options.unknown_operators = formats::UnknownOperators::kKeep;
  ASSIGN_OR_FAIL(ir::Graph graph, formats::parse_onnx(onnx, options));
  return Access::model(std::move(graph));
}

const std::vector<ValueInfo>& Model::inputs() const { return impl_->inputs; }
const std::vector<ValueInfo>& Model::outputs() const { return impl_->outputs; }
const std::map<std::string, std::string, std::less<>>& Model::metadata() const {
  return impl_->graph.metadata;
}

Expected<Executable> Model::compile(const CompileOptions& options) const {
  ASSIGN_OR_FAIL(const engine::Backend* backend, engine::find_backend(options.backend));
  ASSIGN_OR_FAIL(std::shared_ptr<const engine::Executable> executable,
                 backend->compile(impl_->graph, Access::compile_options(options)));
  return Access::executable(std::move(executable));
}

// The enumerations of the facade are those of the engine.
static_assert(static_cast<int>(Preference::kThroughput) ==
              static_cast<int>(engine::Preference::kThroughput));
static_assert(static_cast<int>(Precision::kFloat16) ==
              static_cast<int>(engine::Precision::kFloat16));
static_assert(static_cast<int>(Completion::kInOrder) ==
              static_cast<int>(engine::Completion::kInOrder));

engine::CompileOptions Access::compile_options(const CompileOptions& options) {
  engine::CompileOptions result{
      .threads = options.threads, .batch = options.batch, .dimensions = options.dimensions};
  result.leave_open = true;
  result.streams = options.streams;
  result.preference = static_cast<engine::Preference>(options.preference);
  result.precision = static_cast<engine::Precision>(options.precision);
  result.memory_limit = options.memory_limit;
  result.providers = options.providers;
  result.provider_options = options.provider_options;
  return result;
}

Executable Access::executable(std::shared_ptr<const engine::Executable> compiled) {
  auto impl = std::make_shared<Executable::Impl>();
  impl->inputs = describe(compiled->inputs());
  impl->outputs = describe(compiled->outputs());
  impl->executable = std::move(compiled);
  return Executable(std::move(impl));
}

Executable::Executable(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
const std::vector<ValueInfo>& Executable::inputs() const { return impl_->inputs; }
const std::vector<ValueInfo>& Executable::outputs() const { return impl_->outputs; }
std::size_t Executable::arena_bytes() const { return impl_->executable->arena_bytes(); }
std::size_t Executable::weight_bytes() const { return impl_->executable->weight_bytes(); }

std::vector<std::string> Executable::notes() const { return impl_->executable->notes(); }

Request Executable::submit(std::vector<Tensor> inputs, Completion completion) const {
  return Access::request(
      impl_->executable->submit(unwrap_all(inputs), static_cast<engine::Completion>(completion)));
}

Request Access::request(std::future<engine::Outputs> future) {
  return Request(std::make_unique<Request::Impl>(Request::Impl{std::move(future)}));
}

Request::Request(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Request::Request(Request&& other) noexcept = default;
Request& Request::operator=(Request&& other) noexcept = default;
Request::~Request() = default;

bool Request::ready() const {
  return impl_->future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}
void Request::wait() const { impl_->future.wait(); }
Expected<std::vector<Tensor>> Request::get() { return wrap_all(impl_->future.get()); }

Context Executable::new_context() const {
  return Access::context(impl_->executable->new_context());
}

Context Access::context(std::unique_ptr<engine::Context> context) {
  return Context(std::make_unique<Context::Impl>(Context::Impl{std::move(context)}));
}

Context::Context(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Context::Context(Context&& other) noexcept = default;
Context& Context::operator=(Context&& other) noexcept = default;
Context::~Context() = default;

Expected<std::vector<Tensor>> Context::run(std::span<const Tensor> inputs) {
  return wrap_all(impl_->context->run(unwrap_all(inputs)));
}

}  // namespace lathe
