// What tests of backends share: compiling and running that must not fail.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <span>
#include <vector>

#include "engine/backend.h"

namespace lathe::engine {

// Null where it fails.
inline std::shared_ptr<const Executable> compile(const Backend& backend, const ir::Graph& graph,
                                                 const CompileOptions& options = {.threads = 1}) {
  auto executable = backend.compile(graph, options);
  if (executable.ok()) return *executable;
  ADD_FAILURE() << executable.error().message();
  return nullptr;
}

// Where it fails, as many undefined tensors as there are outputs.
inline std::vector<ir::Tensor> run(const Executable& executable,
                                   std::span<const ir::Tensor> inputs) {
  auto outputs = executable.new_context()->run(inputs);
  if (outputs.ok()) return *std::move(outputs);
  ADD_FAILURE() << outputs.error().message();
  return std::vector<ir::Tensor>(executable.outputs().size());
}

}  // namespace lathe::engine
