#include "engine/plan_builder.h"

#include <algorithm>
#include <climits>
#include <numeric>

#include "base/caches.h"
#include "engine/check_plan.h"
#include "engine/fused_rows.h"
#include "engine/lower/lower.h"
#include "engine/memory_plan.h"
#include "engine/narrow_values.h"
#include "engine/slow_steps.h"
#include "kernels/parallel.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {
namespace {

// What runs in the reference evaluator is never split.
bool gains_by_threads(const Plan& plan, Isa isa) {
  double nanoseconds = 0;
  for (const Step& step : plan.steps) {
    if (is_slow(step)) continue;
    nanoseconds += std::max(kernels::expected_mac_nanoseconds(step.macs, isa),
                            kernels::expected_stream_nanoseconds(bytes_moved(plan, step)));
  }
  return nanoseconds >= kernels::kSingleThreadNanoseconds;
}

}  // namespace

std::string_view kernel_name(const Step& step) {
  return is_slow(step) ? "reference" : kernels::kernel_of(step.kernel).name;
}

std::size_t byte_size(ir::DataType type, std::span<const std::int64_t> dims) {
  std::size_t count = 1;
  for (const std::int64_t extent : dims) count *= static_cast<std::size_t>(extent);
  return (count * static_cast<std::size_t>(ir::bits_per_element(type)) + 7) / 8;
}

PlanBuilder::PlanBuilder(passes::ConvertedGraph converted, const PlanOptions& options)
    : graph_(std::move(converted.graph)),
      layouts_(std::move(converted.layouts)),
      options_(options),
      slots_(graph_.value_count(), -1) {
  for (std::size_t v = 0; v < graph_.value_count(); ++v)
    dims_.push_back(dims_of(graph_, static_cast<ir::ValueId>(v)));
}

const std::vector<std::int64_t>& PlanBuilder::dims(ir::ValueId value) const {
  return dims_.at(static_cast<std::size_t>(value));
}

StorageId PlanBuilder::new_storage(Storage storage) {
  plan_.storages.push_back(std::move(storage));
  return static_cast<StorageId>(plan_.storages.size()) - 1;
}

SlotId PlanBuilder::new_slot(StorageId storage, ir::ValueId value) {
  plan_.slots.push_back({storage, graph_.tensor_type(value).data_type, dims(value), layout(value)});
  const auto id = static_cast<SlotId>(plan_.slots.size()) - 1;
  slots_[static_cast<std::size_t>(value)] = id;
  return id;
}

SlotId PlanBuilder::define(ir::ValueId value) {
  Storage storage;
  storage.bytes = byte_size(graph_.tensor_type(value).data_type, dims(value));
  return new_slot(new_storage(std::move(storage)), value);
}

SlotId PlanBuilder::define_between(ir::ValueId like, ir::DataType type) {
  Storage storage;
  storage.bytes = byte_size(type, dims(like));
  plan_.slots.push_back({new_storage(std::move(storage)), type, dims(like), layout(like)});
  return static_cast<SlotId>(plan_.slots.size()) - 1;
}

void PlanBuilder::alias(ir::ValueId value, SlotId slot) {
  new_slot(plan_.slots[static_cast<std::size_t>(slot)].storage, value);
}

SlotId PlanBuilder::slot(ir::ValueId value) {
  const SlotId made = slots_[static_cast<std::size_t>(value)];
  if (made >= 0) return made;
  const ir::Tensor* constant = graph_.constant(value);
  LATHE_CHECK(constant != nullptr);
  if (!constant->has_elements()) {
    fail(Error(ErrorCode::kResourceExhausted,
               fmt::format("constant '{}' has been packed for a kernel that does not take these "
                           "shapes",
                           graph_.value(value).name)));
  }
  Storage storage{Storage::Kind::kConstant, constant->num_bytes(), -1, *constant, 0, 0, 0};
  plan_.constant_bytes += storage.bytes;
  return new_slot(new_storage(std::move(storage)), value);
}

void PlanBuilder::release(ir::ValueId constant) {
  const std::size_t packed = ++packed_readers_[constant];
  // Here an operand may have been replaced by a conversion of it, which the next plan makes anew.
  const ir::Graph& whole = options_.origin != nullptr ? *options_.origin : graph_;
  if (packed < whole.readers(constant).size() || whole.is_output(constant)) return;
  const ir::Tensor used_up = graph_.constant(constant)->without_elements();
  if (options_.origin != nullptr) options_.origin->set_constant(constant, used_up);
  graph_.set_constant(constant, used_up);
}

