#include "lathe/executable.h"

#include <algorithm>
#include <chrono>

#include "api/access.h"

namespace lathe {

ValueInfo describe_value(const std::string& name, const ir::TensorType& type,
                         const ir::TensorType& accepted) {
  ValueInfo info{name, static_cast<DataType>(type.data_type), type.shape.has_value(), {}, {}};
  if (!type.shape) return info;
  for (const ir::Dim& dim : *type.shape)
    info.shape.push_back(dim.known() ? dim.value() : kUnknownExtent);
  info.dimensions.resize(info.shape.size());
  if (!accepted.has_rank(info.shape.size())) return info;
  for (std::size_t axis = 0; axis < info.shape.size(); ++axis) {
    const ir::Dim& dim = (*accepted.shape)[axis];
    if (dim.symbolic().is_expression()) info.dimensions[axis] = dim.to_string();
  }
  return info;
}

namespace {

std::vector<ValueInfo> describe_all(std::span<const engine::TensorInfo> values) {
  std::vector<ValueInfo> infos;
  for (const engine::TensorInfo& value : values)
    infos.push_back(describe_value(value.name, value.type, value.accepted));
  return infos;
}

std::optional<std::size_t> find(std::span<const ValueInfo> infos, std::string_view name) {
  for (std::size_t i = 0; i < infos.size(); ++i)
    if (infos[i].name == name) return i;
  return std::nullopt;
}

std::string quoted_names(std::span<const ValueInfo> infos) {
  std::string names;
  for (const ValueInfo& info : infos) names += (names.empty() ? "'" : ", '") + info.name + "'";
  return names;
}

}  // namespace

static_assert(static_cast<int>(Completion::kInOrder) ==
              static_cast<int>(engine::Completion::kInOrder));

Executable Access::executable(std::shared_ptr<const engine::Executable> compiled) {
  auto values = std::make_shared<Values>();
  values->inputs = describe_all(compiled->inputs());
  values->outputs = describe_all(compiled->outputs());
  auto impl = std::make_shared<Executable::Impl>();
  impl->executable = std::move(compiled);
  impl->values = std::move(values);
  return Executable(std::move(impl));
}

Executable::Executable(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
const std::vector<ValueInfo>& Executable::inputs() const { return impl_->values->inputs; }
const std::vector<ValueInfo>& Executable::outputs() const { return impl_->values->outputs; }
std::optional<std::size_t> Executable::find_input(std::string_view name) const {
  return find(inputs(), name);
}
std::optional<std::size_t> Executable::find_output(std::string_view name) const {
  return find(outputs(), name);
}
int Executable::threads() const { return impl_->executable->threads(); }
int Executable::streams() const { return impl_->executable->streams(); }
std::size_t Executable::arena_bytes() const { return impl_->executable->arena_bytes(); }
std::size_t Executable::weight_bytes() const { return impl_->executable->weight_bytes(); }
std::vector<std::string> Executable::notes() const { return impl_->executable->notes(); }

Expected<std::vector<ValueInfo>> Executable::plan(
    std::span<const std::vector<std::int64_t>> input_shapes) const {
  const std::span<const engine::TensorInfo> inputs = impl_->executable->inputs();
  if (input_shapes.size() != inputs.size()) {
    return to_failure(invalid_argument("{} shapes given, the model has {} inputs",
                                       input_shapes.size(), inputs.size()));
  }
  std::vector<ir::TensorType> types;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    types.push_back({inputs[i].type.data_type, ir::make_shape(input_shapes[i])});
  ASSIGN_OR_FAIL(const std::vector<engine::TensorInfo> outputs, impl_->executable->plan_for(types));
  return describe_all(outputs);
}

Context Access::context(std::unique_ptr<engine::Context> context,
                        std::shared_ptr<const Values> values) {
  auto impl = std::make_unique<Context::Impl>();
  impl->context = std::move(context);
  impl->values = std::move(values);
  return Context(std::move(impl));
}

Context Executable::new_context() const {
  return Access::context(impl_->executable->new_context(), impl_->values);
}

Request Access::request(std::future<engine::Outputs> future, Cancellation cancellation) {
  return Request(
      std::make_unique<Request::Impl>(Request::Impl{std::move(future), std::move(cancellation)}));
}

Request Executable::submit(std::vector<Tensor> inputs, Completion completion,
                           const RunOptions& options) const {
  std::vector<ir::Tensor> values;
  for (const Tensor& tensor : inputs) values.push_back(Access::unwrap(std::as_const(tensor)));
  const Cancellation cancellation = options.cancellation.value_or(Cancellation());
  return Access::request(
      impl_->executable->submit(std::move(values), static_cast<engine::Completion>(completion),
                                Access::stop_flag(cancellation)),
      cancellation);
}

Request::Request(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Request::Request(Request&& other) noexcept = default;
Request& Request::operator=(Request&& other) noexcept = default;
Request::~Request() = default;

bool Request::ready() const {
  return !impl_->future.valid() ||
         impl_->future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

void Request::wait() const {
  if (impl_->future.valid()) impl_->future.wait();
}

void Request::cancel() const { impl_->cancellation.cancel(); }

Expected<std::vector<Tensor>> Request::get() {
  if (!impl_->future.valid())
    return to_failure(invalid_argument("the outputs of this request have been handed over"));
  ASSIGN_OR_FAIL(std::vector<ir::Tensor> values, impl_->future.get());
  std::vector<Tensor> tensors;
  for (ir::Tensor& value : values) {
    value.own_elements();
    tensors.push_back(Access::wrap(std::move(value)));
  }
  return tensors;
}

Context::Context(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Context::Context(Context&& other) noexcept = default;
Context& Context::operator=(Context&& other) noexcept = default;
Context::~Context() = default;

Expected<void> Access::run(Context& context, std::span<const Tensor* const> from,
                           std::span<Tensor* const> to, const RunOptions& options) {
  Context::Impl& impl = *context.impl_;
  std::vector<ir::Tensor>& inputs = impl.inputs;
  std::vector<ir::Tensor>& outputs = impl.outputs;
  if (to.size() != impl.values->outputs.size()) {
    return to_failure(invalid_argument("{} outputs given, the model has {}", to.size(),
                                       impl.values->outputs.size()));
  }
  const engine::StopFlag stop = stop_flag(options.cancellation);
  FAIL_IF_ERROR(engine::check_stop(stop.get()));
  // However the run ends, the caller alone owns them again, and what was given to be written to is
  // what it was.
  struct Loan {
    std::vector<ir::Tensor>& inputs;
    std::vector<ir::Tensor>& outputs;
    std::span<Tensor* const> to;

    void swap() const {
      outputs.resize(to.size());
      for (std::size_t i = 0; i < to.size(); ++i) std::swap(outputs[i], unwrap(*to[i]));
    }
    ~Loan() {
      for (ir::Tensor& input : inputs) input.drop_elements();
      swap();
    }
  };
  inputs.resize(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) inputs[i] = unwrap(*from[i]);
  std::vector<bool>& written_to = impl.written_to;
  written_to.resize(to.size());
  for (std::size_t i = 0; i < to.size(); ++i) written_to[i] = unwrap(*to[i]).is_borrowed_writable();
  const Loan loan{inputs, outputs, to};
  loan.swap();

  impl.context->set_stop(stop);
  FAIL_IF_ERROR(impl.context->run_into(inputs, outputs));
  // An input that is an output as well may be borrowed.
  for (std::size_t i = 0; i < to.size(); ++i)
    if (!written_to[i]) outputs[i].own_elements();
  return {};
}

Expected<void> Context::run_into(std::span<const Tensor> inputs, std::span<Tensor> outputs,
                                 const RunOptions& options) {
  std::vector<const Tensor*>& given = impl_->given;
  std::vector<Tensor*>& wanted = impl_->wanted;
  given.clear();
  for (const Tensor& input : inputs) given.push_back(&input);
  wanted.clear();
  for (Tensor& output : outputs) wanted.push_back(&output);
  return Access::run(*this, given, wanted, options);
}

Expected<std::vector<Tensor>> Context::run(std::span<const Tensor> inputs,
                                           const RunOptions& options) {
  std::vector<Tensor> outputs(impl_->values->outputs.size());
  if (const Expected<void> done = run_into(inputs, outputs, options); !done.ok())
    return done.failure();
  return outputs;
}

Expected<std::map<std::string, Tensor>> Context::run_named(
    const std::map<std::string, Tensor>& inputs, const RunOptions& options) {
  const Values& values = *impl_->values;
  std::vector<Tensor> ordered(values.inputs.size());
  for (const auto& [name, tensor] : inputs) {
    const std::optional<std::size_t> place = find(values.inputs, name);
    if (!place) {
      return to_failure(invalid_argument("there is no input '{}', the model has {}", name,
                                         quoted_names(values.inputs)));
    }
    ordered[*place] = tensor;
  }
  for (const ValueInfo& info : values.inputs) {
    if (!inputs.contains(info.name))
      return to_failure(invalid_argument("input '{}' is missing", info.name));
  }
  Expected<std::vector<Tensor>> outputs = run(ordered, options);
  if (!outputs.ok()) return outputs.failure();
  std::map<std::string, Tensor> named;
  for (std::size_t i = 0; i < outputs->size(); ++i)
    named.emplace(values.outputs[i].name, std::move((*outputs)[i]));
  return named;
}

void Context::enable_profiling() { impl_->context->enable_profiling(); }

std::vector<StepTime> Context::profile() const {
  std::vector<StepTime> steps;
  for (engine::StepProfile& step : impl_->context->profile()) {
    steps.push_back({std::move(step.name), std::move(step.op_type), std::move(step.kernel),
                     std::move(step.missing), step.macs, step.runs, step.total_ms});
  }
  return steps;
}

}  // namespace lathe
