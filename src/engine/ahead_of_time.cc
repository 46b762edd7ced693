#include "engine/ahead_of_time.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/cpu.h"
#include "engine/native.h"
#include "engine/own_backend.h"
#include "engine/program_runner.h"
#include "kernels/kernel.h"

namespace lathe::engine {
namespace {

// What open extents are tried as, the first axis apart: common in vision, and smaller ones for
// models that bound them.
constexpr std::int64_t kTypicalExtents[] = {224, 256, 128, 64, 32, 16, 8, 1};

std::vector<ir::TensorType> with_extent(std::vector<ir::TensorType> types, std::int64_t extent) {
  for (ir::TensorType& type : types) {
    if (!type.shape) continue;
    for (ir::Dim& dim : *type.shape)
      if (!dim.known()) dim = extent;
  }
  return types;
}

// Types of inputs that a graph may be packed for, the likely ones first.
using Tries = std::vector<std::vector<ir::TensorType>>;

Result<Tries> types_to_try(const ir::Graph& graph, CompileOptions options,
                           const PackOptions& packing) {
  options.leave_open = packing.typical_shapes.empty();
  options.shapes = packing.typical_shapes;
  options.dimensions.clear();
  ASSIGN_OR_RETURN(const std::vector<ir::TensorType> bound, bound_inputs(graph, options));
  if (are_closed(bound)) return Tries{bound};
  Tries tries;
  for (const std::int64_t extent : kTypicalExtents) tries.push_back(with_extent(bound, extent));
  return tries;
}

// Plans whatever runs on inputs of these types.
Status plan_all(const Program& program, std::span<const ir::TensorType> types) {
  if (const Region* region = program.only_region()) {
    const auto plan = region->plan(types);
    return plan.ok() ? Status() : plan.error();
  }
  std::vector<ir::Datum> inputs;
  for (const ir::TensorType& type : types) {
    if (!type.shape) return unsupported("an input has no rank");
    ASSIGN_OR_RETURN(ir::Tensor zeros,
                     ir::Tensor::create(type.data_type, *ir::known_dims(*type.shape)));
    inputs.emplace_back(std::move(zeros));
  }
  Workspace workspace(program, 1, 0);
  const auto made = ProgramRunner(program, workspace).run(inputs);
  return made.ok() ? Status() : made.error();
}

// Constants that a plan for the same inputs does not need once their packings are there.
std::vector<ir::ValueId> spare_constants(const ir::Graph& graph, const Region& region,
                                         const Plan& plan) {
  std::set<const void*> kept;
  for (const Storage& storage : plan.storages)
    if (storage.kind == Storage::Kind::kConstant) kept.insert(storage.constant.bytes().data());
  std::set<ir::ValueId> spare;
  for (const auto& [key, bytes] : region.weights().all()) {
    const ir::ValueId weights = key.constants.front();
    const ir::Tensor* constant = graph.constant(weights);
    if (constant != nullptr && graph.readers(weights).size() == 1 && !graph.is_output(weights) &&
        !kept.contains(constant->bytes().data()))
      spare.insert(weights);
  }
  return {spare.begin(), spare.end()};
}

}  // namespace

Result<ir::Graph> lower_ahead(ir::Graph graph, const CompileOptions& options,
                              std::vector<std::string>& notes) {
  if (graph.prepared != nullptr) return unsupported("the model is compiled already");
  RETURN_IF_ERROR(native_backend().supports(graph));
  ASSIGN_OR_RETURN(ir::Graph fixed, fix_shapes(std::move(graph), options));
  ASSIGN_OR_RETURN(ir::Graph lowered, OwnBackend::lower(std::move(fixed), options, notes));
  RETURN_IF_ERROR(lowered.compact());
  return lowered;
}

Result<PackedAhead> pack_ahead(const ir::Graph& lowered, const CompileOptions& options,
                               const PackOptions& packing) {
  ASSIGN_OR_RETURN(const Isa isa, select_isa());
  ASSIGN_OR_RETURN(const Tries tries, types_to_try(lowered, options, packing));
  const int threads = resolve_concurrency(options).threads;
  const auto tuner = options.tune ? std::make_shared<Tuner>(isa, threads) : nullptr;
  PackedAhead packed;
  std::shared_ptr<const Program> program;
  Status made;
  for (const std::vector<ir::TensorType>& types : tries) {
    // Anew each time: a region that is for one shape cannot be tried twice.
    ASSIGN_OR_RETURN(program, Program::build(lowered, {isa, threads, 0, tuner, options.precision}));
    made = plan_all(*program, types);
    packed.packed_for = types;
    if (made.ok()) break;
  }
  if (!made.ok() && program->only_region() != nullptr) {
    return tries.size() == 1 ? made.error()
                             : made.error().with_context(
                                   "no shape was found that the model takes: say one by "
                                   "--typical-shape");
  }
  if (!made.ok()) {
    packed.notes.push_back(fmt::format(
        "parts of the model are packed when it is loaded: trying it on zeros ended with: {}",
        made.error().message()));
  }
  if (tuner != nullptr) packed.notes.push_back(tuner->summary());
  auto prepared = std::make_shared<ir::Prepared>();
  prepared->source = packing.source;
  prepared->lathe_version = LATHE_VERSION;
  prepared->isa = isa_name(isa);
  prepared->packing_version = kernels::kPackingVersion;
  const std::vector<const Region*> regions = program->regions();
  for (std::size_t i = 0; i < regions.size(); ++i) {
    for (const auto& [key, bytes] : regions[i]->weights().all()) {
      prepared->packed.push_back({static_cast<int>(i),
                                  std::string(kernels::kernel_of(key.kernel).name), key.constants,
                                  key.parameters, bytes});
    }
  }
  if (const Region* region = program->only_region()) {
    ASSIGN_OR_RETURN(const auto plan, region->plan(packed.packed_for));
    prepared->spare = spare_constants(lowered, *region, *plan);
  }
  prepared->check_spare = [] { return Status(); };
  prepared->memory = program;
  packed.prepared = std::move(prepared);
  return packed;
}

void adopt_packed(const std::shared_ptr<const ir::Prepared>& prepared, const Program& program,
                  Isa isa, std::vector<std::string>& notes) {
  const std::vector<const Region*> regions = program.regions();
  for (const Region* region : regions) region->check_before_packing(prepared->check_spare);
  if (prepared->isa != isa_name(isa) || prepared->packing_version != kernels::kPackingVersion) {
    notes.push_back(fmt::format(
        "weights are packed anew: the file was compiled for {} by Lathe {}, this is {} with Lathe "
        "{}; compile it here to load it faster",
        prepared->isa, prepared->lathe_version, isa_name(isa), LATHE_VERSION));
    return;
  }
  std::size_t strange = 0;
  for (const ir::PackedConstants& packed : prepared->packed) {
    const std::optional<KernelId> kernel = kernels::find_kernel(packed.kernel);
    const auto region = static_cast<std::size_t>(packed.region);
    if (!kernel || kernels::kernel_of(*kernel).pack == nullptr ||
        !isa.has(kernels::kernel_of(*kernel).isa) || packed.region < 0 ||
        region >= regions.size() || packed.constants.empty()) {
      ++strange;
      continue;
    }
    regions[region]->adopt({*kernel, packed.constants, packed.parameters}, packed.bytes,
                           prepared->memory);
  }
  if (strange > 0) {
    notes.push_back(fmt::format(
        "{} of {} weights are packed anew: Lathe {} compiled the file for kernels that this one, "
        "{}, does not have; compile it here to load it faster",
        strange, prepared->packed.size(), prepared->lathe_version, LATHE_VERSION));
  }
}

}  // namespace lathe::engine
