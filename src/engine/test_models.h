// What tests of the engine and its backends share.
#pragma once

#include <array>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "ir/architectures.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {

inline ir::Tensor random_input(const std::vector<std::int64_t>& dims, std::uint64_t seed) {
  ir::Tensor t = ir::Tensor::zeros(ir::DataType::kFloat32, dims);
  Random random(seed);
  for (float& v : t.mutable_data<float>()) v = random.normal();
  return t;
}

// The largest difference of two elements; infinite where the types differ.
inline double largest_difference(const ir::Tensor& expected, const ir::Tensor& actual) {
  if (expected.type() != actual.type()) return INFINITY;
  double difference = 0;
  for (std::int64_t i = 0; i < expected.num_elements(); ++i)
    difference = std::max(difference, std::abs(expected.get_double(i) - actual.get_double(i)));
  return difference;
}

// The same as a share of the largest magnitude expected.
inline double largest_relative_difference(const ir::Tensor& expected, const ir::Tensor& actual) {
  double scale = 1e-6;
  for (std::int64_t i = 0; i < expected.num_elements(); ++i)
    scale = std::max(scale, std::abs(expected.get_double(i)));
  return largest_difference(expected, actual) / scale;
}

// Statistics as a trained network has them, not the identity.
inline void randomise_normalization(ir::Graph& graph) {
  Random random(77);
  for (const ir::NodeId id : graph.node_ids()) {
    const ir::Node& node = graph.node(id);
    if (!node.is("BatchNormalization")) continue;
    for (std::size_t i = 1; i < 5; ++i) {
      ir::Tensor statistics = *graph.constant(node.input(i));
      for (float& v : statistics.mutable_data<float>())
        v = i == 4 ? random.uniform(0.5F, 2) : random.uniform(0.1F, 1);
      graph.set_constant(node.input(i), std::move(statistics));
    }
  }
}

// An architecture with random weights and statistics, its types inferred.
inline ir::Graph test_network(const char* name, const ir::ArchitectureOptions& options = {}) {
  ir::Graph graph = ir::make_architecture(name, options).value();
  randomise_normalization(graph);
  LATHE_CHECK(ops::infer_shapes(graph).ok());
  return graph;
}

// y = x + step, x: float32[n]: a model whose answers tell which request they belong to.
inline ir::Graph adding_graph(std::int64_t n, float step) {
  ir::Graph g;
  const ir::ValueId x = g.add_input("x", {ir::DataType::kFloat32, ir::Shape{n}});
  const ir::ValueId c = g.add_constant("step", ir::Tensor::scalar(step));
  g.set_outputs({g.add("Add", std::array{x, c}, {}, "y")});
  LATHE_CHECK(ops::infer_shapes(g).ok());
  return g;
}

// y: float32[4] = x, doubled `count` times by a loop called "loop", and made positive.
inline ir::Graph doubling_loop() {
  ir::Graph body;
  body.add_input("round", {ir::DataType::kInt64, ir::Shape{}});
  const ir::ValueId goes_on = body.add_input("goes_on", {ir::DataType::kBool, ir::Shape{}});
  const ir::ValueId state = body.add_input("state", {ir::DataType::kFloat32, ir::Shape{4}});
  body.set_outputs({body.add("Identity", std::array{goes_on}),
                    body.add("Add", std::array{state, state}, {}, "doubled")});
  ir::Graph g;
  const ir::ValueId count = g.add_input("count", {ir::DataType::kInt64, ir::Shape{}});
  const ir::ValueId x = g.add_input("x", {ir::DataType::kFloat32, ir::Shape{4}});
  ir::Node loop;
  loop.name = "loop";
  loop.op_type = "Loop";
  loop.inputs = {count, ir::kNoValue, x};
  loop.outputs = {g.add_value("last")};
  loop.attributes.emplace("body",
                          ir::Subgraph{std::make_shared<const ir::Graph>(std::move(body)), {}});
  const ir::ValueId last = loop.outputs[0];
  g.add_node(std::move(loop));
  g.set_outputs({g.add("Relu", std::array{last}, {}, "y")});
  LATHE_CHECK(ops::infer_shapes(g).ok());
  return g;
}

}  // namespace lathe::engine
