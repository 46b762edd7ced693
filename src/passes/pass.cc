#include "passes/pass.h"

#include <chrono>

#include "ops/infer_shapes.h"

namespace lathe::passes {
namespace {

Status settle(ir::Graph& graph) {
  RETURN_IF_ERROR(graph.compact());
  RETURN_IF_ERROR(graph.verify());
  return ops::infer_shapes(graph);
}

}  // namespace

Result<ir::Graph> run_passes(const ir::Graph& graph, std::span<const Pass> passes,
                             const PassOptions& options) {
  ir::Graph current = graph;
  for (const Pass& pass : passes) {
    if (options.disabled.contains(pass.name)) continue;
    const auto start = std::chrono::steady_clock::now();
    auto rewritten = pass.run(current);
    if (!rewritten.ok()) return rewritten.error().with_context(fmt::format("pass {}", pass.name));
    const bool changed = rewritten->has_value();
    if (changed) {
      current = *std::move(*rewritten);
      if (Status status = settle(current); !status.ok()) {
        return status.error().with_context(fmt::format("after pass {}", pass.name));
      }
    }
    if (options.reports != nullptr) {
      const std::chrono::duration<double, std::milli> took =
          std::chrono::steady_clock::now() - start;
      options.reports->push_back({std::string(pass.name), changed, took.count()});
    }
  }
  return current;
}

}  // namespace lathe::passes
