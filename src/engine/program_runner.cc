#include "engine/program_runner.h"

#include <algorithm>
#include <new>

#include "ops/evaluate.h"

namespace lathe::engine {

Status Workspace::check_limit(const Plan& plan) const {
  if (memory_limit_ == 0) return {};
  const std::size_t weights = program_.weight_bytes() + plan.constant_bytes;
  const std::size_t needed = weights + static_cast<std::size_t>(streams_) * plan.arena_bytes;
  if (needed <= memory_limit_) return {};
  return error(ErrorCode::kResourceExhausted,
               "the model needs {} bytes ({} of weights, {} of intermediate values for each of "
               "{} streams), {} more than the limit of {}; a smaller batch, fewer streams or "
               "--tile take less",
               needed, weights, plan.arena_bytes, streams_, needed - memory_limit_, memory_limit_);
}

Status Workspace::prepare(const Plan& plan) {
  if (plan.useful_threads > 1 && pool_ == nullptr)
    pool_ = std::make_shared<ThreadPool>(plan.threads);
  if (plan.arena_bytes <= arena_.size()) return {};
  arena_ = {};  // first, so that there are not two
  try {
    arena_ = kernels::AlignedBuffer<std::byte>(plan.arena_bytes);
  } catch (const std::bad_alloc&) {
    return error(ErrorCode::kResourceExhausted, "no memory for an arena of {} bytes",
                 plan.arena_bytes);
  }
  return {};
}

namespace {

bool is_for(const Plan& plan, std::span<const ir::Tensor> inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ir::TensorType& type = plan.input_infos[i].type;
    if (type.data_type != inputs[i].data_type() || type.shape->size() != inputs[i].rank())
      return false;
    for (std::size_t axis = 0; axis < type.shape->size(); ++axis)
      if ((*type.shape)[axis].value() != inputs[i].dim(axis)) return false;
  }
  return true;
}

bool is_of_type(const ir::Tensor& tensor, const ir::TensorType& type) {
  const auto& dims = tensor.dims();
  return tensor.data_type() == type.data_type &&
         std::equal(dims.begin(), dims.end(), type.shape->begin(), type.shape->end(),
                    [](std::int64_t extent, const ir::Dim& dim) { return extent == dim.value(); });
}

// Makes those outputs anew that cannot be written to.
Status fit_outputs(const Plan& plan, std::vector<ir::Tensor>& outputs) {
  outputs.resize(plan.output_infos.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const ir::TensorType& type = plan.output_infos[i].type;
    if (is_of_type(outputs[i], type) && outputs[i].is_sole_owner()) continue;
    if (outputs[i].is_borrowed_writable())
      return unfit_output(i, plan.output_infos[i].name, outputs[i], type);
    ASSIGN_OR_RETURN(outputs[i], ir::Tensor::create(type.data_type, *ir::known_dims(*type.shape)));
  }
  return {};
}

}  // namespace

Status RegionRunner::prepare(std::shared_ptr<const Plan> plan) {
  RETURN_IF_ERROR(workspace_.check_limit(*plan));
  RETURN_IF_ERROR(workspace_.prepare(*plan));
  if (prepared_.size() == Region::kMostPlans) prepared_.pop_back();
  Prepared prepared{PlanRunner(std::move(plan), region_.weights())};
  if (workspace_.recorder != nullptr)
    prepared.first_step = workspace_.recorder->add(describe_steps(prepared.runner.plan()));
  prepared_.insert(prepared_.begin(), std::move(prepared));
  return {};
}

// Puts the plan for these inputs to the front.
Status RegionRunner::prepare_for(std::span<const ir::Tensor> inputs) {
  const auto known = std::find_if(
      prepared_.begin(), prepared_.end(),
      [&](const Prepared& prepared) { return is_for(prepared.runner.plan(), inputs); });
  if (known != prepared_.end()) {
    std::rotate(prepared_.begin(), known, known + 1);
    return {};
  }
  std::vector<ir::TensorType> types;
  for (const ir::Tensor& input : inputs) types.push_back(input.type());
  ASSIGN_OR_RETURN(std::shared_ptr<const Plan> plan, region_.plan(types));
  return prepare(std::move(plan));
}

