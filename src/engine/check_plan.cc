#include "engine/check_plan.h"

#include <algorithm>
#include <set>

#include "engine/fused_rows.h"
#include "engine/memory_plan.h"

namespace lathe::engine {
namespace {

Result<std::size_t> bytes_of(ir::DataType type, std::span<const std::int64_t> dims) {
  ASSIGN_OR_RETURN(const std::int64_t count, ir::element_count(dims));
  const auto bits = static_cast<std::size_t>(ir::bits_per_element(type));
  return (static_cast<std::size_t>(count) * bits + 7) / 8;
}

Result<std::size_t> bytes_of(const ir::TensorType& type) {
  const auto dims = type.shape ? ir::known_dims(*type.shape) : std::nullopt;
  if (!dims) return invalid_data("an extent is not known");
  return bytes_of(type.data_type, *dims);
}

class Checker {
 public:
  explicit Checker(const Plan& plan) : plan_(plan) {}

  Status check() {
    constexpr int kMostThreads = 1 << 12;  // so that their scratch memory can be counted
    if (plan_.threads < 1 || plan_.threads > kMostThreads || plan_.useful_threads < 1 ||
        plan_.useful_threads > plan_.threads)
      return invalid_data("is for {} threads, of them {} useful", plan_.threads,
                          plan_.useful_threads);
    if (plan_.arena_bytes > static_cast<std::size_t>(ir::kMaxTensorBytes))
      return invalid_data("has an arena of {} bytes", plan_.arena_bytes);
    RETURN_IF_ERROR(check_all("storages", plan_.storages, &Checker::check_storage));
    RETURN_IF_ERROR(check_callers_memory());
    RETURN_IF_ERROR(check_all("slots", plan_.slots, &Checker::check_slot));
    RETURN_IF_ERROR(check_all("steps", plan_.steps, &Checker::check_step));
    RETURN_IF_ERROR(check_outputs());
    RETURN_IF_ERROR(check_fusions());
    return check_lifetimes();
  }

 private:
  template <typename T>
  Status check_all(const char* name, const std::vector<T>& items,
                   Status (Checker::*check_one)(const T&) const) const {
    for (std::size_t i = 0; i < items.size(); ++i)
      RETURN_IF_ERROR((this->*check_one)(items[i]).with_context(fmt::format("{}[{}]", name, i)));
    return {};
  }

  Status check_storage(const Storage& storage) const {
    if (storage.kind == Storage::Kind::kArena) return check_place(storage.offset, storage.bytes);
    if (storage.kind == Storage::Kind::kConstant) return {};
    const bool is_input = storage.kind == Storage::Kind::kInput;
    const char* name = is_input ? "input" : "output";
    const auto& infos = is_input ? plan_.input_infos : plan_.output_infos;
    const auto index = static_cast<std::size_t>(storage.index);
    if (storage.index < 0 || index >= infos.size())
      return invalid_data("there is no {} {}", name, storage.index);
    ASSIGN_OR_RETURN(const std::size_t held, bytes_of(infos[index].type));
    if (held == storage.bytes) return {};
    return invalid_data("{} {} has {} bytes, not {}", name, storage.index, held, storage.bytes);
  }

  // Each tensor of the caller is one storage.
  Status check_callers_memory() const {
    std::set<std::pair<Storage::Kind, int>> seen;
    for (const Storage& storage : plan_.storages) {
      if (storage.kind != Storage::Kind::kInput && storage.kind != Storage::Kind::kOutput) continue;
      if (!seen.emplace(storage.kind, storage.index).second)
        return invalid_data("two storages are the caller's tensor {}", storage.index);
    }
    return {};
  }

  Status check_place(std::size_t offset, std::size_t bytes) const {
    if (offset % kArenaAlignment == 0 && offset <= plan_.arena_bytes &&
        bytes <= plan_.arena_bytes - offset)
      return {};
    return invalid_data("is outside of the arena");
  }

  Status check_slot(const Slot& slot) const {
    if (slot.storage < 0 || static_cast<std::size_t>(slot.storage) >= plan_.storages.size())
      return invalid_data("there is no storage {}", slot.storage);
    ASSIGN_OR_RETURN(const std::size_t needed, bytes_of(slot.data_type, slot.dims));
    // check_fusions() says whether its rows have room.
    if (needed <= storage_of(slot).bytes || slot.window_rows > 0) return {};
    return invalid_data("takes {} bytes, its storage has {}", needed, storage_of(slot).bytes);
  }

