// What tests of backends share: compiling and running that must not fail.
#pragma once

#include <array>
#include <gtest/gtest.h>
#include <memory>
#include <span>
#include <vector>

#include "engine/backend.h"

namespace lathe::engine {

// The same network with every extent of its images open.
inline ir::Graph with_open_images(ir::Graph graph) {
  ir::TensorType type = graph.tensor_type(graph.inputs()[0]);
  type.shape->at(0) = ir::Dim::symbol("N");
  type.shape->at(2) = ir::Dim::symbol("H");
  type.shape->at(3) = ir::Dim::symbol("W");
  EXPECT_TRUE(set_inputs(graph, std::array{type}).ok());
  return graph;
}

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