Status RegionRunner::run(std::span<const ir::Tensor> inputs, std::vector<ir::Tensor>& outputs) {
  if (prepared_.empty() || !is_for(prepared_.front().runner.plan(), inputs))
    RETURN_IF_ERROR(prepare_for(inputs));
  Prepared& prepared = prepared_.front();
  const Plan& plan = prepared.runner.plan();
  // Another region may have lost the arena for want of memory.
  RETURN_IF_ERROR(workspace_.prepare(plan));
  RETURN_IF_ERROR(fit_outputs(plan, outputs));
  in_.clear();
  for (const ir::Tensor& input : inputs) in_.push_back(input.bytes().data());
  out_.clear();
  for (ir::Tensor& output : outputs) out_.push_back(output.mutable_bytes().data());
  ThreadPool::Turn turn(workspace_.turns(plan), plan.useful_threads > 1, workspace_.stop);
  return prepared.runner.run({in_, out_, workspace_.arena()},
                             {workspace_.pool(plan), &turn, workspace_.stop},
                             workspace_.recorder.get(), prepared.first_step);
}

void RegionRunner::start_profile() {
  for (Prepared& prepared : prepared_)
    prepared.first_step = workspace_.recorder->add(describe_steps(prepared.runner.plan()));
}

ProgramRunner::ProgramRunner(const Program& program, Workspace& workspace)
    : program_(program), workspace_(workspace) {
  for (const Stage& stage : program.stages()) {
    StageRunner& runner = stages_.emplace_back();
    if (const auto* region = std::get_if<RegionStage>(&stage)) {
      runner.region = std::make_unique<RegionRunner>(*region->region, workspace);
      continue;
    }
    const auto& node = std::get<NodeStage>(stage);
    for (const auto& [key, body] : node.bodies)
      runner.bodies.emplace(key, std::make_unique<ProgramRunner>(*body, workspace));
  }
}

ProgramRunner::~ProgramRunner() = default;

ir::Datum ProgramRunner::read(ir::ValueId id) const {
  if (id == ir::kNoValue) return {};
  const auto constant = program_.constants().find(id);
  return constant != program_.constants().end() ? ir::Datum(constant->second)
                                                : values_[static_cast<std::size_t>(id)];
}

std::vector<ir::Datum> ProgramRunner::read_all(std::span<const ir::ValueId> ids) const {
  std::vector<ir::Datum> values;
  for (const ir::ValueId id : ids) values.push_back(read(id));
  return values;
}

// Nothing of a run stays behind, however it ends: its callers shall own their tensors alone.
void ProgramRunner::forget_values() {
  values_.clear();
  for (StageRunner& runner : stages_) runner.inputs.clear();
}

Result<std::vector<ir::Datum>> ProgramRunner::run(std::span<const ir::Datum> inputs) {
  struct Forget {
    ProgramRunner& runner;
    ~Forget() { runner.forget_values(); }
  } const forget{*this};
  values_.assign(program_.value_count(), {});
  for (std::size_t i = 0; i < inputs.size(); ++i)
    values_[static_cast<std::size_t>(program_.inputs()[i])] = inputs[i];
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    RETURN_IF_ERROR(check_stop(workspace_.stop));
    const Stage& stage = program_.stages()[i];
    if (const auto* region = std::get_if<RegionStage>(&stage)) {
      RETURN_IF_ERROR(run_region(*region, stages_[i]));
    } else {
      RETURN_IF_ERROR(run_node(std::get<NodeStage>(stage), stages_[i]));
    }
    for (const ir::ValueId id : program_.released_after(i))
      values_[static_cast<std::size_t>(id)] = {};
  }
  return read_all(program_.outputs());
}

