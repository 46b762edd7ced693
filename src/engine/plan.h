// The native engine's program: steps over slots in one arena.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "engine/backend.h"
#include "ir/layout.h"
#include "ir/tensor.h"

namespace lathe::engine {

using ir::Layout;

using StorageId = int;
using SlotId = int;

// Bytes that slots share.
struct Storage {
  enum class Kind { kArena, kInput, kConstant };
  Kind kind = Kind::kArena;
  std::size_t bytes = 0;
  int input = -1;          // index of the graph input, for kInput
  ir::Tensor constant;     // for kConstant
  std::size_t offset = 0;  // in the arena, for kArena; set by the memory plan
};

// A value in one layout.
struct Slot {
  StorageId storage = -1;
  ir::DataType data_type = ir::DataType::kUndefined;
  std::vector<std::int64_t> dims;  // as in the graph, whatever the layout
  Layout layout = Layout::kRowMajor;
};

// What a step sees while it runs: one pointer per slot it names.
struct StepRun {
  std::span<const void* const> inputs;
  std::span<void* const> outputs;
  void* scratch;
  ThreadPool& pool;
};

struct Step {
  std::string name;
  std::string op_type;
  std::string kernel;
  std::string missing;  // as StepProfile has it
  std::int64_t macs = 0;
  std::vector<SlotId> inputs;
  std::vector<SlotId> outputs;
  std::size_t scratch_bytes = 0;
  std::size_t weight_bytes = 0;
  std::function<Status(const StepRun&)> run;
};

// The step of a node without a kernel is done by the reference evaluator.
inline bool is_slow(const Step& step) { return !step.missing.empty(); }

struct Plan {
  std::vector<Storage> storages;
  std::vector<Slot> slots;
  std::vector<Step> steps;
  std::vector<SlotId> outputs;  // of the graph, row-major
  std::vector<TensorInfo> input_infos;
  std::vector<TensorInfo> output_infos;
  std::size_t scratch_offset = 0;  // of the scratch that all steps share, one after another
  std::size_t arena_bytes = 0;
  std::size_t weight_bytes = 0;
};

}  // namespace lathe::engine