  const Storage& storage_of(const Slot& slot) const {
    return plan_.storages[static_cast<std::size_t>(slot.storage)];
  }
  const Slot& slot(SlotId id) const { return plan_.slots[static_cast<std::size_t>(id)]; }

  static bool can_be_written(const Storage& storage) {
    return storage.kind == Storage::Kind::kArena || storage.kind == Storage::Kind::kOutput;
  }

  Status check_index(SlotId id) const {
    if (id >= 0 && static_cast<std::size_t>(id) < plan_.slots.size()) return {};
    return invalid_data("there is no slot {}", id);
  }

  Status check_operand(SlotId id, std::int64_t wanted) const {
    ASSIGN_OR_RETURN(const std::size_t held, bytes_of(slot(id).data_type, slot(id).dims));
    if (static_cast<std::size_t>(wanted) <= held) return {};
    return invalid_data("slot {} has {} bytes, the kernel uses {}", id, held, wanted);
  }

  Status check_step(const Step& step) const {
    for (const SlotId id : step.inputs) RETURN_IF_ERROR(check_index(id));
    for (const SlotId id : step.outputs) {
      RETURN_IF_ERROR(check_index(id));
      if (!can_be_written(storage_of(slot(id))))
        return invalid_data("slot {} cannot be written", id);
    }
    if (is_slow(step)) {
      if (step.interpreted >= 0) return {};
      return invalid_data("has neither a kernel nor a node");
    }
    return check_kernel(step);
  }

  Status check_kernel(const Step& step) const {
    RETURN_IF_ERROR(kernels::check_problem(step.problem));
    const kernels::Kernel& kernel = kernels::kernel_of(step.kernel);
    if (!kernel.fits(step.problem))
      return invalid_data("kernel {} does not take its problem", kernel.name);
    if ((kernel.pack != nullptr) != (step.weights >= 0))
      return invalid_data("kernel {} has {} weights", kernel.name, kernel.pack ? "no" : "useless");
    const auto needed = kernels::operand_bytes(step.problem);
    if (!needed || needed->inputs.size() != step.inputs.size() || step.outputs.size() != 1)
      return invalid_data("its slots are not those of its problem");
    for (std::size_t i = 0; i < step.inputs.size(); ++i)
      RETURN_IF_ERROR(check_operand(step.inputs[i], needed->inputs[i]));
    RETURN_IF_ERROR(check_operand(step.outputs[0], needed->output));
    RETURN_IF_ERROR(check_overwriting(step));
    const bool is_fused =
        std::any_of(plan_.fused.begin(), plan_.fused.end(), [&](const FusedSteps& fused) {
          const auto index = &step - plan_.steps.data();
          return index >= fused.first && index - fused.first < fused.count;
        });
    const std::size_t scratch = is_fused || kernel.scratch_bytes == nullptr
                                    ? 0
                                    : kernel.scratch_bytes(step.problem, plan_.threads);
    if (scratch > step.scratch_bytes)
      return invalid_data("has {} bytes of scratch, needs {}", step.scratch_bytes, scratch);
    return check_place(step.scratch_offset, step.scratch_bytes).with_context("its scratch");
  }

  Status check_overwriting(const Step& step) const {
    const Slot& out = slot(step.outputs[0]);
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      if (slot(step.inputs[i]).storage == out.storage && storage_of(out).bytes > 0 &&
          !kernels::may_overwrite(step.problem, i))
        return invalid_data("writes over slot {}, which it reads", step.inputs[i]);
    }
    return {};
  }

  // What is there in part is handed on by fused steps alone.
  Status check_fusions() const {
    std::vector<int> readers(plan_.slots.size(), 0);
    for (const Step& step : plan_.steps)
      for (const auto* slots : {&step.inputs, &step.outputs})
        for (const SlotId id : *slots) ++readers[static_cast<std::size_t>(id)];
    for (const SlotId id : plan_.outputs) ++readers[static_cast<std::size_t>(id)];
    int end = 0;
    std::int64_t strips = 0;
    for (std::size_t i = 0; i < plan_.fused.size(); ++i) {
      const FusedSteps& fused = plan_.fused[i];
      strips += strips_of(plan_, fused);
      if (strips > FusedRows::kMostStrips) return invalid_data("fused[{}]: too many strips", i);
      RETURN_IF_ERROR(check_fused(plan_, fused).with_context(fmt::format("fused[{}]", i)));
      if (fused.first < end) return invalid_data("fused[{}]: steps of another one", i);
      end = fused.first + fused.count;
      for (int k = fused.first; k + 1 < end; ++k) {
        readers[static_cast<std::size_t>(plan_.steps[static_cast<std::size_t>(k)].outputs[0])] -= 1;
        readers[static_cast<std::size_t>(plan_.steps[static_cast<std::size_t>(k + 1)].inputs[0])] -=
            1;
      }
    }
    for (std::size_t i = 0; i < readers.size(); ++i)
      if (plan_.slots[i].window_rows != 0 && readers[i] != 0)
        return invalid_data("slots[{}] is read where it is not as a whole", i);
    return {};
  }

