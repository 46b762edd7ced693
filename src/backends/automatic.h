// The backend "auto": chooses among the others by model and machine, and falls back.
//
//   for (const Candidate& c : rank_backends(backends(), graph, options, this_machine()))
//     fmt::print("{}: {}\n", c.backend->name(), c.reason);
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "engine/backend.h"

namespace lathe::engine {

// What of the machine decides.
struct Machine {
  Isa isa = Isa::kScalar;  // the most capable that native kernels may use
  bool gpu = false;        // an NVIDIA device is there
};
Machine this_machine();

struct Candidate {
  const Backend* backend = nullptr;
  bool usable = true;      // as far as that can be told without compiling
  std::string reason;      // why it stands where it stands, or why it cannot be used
  CompileOptions options;  // as it shall be compiled; may ask for an accelerator
};

// In the order in which they are tried; those that cannot be used stand last. Native is first where
// it has every operator and vector kernels for the processor; an accelerator goes before it, other
// runtimes behind it, and the reference evaluator is the last resort.
std::vector<Candidate> rank_backends(std::span<const Backend* const> among, const ir::Graph& graph,
                                     const CompileOptions& options, const Machine& machine);

// Compiles with the first candidate that can. One that would do a substantial share of the work in
// the reference evaluator (Executable::slow_share) comes behind other runtimes that can be used.
// Where an inference fails later for another reason
// than its inputs (memory, a lost device), the next candidate is compiled and the inference is
// repeated there, so that its caller sees the answer and a warning in the log. Executables tell in
// notes() what was chosen and what failed.
class AutomaticBackend final : public Backend {
 public:
  // `among` must stay valid. Without a machine: this_machine() whenever something is compiled.
  explicit AutomaticBackend(std::span<const Backend* const> among,
                            std::optional<Machine> machine = {})
      : among_(among), machine_(machine) {}

  [[nodiscard]] std::string_view name() const override { return "auto"; }
  [[nodiscard]] std::string version() const override { return LATHE_VERSION; }
  [[nodiscard]] Result<std::shared_ptr<const Executable>> compile(
      ir::Graph graph, const CompileOptions& options) const override;

 private:
  std::span<const Backend* const> among_;
  std::optional<Machine> machine_;
};

// That over backends().
const Backend& automatic_backend();

}  // namespace lathe::engine
