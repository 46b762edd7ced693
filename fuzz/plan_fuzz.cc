// Fuzzes plans as JSON: the mutator changes members of a valid one. A plan that is read back is
// run, on memory of exactly the size that it asks for, whose every byte beyond the sanitizer
// watches, but for what the loops do that src/kernels/CMakeLists.txt compiles without it.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/json_text.h"
#include "engine/fused_rows.h"
#include "engine/plan_json.h"
#include "kernels/aligned_buffer.h"

namespace {

using namespace lathe;
using nlohmann::json;
using Random = std::minstd_rand;

constexpr std::size_t kMostBytes = std::size_t{1} << 24;
constexpr std::int64_t kMostMacs = std::int64_t{1} << 22;

std::size_t below(Random& random, std::size_t count) { return count == 0 ? 0 : random() % count; }

// Any value inside, the deeper the likelier.
json& pick(json& from, Random& random) {
  json* at = &from;
  while (at->is_structured() && !at->empty() && below(random, 8) != 0)
    at = &*std::next(at->begin(), static_cast<std::ptrdiff_t>(below(random, at->size())));
  return *at;
}

void damage(json& plan, Random& random) {
  json& at = pick(plan, random);
  const std::int64_t numbers[] = {-1, 0, 1, 2, 3, 4, 7, 8, 16, 64, 100, 255, 1 << 20, INT64_MAX};
  switch (below(random, 6)) {
    case 0:  // another value of the same plan
      at = json(pick(plan, random));
      return;
    case 1:
      if (at.is_array() && !at.empty()) at.erase(below(random, at.size()));
      return;
    case 2:
      if (at.is_array() && !at.empty()) at.push_back(json(at[below(random, at.size())]));
      return;
    case 3:
      if (at.is_number_integer() && std::abs(at.get<double>()) < 1e18)
        at = at.get<std::int64_t>() + 1 - 2 * static_cast<int>(random() % 2);
      return;
    case 4:
      if (at.is_boolean()) at = !at.get<bool>();
      return;
    default:
      if (at.is_number()) at = numbers[below(random, std::size(numbers))];
  }
}

bool is_small(const engine::Plan& plan) {
  std::size_t bytes = plan.arena_bytes;
  std::int64_t macs = 0;
  for (const engine::Storage& storage : plan.storages) bytes += storage.bytes;
  for (const engine::Step& step : plan.steps) {
    if (engine::is_slow(step)) return false;
    const kernels::Kernel& kernel = kernels::kernel_of(step.kernel);
    if (kernel.packed_bytes != nullptr) {
      const auto operands = kernels::operand_bytes(step.problem);
      for (const std::int64_t input : operands->inputs)
        if (input > std::int64_t{1} << 12) return false;
      if (operands->output > std::int64_t{1} << 12) return false;
      bytes += kernel.packed_bytes(step.problem);
    }
    macs += kernels::macs(step.problem);
    if (bytes > kMostBytes || macs > kMostMacs) return false;
  }
  return bytes <= kMostBytes;
}

void run(const engine::Plan& plan) {
  kernels::AlignedBuffer<std::byte> arena(plan.arena_bytes);
  std::vector<std::vector<std::byte>> others;  // inputs and constants
  std::vector<void*> storages;
  for (const engine::Storage& storage : plan.storages) {
    if (storage.kind == engine::Storage::Kind::kArena) {
      storages.push_back(arena.data() + storage.offset);
    } else {
      storages.push_back(others.emplace_back(storage.bytes, std::byte{1}).data());
    }
  }
  const auto place_of = [&](engine::SlotId slot) {
    return storages[static_cast<std::size_t>(plan.slots[static_cast<std::size_t>(slot)].storage)];
  };
  ThreadPool pool(std::min(plan.threads, 3));
  std::vector<kernels::AlignedBuffer<std::byte>> weights;
  std::vector<std::vector<const void*>> inputs;
  for (const engine::Step& step : plan.steps) {
    const kernels::Kernel& kernel = kernels::kernel_of(step.kernel);
    if (!isa_supported(kernel.isa)) return;
    weights.emplace_back(kernel.packed_bytes == nullptr ? 0 : kernel.packed_bytes(step.problem));
    auto& places = inputs.emplace_back();
    for (const engine::SlotId slot : step.inputs) places.push_back(place_of(slot));
  }
  auto fused = plan.fused.begin();
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const auto operands_of = [&](std::size_t k) {
      return engine::FusedRows::Operands{inputs[k].data(), place_of(plan.steps[k].outputs[0]),
                                         weights[k].data(),
                                         arena.data() + plan.steps[k].scratch_offset};
    };
    if (fused != plan.fused.end() && static_cast<std::size_t>(fused->first) == i) {
      std::array<engine::FusedRows::Operands, engine::FusedRows::kMostSteps> operands = {};
      for (int k = 0; k < fused->count; ++k)
        operands[static_cast<std::size_t>(k)] = operands_of(i + static_cast<std::size_t>(k));
      engine::FusedRows::make(plan, *fused, plan.threads)->run(operands, pool);
      i += static_cast<std::size_t>(fused++->count) - 1;
      continue;
    }
    const engine::Step& step = plan.steps[i];
    const auto operands = operands_of(i);
    void* output = operands.output;
    const Status done = kernels::kernel_of(step.kernel)
                            .run(step.problem, {operands.inputs, &output, operands.weights,
                                                operands.scratch, pool});
    if (!done.ok()) return;
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned int seed) {
  auto plan = parse_json({reinterpret_cast<const char*>(data), size});
  if (!plan.ok()) return 0;
  Random random(seed + 1);
  for (std::size_t left = 1 + below(random, 3); left > 0; --left) damage(*plan, random);
  const std::string text = json_text(*plan);
  if (text.size() > most) return size;
  std::copy(text.begin(), text.end(), data);
  return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = parse_json({reinterpret_cast<const char*>(data), size});
  if (!json.ok()) return 0;
  const auto plan = engine::plan_from_json(*json);
  if (!plan.ok()) {
    if (plan.error().message().find("plan") == std::string::npos) fatal(plan.error().message());
    return 0;
  }
  LATHE_CHECK(engine::plan_from_json(engine::plan_to_json(*plan)).ok());
  if (is_small(*plan)) run(*plan);
  return 0;
}