Status ProgramRunner::run_region(const RegionStage& stage, StageRunner& runner) {
  runner.inputs.clear();
  for (const ir::ValueId id : stage.inputs) {
    const ir::Datum& value = values_[static_cast<std::size_t>(id)];
    if (value.tensor() == nullptr)
      return error(ErrorCode::kInternal, "a value that kernels read is {}",
                   value.type().to_string());
    runner.inputs.push_back(*value.tensor());
  }
  RETURN_IF_ERROR(runner.region->run(runner.inputs, runner.outputs));
  for (std::size_t i = 0; i < stage.outputs.size(); ++i)
    values_[static_cast<std::size_t>(stage.outputs[i])] = runner.outputs[i];
  runner.inputs.clear();  // so that what is read no more can be let go
  return {};
}

namespace {

// "#3" where it has no name of its own.
std::string name_of(const NodeStage& stage) {
  if (!stage.node.name.empty()) return stage.node.name;
  const std::size_t begin = std::string_view("node ").size();
  return stage.place.substr(begin, stage.place.find(" (") - begin);
}

StepProfile describe_node_stage(const NodeStage& stage) {
  StepProfile step;
  step.name = name_of(stage);
  step.op_type = stage.node.op_type;
  step.kernel = stage.bodies.empty() ? "reference" : "control flow";
  if (stage.bodies.empty()) step.missing = "its shapes depend on values";
  return step;
}

std::int64_t bytes_of(std::span<const ir::Datum> values) {
  std::int64_t bytes = 0;
  for (const ir::Datum& value : values)
    if (value.tensor() != nullptr) bytes += static_cast<std::int64_t>(value.tensor()->num_bytes());
  return bytes;
}

}  // namespace

Status ProgramRunner::run_node(const NodeStage& stage, StageRunner& runner) {
  StepRecorder* recorder = workspace_.recorder.get();
  if (recorder == nullptr) return compute_node(stage, runner);
  {
    const StepTimer timer(recorder, runner.step);
    RETURN_IF_ERROR(compute_node(stage, runner));
  }
  if (stage.bodies.empty()) {
    recorder->set_bytes(runner.step, bytes_of(read_all(stage.node.inputs)) +
                                         bytes_of(read_all(stage.node.outputs)));
  }
  return {};
}

Status ProgramRunner::compute_node(const NodeStage& stage, StageRunner& runner) {
  const std::vector<ir::Datum> inputs = read_all(stage.node.inputs);
  const std::vector<ir::Datum> captures = read_all(stage.captures);
  const auto run_body = [&](std::string_view attribute, std::span<const ir::Datum> given,
                            std::span<const ir::Datum> captured) -> Result<ops::Values> {
    std::vector<ir::Datum> all(given.begin(), given.end());
    all.insert(all.end(), captured.begin(), captured.end());
    ASSIGN_OR_RETURN(std::vector<ir::Datum> made, runner.bodies.find(attribute)->second->run(all));
    ops::Values values;
    values.assign(std::make_move_iterator(made.begin()), std::make_move_iterator(made.end()));
    return values;
  };
  auto made = stage.bodies.empty() ? ops::evaluate_node(stage.node, inputs)
                                   : ops::run_node(stage.node, inputs, captures, run_body);
  if (!made.ok()) return made.error().with_context(stage.place);
  if (made->size() < stage.node.outputs.size()) {
    return error(ErrorCode::kInternal, "{}: made {} of {} outputs", stage.place, made->size(),
                 stage.node.outputs.size());
  }
  for (std::size_t i = 0; i < stage.node.outputs.size(); ++i) {
    if (stage.node.outputs[i] != ir::kNoValue)
      values_[static_cast<std::size_t>(stage.node.outputs[i])] = std::move((*made)[i]);
  }
  return {};
}

void ProgramRunner::start_profile() {
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    StageRunner& runner = stages_[i];
    if (const auto* node = std::get_if<NodeStage>(&program_.stages()[i])) {
      runner.step = workspace_.recorder->add({describe_node_stage(*node)});
    } else {
      runner.region->start_profile();
    }
    for (auto& [key, body] : runner.bodies) body->start_profile();
  }
}

}  // namespace lathe::engine
