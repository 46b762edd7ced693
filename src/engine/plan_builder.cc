#include "engine/plan_builder.h"

#include <algorithm>
#include <cstring>

#include "engine/lower/lower.h"
#include "engine/memory_plan.h"
#include "kernels/transpose.h"
#include "ops/evaluate.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {
namespace {

std::int64_t pixels(const std::vector<std::int64_t>& dims) {
  std::int64_t count = 1;
  for (std::size_t i = 2; i < dims.size(); ++i) count *= dims[i];
  return count;
}

std::size_t byte_size(ir::DataType type, const std::vector<std::int64_t>& dims) {
  std::size_t count = 1;
  for (const std::int64_t extent : dims) count *= static_cast<std::size_t>(extent);
  return (count * static_cast<std::size_t>(ir::bits_per_element(type)) + 7) / 8;
}

}  // namespace

bool layouts_coincide(const std::vector<std::int64_t>& dims) {
  return dims.size() < 3 || dims[1] == 1 || pixels(dims) == 1;
}

PlanBuilder::PlanBuilder(const ir::Graph& graph, Isa isa, int threads)
    : graph_(graph), isa_(isa), threads_(threads), consumers_(graph.consumers()) {
  for (std::size_t v = 0; v < graph.value_count(); ++v) {
    const ir::TensorType& type = graph.value(static_cast<ir::ValueId>(v)).type;
    dims_.push_back(type.shape ? ir::known_dims(*type.shape).value_or(std::vector<std::int64_t>{})
                               : std::vector<std::int64_t>{});
  }
  for (const ir::NodeId id : graph.node_ids()) {
    done_.resize(std::max(done_.size(), static_cast<std::size_t>(id) + 1), false);
  }
}

const std::vector<std::int64_t>& PlanBuilder::dims(ir::ValueId value) const {
  return dims_.at(static_cast<std::size_t>(value));
}

Layout PlanBuilder::layout(ir::ValueId value) const {
  const auto it = made_in_.find(value);
  return it == made_in_.end() ? Layout::kRowMajor : it->second;
}

bool PlanBuilder::is_made(ir::ValueId value) const { return made_in_.contains(value); }

StorageId PlanBuilder::new_storage(Storage storage) {
  plan_.storages.push_back(std::move(storage));
  return static_cast<StorageId>(plan_.storages.size()) - 1;
}

SlotId PlanBuilder::new_slot(StorageId storage, ir::ValueId value, Layout layout) {
  plan_.slots.push_back({storage, graph_.value(value).type.data_type, dims(value), layout});
  const auto id = static_cast<SlotId>(plan_.slots.size()) - 1;
  slots_[{value, layout}] = id;
  made_in_.emplace(value, layout);
  return id;
}

SlotId PlanBuilder::define(ir::ValueId value, Layout layout) {
  Storage storage;
  storage.bytes = byte_size(graph_.value(value).type.data_type, dims(value));
  return new_slot(new_storage(std::move(storage)), value, layout);
}

void PlanBuilder::alias(ir::ValueId value, SlotId slot) {
  new_slot(plan_.slots[static_cast<std::size_t>(slot)].storage, value, Layout::kRowMajor);
}

SlotId PlanBuilder::slot(ir::ValueId value, Layout layout) {
  if (const auto it = slots_.find({value, layout}); it != slots_.end()) return it->second;
  const ir::Tensor* constant = graph_.constant(value);
  if (constant != nullptr && !is_made(value)) {
    Storage storage{Storage::Kind::kConstant, constant->num_bytes(), -1, *constant, 0};
    plan_.weight_bytes += storage.bytes;
    const SlotId id = new_slot(new_storage(std::move(storage)), value, Layout::kRowMajor);
    if (layout == Layout::kRowMajor) return id;
  }
  LATHE_CHECK(is_made(value));
  const SlotId existing = slots_.at({value, made_in_.at(value)});
  if (layouts_coincide(dims(value))) {
    return new_slot(plan_.slots[static_cast<std::size_t>(existing)].storage, value, layout);
  }
  return convert(existing, value, layout);
}