WeightsId PlanBuilder::find_packed(const ops::FusedOperator& op, PackingKey& key,
                                   const kernels::Problem& problem) {
  if (const auto found = options_.weights->find(key, problem)) return *found;
  fail(Error(ErrorCode::kResourceExhausted,
             fmt::format("node {} ({}): its weights have been packed for a kernel that does not "
                         "take these shapes",
                         op.main.name, op.main.op_type)));
  return kNoWeights;
}

void PlanBuilder::fail(const Error& error) {
  if (status_.ok()) status_ = error;
}

Step PlanBuilder::step_for(const ops::FusedOperator& op) const {
  Step step;
  step.name = op.main.name;
  for (const ir::ValueId output : op.main.outputs) {
    if (!step.name.empty()) break;
    if (output != ir::kNoValue) step.name = graph_.value(output).name;
  }
  step.op_type = op.main.op_type + op.epilogue.names;
  return step;
}

// Matrices are as they are: only images, and what follows from them, come in sizes.
kernels::Problem PlanBuilder::typical(const ops::FusedOperator& op,
                                      kernels::Problem problem) const {
  const bool sized = dims(op.main.input(0)).size() > 2;
  const auto open =
      !sized && options_.open == kernels::Extents::kAll ? kernels::Extents::kBatch : options_.open;
  return kernels::without(open, std::move(problem));
}

void PlanBuilder::add_step(const ops::FusedOperator& op, kernels::Problem problem,
                           std::vector<SlotId> inputs, SlotId output) {
  const KernelId kernel = choose(problem);
  add_step(op, kernel, std::move(problem), std::move(inputs), output);
}

void PlanBuilder::add_step(const ops::FusedOperator& op, KernelId id, kernels::Problem problem,
                           std::vector<SlotId> inputs, SlotId output) {
  Step step = step_for(op);
  step.kernel = id;
  const kernels::Kernel& kernel = kernels::kernel_of(id);
  if (kernel.scratch_bytes != nullptr)
    step.scratch_bytes = kernel.scratch_bytes(problem, options_.threads);
  step.macs = kernels::macs(problem);
  step.problem = std::move(problem);
  step.inputs = std::move(inputs);
  step.outputs = {output};
  plan_.steps.push_back(std::move(step));
}

void PlanBuilder::lower_by_reference(ir::NodeId id) {
  const ir::Node& node = graph_.node(id);
  Step step = step_for(ops::unfuse(node).value_or(ops::FusedOperator{node, {}, {}}));
  step.missing = why_no_kernel(graph_, node);
  step.interpreted = static_cast<int>(plan_.interpreted.size());
  InterpretedNode interpreted{node, fmt::format("node {}", ir::describe_node(graph_, id)), {}, {}};
  std::vector<ir::ValueId> operands = node.inputs;
  for (const ir::Subgraph* subgraph : ir::subgraphs(node))
    operands.insert(operands.end(), subgraph->captures.begin(), subgraph->captures.end());
  for (const ir::ValueId operand : operands) {
    interpreted.inputs.push_back(operand == ir::kNoValue ? ir::TensorType{}
                                                         : graph_.tensor_type(operand));
    if (operand == ir::kNoValue) continue;
    step.inputs.push_back(slot(operand));
  }
  for (const ir::ValueId output : node.outputs) {
    interpreted.outputs.push_back(output == ir::kNoValue ? ir::TensorType{}
                                                         : graph_.tensor_type(output));
    if (output == ir::kNoValue) continue;
    step.outputs.push_back(define(output));
  }
  step.macs = ops::count_node_macs(graph_, id).value_or(0);
  plan_.interpreted.push_back(std::move(interpreted));
  plan_.steps.push_back(std::move(step));
}

// Where all outputs are empty there is nothing to compute.
bool PlanBuilder::makes_nothing(ir::NodeId id) {
  const std::vector<ir::ValueId>& outputs = graph_.node(id).outputs;
  const bool nothing = std::all_of(outputs.begin(), outputs.end(), [&](ir::ValueId output) {
    return output == ir::kNoValue || product(dims(output)) == 0;
  });
  if (!nothing) return false;
  for (const ir::ValueId output : outputs)
    if (output != ir::kNoValue) define(output);
  return true;
}

