// The native engine's program: steps over slots in one arena.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/backend.h"
#include "ir/graph.h"
#include "ir/layout.h"
#include "kernels/kernel.h"

namespace lathe::engine {

using ir::Layout;

using StorageId = int;
using SlotId = int;

// Bytes that slots share.
struct Storage {
  enum class Kind { kArena, kInput, kOutput, kConstant };
  Kind kind = Kind::kArena;
  std::size_t bytes = 0;
  int index = -1;       // of the graph's input or output, whose memory is the caller's
  ir::Tensor constant;  // for kConstant
  // For kArena: where in the arena, and the first and the last step that uses it; both set by the
  // memory plan. Outputs of the graph that lie there are used by the step behind the last.
  std::size_t offset = 0;
  int first_step = 0;
  int last_step = 0;
};

// A value in one layout.
struct Slot {
  StorageId storage = -1;
  ir::DataType data_type = ir::DataType::kUndefined;
  std::vector<std::int64_t> dims;  // as in the graph, whatever the layout
  Layout layout = Layout::kRowMajor;
  // Of what one fused step hands to the next: each thread has so many rows of it at a time. 0: all
  // of it is there.
  std::int64_t window_rows = 0;
};

// What computes a step: a row of the table of kernels, or the reference evaluator.
using kernels::KernelId;
inline constexpr KernelId kInterpreter = -1;

// Of PackedWeights.
using WeightsId = int;
inline constexpr WeightsId kNoWeights = -1;

// One call of a kernel. Data alone: what it does stands in the kernels' table.
struct Step {
  KernelId kernel = kInterpreter;
  kernels::Problem problem;
  WeightsId weights = kNoWeights;
  std::vector<SlotId> inputs;
  std::vector<SlotId> outputs;
  std::size_t scratch_bytes = 0;
  std::size_t scratch_offset = 0;  // in the arena; set by the memory plan

  // What it was made from, and for the interpreter what it computes: index in Plan::interpreted.
  std::string name;     // of the node
  std::string op_type;  // "Conv+Add+Relu" where nodes were fused
  std::string missing;  // as StepProfile has it
  std::int64_t macs = 0;
  int interpreted = -1;
};

std::string_view kernel_name(const Step& step);

// Bytes of a value that exists, in one piece.
std::size_t byte_size(ir::DataType type, std::span<const std::int64_t> dims);

// Steps that run together, some rows at a time: see fused_rows.h.
struct FusedSteps {
  int first = 0;
  int count = 0;
  std::int64_t rows = 1;  // of what the last of them makes
};

// The step of a node without a kernel is done by the reference evaluator.
inline bool is_slow(const Step& step) { return step.kernel == kInterpreter; }

// A node that the reference evaluator runs. Its operands are those of the step, absent ones left
// out.
struct InterpretedNode {
  ir::Node node;
  std::string place;                    // for errors
  std::vector<ir::TensorType> inputs;   // of the node, then what its subgraphs capture;
  std::vector<ir::TensorType> outputs;  // undefined where absent
};

struct Plan {
  std::vector<Storage> storages;
  std::vector<Slot> slots;
  std::vector<Step> steps;
  std::vector<FusedSteps> fused;  // in order
  std::vector<InterpretedNode> interpreted;
  std::vector<SlotId> outputs;  // of the graph, row-major
  std::vector<TensorInfo> input_infos;
  std::vector<TensorInfo> output_infos;
  int threads = 1;         // that its scratch is for
  int useful_threads = 1;  // of them: 1 where it is too small to gain by more
  std::size_t arena_bytes = 0;
  // What any placement would need: the most that is in use at one step, with its scratch.
  std::size_t least_arena_bytes = 0;
  // Of a plan in strips (CompileOptions::tile_rows): the arena without; else 0.
  std::size_t whole_arena_bytes = 0;
  std::size_t constant_bytes = 0;  // of the constants that steps read as they are
};

// The steps during which what step `i` uses is in use: those it is fused with, or itself alone.
struct StepSpan {
  int first = 0;
  int last = 0;
};
StepSpan span_of_step(const Plan& plan, int i);

}  // namespace lathe::engine