SlotId PlanBuilder::convert(SlotId from, ir::ValueId value, Layout layout) {
  const std::vector<std::int64_t> extents = dims(value);
  const bool to_channels_last = layout == Layout::kChannelsLast;
  const auto element =
      static_cast<std::size_t>(ir::bits_per_element(graph_.value(value).type.data_type) / 8);
  Step step;
  step.name = graph_.value(value).name;
  step.op_type = step.kernel = to_channels_last ? "to channels-last" : "to channels-first";
  step.inputs = {from};
  step.outputs = {define(value, layout)};
  step.run = [extents, element, to_channels_last](const StepRun& r) -> Status {
    const auto convert = to_channels_last ? kernels::nchw_to_nhwc : kernels::nhwc_to_nchw;
    convert(r.inputs[0], r.outputs[0], extents[0], extents[1], pixels(extents), element, r.pool);
    return {};
  };
  const SlotId result = step.outputs[0];
  add_step(std::move(step));
  return result;
}

Step PlanBuilder::step_for(const ir::Node& node) const {
  Step step;
  step.name = node.name.empty() ? graph_.value(node.output()).name : node.name;
  step.op_type = node.op_type;
  return step;
}

PlanBuilder::Epilogue PlanBuilder::fuse_epilogue(ir::ValueId value, bool allow_residual) {
  Epilogue epilogue;
  epilogue.output = value;
  const auto only_reader = [&](ir::ValueId v) -> ir::NodeId {
    const auto& readers = consumers_[static_cast<std::size_t>(v)];
    return readers.size() == 1 && !graph_.is_output(v) ? readers[0] : ir::kNoNode;
  };
  const auto absorb = [&](ir::NodeId id) {
    done_[static_cast<std::size_t>(id)] = true;
    epilogue.output = graph_.node(id).output();
    epilogue.op_suffix += "+" + graph_.node(id).op_type;
  };
  ir::NodeId reader = only_reader(value);
  if (allow_residual && reader != ir::kNoNode && graph_.node(reader).is("Add")) {
    const ir::Node& add = graph_.node(reader);
    const ir::ValueId other = add.input(0) == value ? add.input(1) : add.input(0);
    if (other != value && is_made(other) && dims(other) == dims(value) &&
        graph_.constant(other) == nullptr) {
      epilogue.residual = other;
      absorb(reader);
      reader = only_reader(epilogue.output);
    }
  }
  if (reader == ir::kNoNode) return epilogue;
  const ir::Node& activation = graph_.node(reader);
  if (activation.is("Relu")) {
    epilogue.clamp.min = 0;
    absorb(reader);
  } else if (activation.is("Clip")) {
    const ir::Tensor* low = graph_.constant(activation.input(1));
    const ir::Tensor* high = graph_.constant(activation.input(2));
    const bool constant = (activation.input(1) == ir::kNoValue || low != nullptr) &&
                          (activation.input(2) == ir::kNoValue || high != nullptr);
    kernels::ClampF32 clamp;
    if (low != nullptr) clamp.min = low->data<float>()[0];
    if (high != nullptr) clamp.max = high->data<float>()[0];
    if (constant && clamp.min <= clamp.max) {
      epilogue.clamp = clamp;
      absorb(reader);
    }
  }
  return epilogue;
}

Status PlanBuilder::lower_by_reference(ir::NodeId id) {
  const ir::Node node = graph_.node(id);
  Step step = step_for(node);
  step.kernel = "reference";
  step.missing = why_no_kernel(graph_, node);
  std::vector<ir::TensorType> types;  // of the inputs; undefined where absent
  for (const ir::ValueId input : node.inputs) {
    types.push_back(input == ir::kNoValue ? ir::TensorType{} : graph_.value(input).type);
    if (input == ir::kNoValue) continue;
    if (types.back().data_type == ir::DataType::kString) return unsupported("string tensors");
    step.inputs.push_back(slot(input, Layout::kRowMajor));
  }
  for (const ir::ValueId output : node.outputs) {
    if (output != ir::kNoValue) step.outputs.push_back(define(output, Layout::kRowMajor));
  }
  step.macs = ops::count_node_macs(graph_, id).value_or(0);
  step.run = [node, types](const StepRun& r) -> Status {
    std::vector<ir::Tensor> inputs;
    std::size_t next = 0;
    for (const ir::TensorType& type : types) {
      if (type.data_type == ir::DataType::kUndefined) {
        inputs.emplace_back();
        continue;
      }
      ASSIGN_OR_RETURN(ir::Tensor tensor,
                       ir::Tensor::create(type.data_type, *ir::known_dims(*type.shape)));
      std::memcpy(tensor.mutable_bytes().data(), r.inputs[next++], tensor.num_bytes());
      inputs.push_back(std::move(tensor));
    }
    ASSIGN_OR_RETURN(const std::vector<ir::Tensor> outputs, ops::evaluate_node(node, inputs));
    next = 0;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] == ir::kNoValue) continue;
      std::memcpy(r.outputs[next++], outputs[i].bytes().data(), outputs[i].num_bytes());
    }
    return {};
  };
  add_step(std::move(step));
  return {};
}

