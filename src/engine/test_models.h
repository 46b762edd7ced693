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

inline constexpr std::int64_t kDetections = 60;

// What stands behind a detector: boxes that overlap better ones are left out, and a loop takes
// those that are left one by one. The loop's graph captures constants that its shapes depend on.
// Inputs as detections() makes them; outputs are the sum of areas, the areas, and what is selected.
inline ir::Graph detector_tail() {
  using ir::DataType;
  using ir::Tensor;
  using ir::ValueId;
  const auto integers = [](ir::Graph& graph, std::vector<std::int64_t> values) {
    return graph.add_constant("integers", Tensor::vector_int64(values));
  };
  ir::Graph g;
  const ValueId boxes = g.add_input("boxes", {DataType::kFloat32, ir::Shape{1, kDetections, 4}});
  const ValueId scores = g.add_input("scores", {DataType::kFloat32, ir::Shape{1, 2, kDetections}});
  const ValueId threshold = g.add_constant("threshold", Tensor::scalar(0.4F));
  const ValueId selected =
      g.add("NonMaxSuppression", std::array{boxes, scores, integers(g, {20}), threshold, threshold},
            {}, "selected");
  const ValueId column =
      g.add("Slice", std::array{selected, integers(g, {2}), integers(g, {3}), integers(g, {1})});
  const ValueId indices = g.add("Squeeze", std::array{column, integers(g, {1})});
  const ValueId kept =
      g.add("Gather", std::array{boxes, indices}, {{"axis", std::int64_t{1}}}, "kept");
  const ValueId count =
      g.add("Squeeze", std::array{g.add("Shape", std::array{indices}), integers(g, {0})});

  ir::Graph body;
  const ValueId iteration = body.add_input("iteration", {DataType::kInt64, ir::Shape{}});
  const ValueId goes_on = body.add_input("goes_on", {DataType::kBool, ir::Shape{}});
  const ValueId total = body.add_input("total", {DataType::kFloat32, ir::Shape{1}});
  const ValueId all = body.add_capture("all");
  const ValueId two = body.add_capture("two");
  const ValueId last = body.add_capture("last");
  const ValueId box =
      body.add("Gather", std::array{all, iteration}, {{"axis", std::int64_t{1}}}, "box");
  const auto half = [&](std::int64_t begin, ValueId end) {
    return body.add("Slice", std::array{box, integers(body, {begin}), end, last});
  };
  const ValueId extents =
      body.add("Sub", std::array{half(2, integers(body, {4})), half(0, two)}, {}, "extents");
  const ValueId area =
      body.add("ReduceProd", std::array{extents, last}, {{"keepdims", std::int64_t{0}}}, "area");
  body.set_outputs({body.add("Identity", std::array{goes_on}),
                    body.add("Add", std::array{total, area}),
                    body.add("Identity", std::array{area})});
  ir::Node loop;
  loop.op_type = "Loop";
  loop.inputs = {count, ir::kNoValue,
                 g.add_constant("zero", Tensor::zeros(DataType::kFloat32, {1}))};
  loop.outputs = {g.add_value("sum"), g.add_value("areas")};
  loop.attributes.emplace("body", ir::Subgraph{std::make_shared<const ir::Graph>(std::move(body)),
                                               {kept, integers(g, {2}), integers(g, {-1})}});
  std::vector<ValueId> outputs = loop.outputs;
  g.add_node(std::move(loop));
  outputs.push_back(selected);
  g.set_outputs(outputs);
  LATHE_CHECK(ops::infer_shapes(g).ok());
  return g;
}

inline std::vector<ir::Tensor> detections(std::uint64_t seed) {
  ir::Tensor corners = random_input({1, kDetections, 4}, seed);
  for (float& x : corners.mutable_data<float>()) x = std::abs(x);
  return {std::move(corners), random_input({1, 2, kDetections}, seed + 7)};
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
