#include "lathe/model.h"

#include "api/access.h"
#include "backends/backends.h"
#include "formats/model_file.h"
#include "formats/onnx/read_onnx.h"

namespace lathe {
namespace {

std::vector<ValueInfo> describe(const ir::Graph& graph, std::span<const ir::ValueId> ids) {
  std::vector<ValueInfo> infos;
  for (const ir::ValueId id : ids) {
    const ir::TensorType& type = graph.tensor_type(id);
    infos.push_back(describe_value(graph.value(id).name, type, type));
  }
  return infos;
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

engine::CompileOptions Access::compile_options(const CompileOptions& options) {
  engine::CompileOptions result{
      .threads = options.threads, .batch = options.batch, .dimensions = options.dimensions};
  result.shapes = options.shapes;
  result.leave_open = true;
  result.streams = options.streams;
  result.preference = static_cast<engine::Preference>(options.preference);
  result.precision = static_cast<engine::Precision>(options.precision);
  result.memory_limit = options.memory_limit;
  if (options.pool) result.pool = options.pool->impl_->pool;
  result.providers = options.providers;
  result.provider_options = options.provider_options;
  return result;
}

}  // namespace lathe
