// What there is to know of a model before it runs; of one that Lathe cannot run, as much as can be
// told.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/backend.h"
#include "formats/onnx/model_header.h"
#include "ir/graph.h"

namespace lathe::cli {

struct NodeFacts {
  std::string name;
  std::string op;
  std::string output;  // type of the first
  std::int64_t constants = 0;
  std::optional<std::int64_t> macs;  // empty where they cannot be told
  bool countless = false;            // since they are more than can be counted
  bool known = true;                 // whether Lathe has the operator
};

struct OperatorFacts {
  std::int64_t nodes = 0;
  bool known = true;
};

struct ModelFacts {
  formats::ModelHeader header;
  std::int64_t size_bytes = 0;  // of the file, and of those of its external data
  std::int64_t parameters = 0;  // in subgraphs too
  // Of the nodes whose are known; empty where they are more than can be counted.
  std::optional<std::int64_t> macs = 0;
  std::int64_t uncounted = 0;  // nodes whose are not known
  std::vector<NodeFacts> nodes;
  std::map<std::string, OperatorFacts> operators;  // in subgraphs too
  std::int64_t subgraph_nodes = 0;
  // As the native engine would run it; null where it cannot, for `reason`.
  std::shared_ptr<const engine::Executable> executable;
  std::string reason;
};

// The graph with the types that it has under `options`. Extents that are unknown are no error where
// `options` give none: what depends on them stays unknown, and `reason` says why.
Result<ir::Graph> graph_at(const ir::Graph& graph, const engine::CompileOptions& options,
                           std::string& reason);

// `graph` is what load_model made of the file at `path`, foreign or not. What depends on extents
// that graph_at() leaves unknown is left out.
Result<ModelFacts> gather_facts(const std::string& path, const ir::Graph& graph,
                                const engine::CompileOptions& options);

}  // namespace lathe::cli