  Status check_outputs() const {
    if (plan_.outputs.size() != plan_.output_infos.size())
      return invalid_data("{} of {} outputs are described", plan_.output_infos.size(),
                          plan_.outputs.size());
    for (std::size_t i = 0; i < plan_.outputs.size(); ++i) {
      RETURN_IF_ERROR(check_index(plan_.outputs[i]).with_context(fmt::format("outputs[{}]", i)));
      const Slot& described = slot(plan_.outputs[i]);
      ASSIGN_OR_RETURN(const std::size_t held, bytes_of(described.data_type, described.dims));
      ASSIGN_OR_RETURN(const std::size_t wanted, bytes_of(plan_.output_infos[i].type));
      if (held != wanted)
        return invalid_data("outputs[{}]: has {} bytes, {} are described", i, held, wanted);
    }
    return {};
  }

  // Step by step: what is in use from its first writing to its last reading keeps its place to
  // itself.
  Status check_lifetimes() const {
    const auto count = plan_.storages.size();
    const int end = static_cast<int>(plan_.steps.size());
    std::vector<BufferLifetime> lives(count, {0, end + 1, -1});
    const auto touch = [&](SlotId id, StepSpan span) {
      BufferLifetime& life = lives[static_cast<std::size_t>(slot(id).storage)];
      life.first = std::min(life.first, span.first);
      life.last = std::max(life.last, span.last);
    };
    const auto check_written = [&](SlotId id, int step) -> Status {
      const bool written = lives[static_cast<std::size_t>(slot(id).storage)].first < step;
      if (written || storage_of(slot(id)).bytes == 0 || !can_be_written(storage_of(slot(id))))
        return {};
      return invalid_data("slot {} is read before it is written", id);
    };
    for (int i = 0; i < end; ++i) {
      const Step& step = plan_.steps[static_cast<std::size_t>(i)];
      const StepSpan span = span_of_step(plan_, i);
      for (const SlotId id : step.inputs)
        if (slot(id).window_rows == 0)
          RETURN_IF_ERROR(check_written(id, span.first).with_context(fmt::format("steps[{}]", i)));
      for (const SlotId id : step.inputs) touch(id, span);
      for (const SlotId id : step.outputs) touch(id, span);
    }
    for (const SlotId id : plan_.outputs) {
      RETURN_IF_ERROR(check_written(id, end).with_context("outputs"));
      touch(id, {end, end});
    }
    std::vector<Region> regions;
    for (std::size_t i = 0; i < count; ++i) {
      const Storage& storage = plan_.storages[i];
      if (storage.kind != Storage::Kind::kArena || lives[i].last < 0) continue;
      regions.push_back({storage.offset, storage.bytes, lives[i].first, lives[i].last,
                         fmt::format("storages[{}]", i)});
    }
    for (int i = 0; i < end; ++i) {
      const Step& step = plan_.steps[static_cast<std::size_t>(i)];
      const StepSpan span = span_of_step(plan_, i);
      regions.push_back({step.scratch_offset, step.scratch_bytes, span.first, span.last,
                         fmt::format("the scratch of steps[{}]", i)});
    }
    return check_apart(std::move(regions));
  }

  // A part of the arena that is in use from one step to another.
  struct Region {
    std::size_t offset;
    std::size_t bytes;
    int first;
    int last;
    std::string name;
  };

  static Status check_apart(std::vector<Region> regions) {
    std::erase_if(regions, [](const Region& region) { return region.bytes == 0; });
    std::sort(regions.begin(), regions.end(),
              [](const Region& a, const Region& b) { return a.offset < b.offset; });
    for (std::size_t i = 0; i < regions.size(); ++i) {
      const Region& a = regions[i];
      for (std::size_t k = i + 1; k < regions.size(); ++k) {
        const Region& b = regions[k];
        if (b.offset >= a.offset + a.bytes) break;
        if (a.last < b.first || b.last < a.first) continue;
        return invalid_data("{} and {} overlap while both are in use", a.name, b.name);
      }
    }
    return {};
  }

  const Plan& plan_;
};

}  // namespace

Status check_plan(const Plan& plan) { return Checker(plan).check().with_context("plan"); }

}  // namespace lathe::engine