Result<Plan> PlanBuilder::build() {
  for (std::size_t i = 0; i < graph_.inputs().size(); ++i) {
    const ir::ValueId id = graph_.inputs()[i];
    Storage storage;
    storage.kind = Storage::Kind::kInput;
    storage.index = static_cast<int>(i);
    storage.bytes = byte_size(graph_.tensor_type(id).data_type, dims(id));
    new_slot(new_storage(std::move(storage)), id);
  }
  ASSIGN_OR_RETURN(const std::vector<ir::NodeId> order, graph_.topological_order());
  for (const ir::NodeId id : order) {
    if (makes_nothing(id)) continue;
    if (!lower_node(*this, id)) lower_by_reference(id);
  }
  for (const ir::ValueId id : graph_.outputs()) plan_.outputs.push_back(slot(id));
  RETURN_IF_ERROR(status_);
  write_outputs_in_place();
  plan_.threads = options_.threads;
  fuse_rows(plan_, level2_cache_bytes());
  overwrite_operands();
  plan_.input_infos = describe_values(graph_, graph_.inputs());
  plan_.output_infos = describe_values(graph_, graph_.outputs());
  plan_.useful_threads = gains_by_threads(plan_, options_.isa) ? options_.threads : 1;
  place_in_arena(plan_);
  return std::move(plan_);
}

// What a step makes for an output goes straight to the caller's memory.
void PlanBuilder::write_outputs_in_place() {
  for (std::size_t i = 0; i < plan_.outputs.size(); ++i) {
    const Slot& slot = plan_.slots[static_cast<std::size_t>(plan_.outputs[i])];
    Storage& storage = plan_.storages[static_cast<std::size_t>(slot.storage)];
    if (storage.kind != Storage::Kind::kArena) continue;
    storage.kind = Storage::Kind::kOutput;
    storage.index = static_cast<int>(i);
  }
}

namespace {

struct Uses {
  int first = INT_MAX;
  int last = -1;
};

// By storage: the steps that use it; outputs of the graph are used by the one behind the last.
std::vector<Uses> uses_of_storages(const Plan& plan) {
  std::vector<Uses> uses(plan.storages.size());
  const auto use = [&](SlotId slot, StepSpan span) {
    Uses& own = uses[static_cast<std::size_t>(plan.slots[static_cast<std::size_t>(slot)].storage)];
    own.first = std::min(own.first, span.first);
    own.last = std::max(own.last, span.last);
  };
  const int count = static_cast<int>(plan.steps.size());
  for (int i = 0; i < count; ++i) {
    const StepSpan span = span_of_step(plan, i);
    for (const SlotId slot : plan.steps[static_cast<std::size_t>(i)].inputs) use(slot, span);
    for (const SlotId slot : plan.steps[static_cast<std::size_t>(i)].outputs) use(slot, span);
  }
  for (const SlotId slot : plan.outputs) use(slot, {count, count});
  return uses;
}

}  // namespace

// What a step reads last and may write over becomes the memory of what it makes.
void PlanBuilder::overwrite_operands() {
  const auto at = [](int id) { return static_cast<std::size_t>(id); };
  std::vector<Uses> uses = uses_of_storages(plan_);
  // The storage that each is a part of.
  std::vector<StorageId> whole(plan_.storages.size());
  std::iota(whole.begin(), whole.end(), 0);
  const auto read_by = [&](SlotId slot) { return whole[at(plan_.slots[at(slot)].storage)]; };
  const auto is_in_arena = [&](StorageId id) {
    return plan_.storages[at(id)].kind == Storage::Kind::kArena && plan_.storages[at(id)].bytes > 0;
  };
  for (int i = 0; i < static_cast<int>(plan_.steps.size()); ++i) {
    const Step& step = plan_.steps[at(i)];
    const StepSpan span = span_of_step(plan_, i);
    if (is_slow(step) || span.first != span.last) continue;
    const StorageId made = plan_.slots[at(step.outputs[0])].storage;
    if (!is_in_arena(made) || uses[at(made)].first < i) continue;
    const auto can_be_overwritten = [&](StorageId read) {
      for (std::size_t k = 0; k < step.inputs.size(); ++k)
        if (read_by(step.inputs[k]) == read && !kernels::may_overwrite(step.problem, k))
          return false;
      return is_in_arena(read) && uses[at(read)].last == i &&
             plan_.storages[at(read)].bytes == plan_.storages[at(made)].bytes;
    };
    const auto found = std::find_if(step.inputs.begin(), step.inputs.end(),
                                    [&](SlotId slot) { return can_be_overwritten(read_by(slot)); });
    if (found == step.inputs.end()) continue;
    whole[at(made)] = read_by(*found);
    uses[at(read_by(*found))].last = uses[at(made)].last;
    plan_.storages[at(made)].bytes = 0;
  }
  for (Slot& slot : plan_.slots) slot.storage = whole[at(slot.storage)];
}

