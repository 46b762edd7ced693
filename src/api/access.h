// What the classes of include/lathe/ are made of, and the ways in and out.
#pragma once

#include <future>
#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/backend.h"
#include "ir/graph.h"
#include "ir/tensor.h"
#include "lathe/model.h"

namespace lathe {

struct Tensor::Impl {
  ir::Tensor tensor;
};

struct Model::Impl {
  ir::Graph graph;
  std::vector<ValueInfo> inputs;
  std::vector<ValueInfo> outputs;
};

struct Executable::Impl {
  std::shared_ptr<const engine::Executable> executable;
  std::vector<ValueInfo> inputs;
  std::vector<ValueInfo> outputs;
};

struct Context::Impl {
  std::unique_ptr<engine::Context> context;
};

struct Request::Impl {
  std::future<engine::Outputs> future;
};

struct Access {
  static Tensor wrap(ir::Tensor tensor);
  static ir::Tensor unwrap(const Tensor& tensor);
  static Model model(ir::Graph graph);
  static Executable executable(std::shared_ptr<const engine::Executable> compiled);
  static Context context(std::unique_ptr<engine::Context> context);
  static Request request(std::future<engine::Outputs> future);
  static engine::CompileOptions compile_options(const CompileOptions& options);
  static const ir::Graph& graph(const Model& model) { return model.impl_->graph; }
};

Failure to_failure(const Error& error);

}  // namespace lathe

// As ASSIGN_OR_RETURN and RETURN_IF_ERROR, in a function that returns Expected.
#define ASSIGN_OR_FAIL(declaration, expression) \
  LATHE_ASSIGN_OR_FAIL_(LATHE_CONCAT(lathe_result_, __LINE__), declaration, expression)
#define LATHE_ASSIGN_OR_FAIL_(result, declaration, expression) \
  auto result = (expression);                                  \
  if (!result.ok()) return to_failure(result.error());         \
  declaration = std::move(result).value()