// Every later size is a product of these extents: none may overflow.
Status PlanBuilder::check_size(ir::ValueId value) const {
  const auto count = ir::element_count(dims(value));
  if (count.ok() && *count <= ir::kMaxTensorBytes / 8) return {};
  const char* what = graph_.value(value).producer == ir::kNoNode ? "input" : "output";
  return error(ErrorCode::kResourceExhausted, "{} '{}' is {}: too large", what,
               graph_.value(value).name, graph_.value(value).type.to_string());
}

Result<Plan> PlanBuilder::build() {
  for (std::size_t i = 0; i < graph_.inputs().size(); ++i) {
    const ir::ValueId id = graph_.inputs()[i];
    RETURN_IF_ERROR(check_size(id));
    Storage storage;
    storage.kind = Storage::Kind::kInput;
    storage.input = static_cast<int>(i);
    new_slot(new_storage(std::move(storage)), id, Layout::kRowMajor);
  }
  ASSIGN_OR_RETURN(const std::vector<ir::NodeId> order, graph_.topological_order());
  for (const ir::NodeId id : order) {
    if (done_[static_cast<std::size_t>(id)]) continue;
    const auto where = [&] { return fmt::format("node {}", ir::describe_node(graph_, id)); };
    for (const ir::ValueId output : graph_.node(id).outputs) {
      if (output == ir::kNoValue) continue;
      const ir::TensorType& type = graph_.value(output).type;
      if (!type.shape || !ir::fully_known(*type.shape)) {
        return unsupported("output {} has a shape that depends on values", type.to_string())
            .with_context(where());
      }
      RETURN_IF_ERROR(check_size(output).with_context(where()));
    }
    if (!ops::count_node_macs(graph_, id)) {
      return error(ErrorCode::kResourceExhausted, "takes too many multiply-accumulates to count")
          .with_context(where());
    }
    auto lowered = lower_node(*this, id);
    if (!lowered.ok()) return lowered.error().with_context(where());
    if (*lowered) continue;
    if (Status status = lower_by_reference(id); !status.ok())
      return status.error().with_context(where());
  }
  for (const ir::ValueId id : graph_.outputs())
    plan_.outputs.push_back(slot(id, Layout::kRowMajor));
  plan_.input_infos = describe_values(graph_, graph_.inputs());
  plan_.output_infos = describe_values(graph_, graph_.outputs());
  for (const Step& step : plan_.steps) plan_.weight_bytes += step.weight_bytes;
  plan_arena();
  return std::move(plan_);
}

void PlanBuilder::plan_arena() {
  const int last_step = static_cast<int>(plan_.steps.size());
  std::vector<BufferLifetime> lifetimes(plan_.storages.size());
  for (std::size_t i = 0; i < lifetimes.size(); ++i) {
    lifetimes[i] = {plan_.storages[i].bytes, last_step, -1};
  }
  const auto touch = [&](SlotId slot, int step) {
    BufferLifetime& life =
        lifetimes[static_cast<std::size_t>(plan_.slots[static_cast<std::size_t>(slot)].storage)];
    life.first = std::min(life.first, step);
    life.last = std::max(life.last, step);
  };
  std::size_t scratch = 0;
  for (int i = 0; i < last_step; ++i) {
    const Step& step = plan_.steps[static_cast<std::size_t>(i)];
    for (const SlotId slot : step.inputs) touch(slot, i);
    for (const SlotId slot : step.outputs) touch(slot, i);
    scratch = std::max(scratch, step.scratch_bytes);
  }
  for (const SlotId slot : plan_.outputs) touch(slot, last_step);

  std::vector<BufferLifetime> planned;
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < lifetimes.size(); ++i) {
    if (plan_.storages[i].kind != Storage::Kind::kArena || lifetimes[i].last < 0) continue;
    planned.push_back(lifetimes[i]);
    which.push_back(i);
  }
  const MemoryPlan memory = plan_memory(planned);
  for (std::size_t i = 0; i < which.size(); ++i)
    plan_.storages[which[i]].offset = memory.offsets[i];
  plan_.scratch_offset = memory.arena_bytes;
  plan_.arena_bytes = memory.arena_bytes + scratch;
}

}  // namespace lathe::engine