namespace {

// The arena holds tensors whose elements have a size and whose extents are known; every later size
// is a product of these extents, and none may overflow.
Status check_value(const ir::Graph& graph, ir::ValueId value) {
  const ir::Type& type = graph.type(value);
  if (!type.is_tensor() || ir::bits_per_element(type.tensor().data_type) == 0)
    return unsupported("is {}, which the native engine cannot hold", type.to_string());
  if (!type.tensor().shape || !ir::fully_known(*type.tensor().shape))
    return unsupported("is {}: its shape depends on values", type.to_string());
  const auto count = ir::element_count(dims_of(graph, value));
  if (count.ok() && *count <= ir::kMaxTensorBytes / 8) return {};
  return error(ErrorCode::kResourceExhausted, "is {}: too large", type.to_string());
}

Status check_value(const ir::Graph& graph, ir::ValueId id, std::string_view role) {
  return check_value(graph, id).with_context(
      [&] { return fmt::format("{} '{}'", role, graph.value(id).name); });
}

Status check_node_values(const ir::Graph& graph, ir::NodeId id) {
  for (const ir::ValueId read : graph.node(id).reads())
    if (graph.constant(read) != nullptr) RETURN_IF_ERROR(check_value(graph, read, "constant"));
  for (const ir::ValueId output : graph.node(id).outputs)
    if (output != ir::kNoValue) RETURN_IF_ERROR(check_value(graph, output, "output"));
  if (!ops::count_node_macs(graph, id)) {
    return error(ErrorCode::kResourceExhausted, "takes too many multiply-accumulates to count");
  }
  return {};
}

Status check_values(const ir::Graph& graph) {
  for (const ir::ValueId id : graph.inputs()) RETURN_IF_ERROR(check_value(graph, id, "input"));
  for (const ir::NodeId id : graph.node_ids()) {
    RETURN_IF_ERROR(check_node_values(graph, id).with_context(
        [&] { return fmt::format("node {}", ir::describe_node(graph, id)); }));
  }
  for (const ir::ValueId id : graph.outputs()) RETURN_IF_ERROR(check_value(graph, id, "output"));
  return {};
}

}  // namespace

void place_in_arena(Plan& plan) {
  const int last_step = static_cast<int>(plan.steps.size());
  const std::vector<Uses> uses = uses_of_storages(plan);
  std::vector<BufferLifetime> planned;
  std::vector<std::size_t*> offsets;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    Storage& storage = plan.storages[i];
    if (storage.kind != Storage::Kind::kArena || uses[i].last < 0) continue;
    storage.first_step = uses[i].first;
    storage.last_step = uses[i].last;
    planned.push_back({storage.bytes, uses[i].first, uses[i].last});
    offsets.push_back(&storage.offset);
  }
  for (int i = 0; i < last_step; ++i) {
    Step& step = plan.steps[static_cast<std::size_t>(i)];
    if (step.scratch_bytes == 0) continue;
    const StepSpan span = span_of_step(plan, i);
    planned.push_back({step.scratch_bytes, span.first, span.last});
    offsets.push_back(&step.scratch_offset);
  }
  const MemoryPlan memory = plan_memory(planned);
  for (std::size_t i = 0; i < planned.size(); ++i) *offsets[i] = memory.offsets[i];
  plan.arena_bytes = memory.arena_bytes;
  plan.least_arena_bytes = most_in_use(planned);
}

Result<Plan> build_plan(ir::Graph lowered, const PlanOptions& options) {
  RETURN_IF_ERROR(check_values(lowered));
  ASSIGN_OR_RETURN(passes::ConvertedGraph converted,
                   passes::convert_layouts(std::move(lowered), choose_layouts));
  if (options.precision == Precision::kBFloat16) RETURN_IF_ERROR(narrow_values(converted));
  ASSIGN_OR_RETURN(Plan plan, PlanBuilder(std::move(converted), options).build());
  // A mistake above shall not overwrite memory.
  const Status sound = check_plan(plan);
  if (!sound.ok()) return error(ErrorCode::kInternal, "{}", sound.error().message());
  return plan;
}

}  // namespace lathe::engine
