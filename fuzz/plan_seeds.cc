// Writes the corpus that plan_fuzz starts from: plans of small networks.
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json_text.h"
#include "engine/fused_rows.h"
#include "engine/native.h"
#include "engine/plan_builder.h"
#include "engine/plan_json.h"
#include "ir/domains.h"
#include "ir/graph_builder.h"
#include "ops/infer_shapes.h"

namespace {

using namespace lathe;

ir::Graph convolutions() {
  ir::GraphBuilder b("convolutions", 1);
  ir::ValueId x = b.input("x", {1, 2, 8, 8});
  x = b.relu6(b.conv(x, 4, {.kernel = 3, .stride = 2, .padding = 1}));
  x = b.add(x, b.conv(x, 4, {.kernel = 3, .padding = 1, .groups = 4, .bias = true}));
  return b.finish(b.softmax(b.linear(b.flatten(b.global_average_pool(x)), 3)), "y");
}

ir::Graph pooling() {
  ir::GraphBuilder b("pooling", 1);
  const ir::ValueId x = b.max_pool(b.input("x", {2, 3, 6, 6}), 2, 1, 1);
  return b.finish(b.average_pool(x, 2, 2), "y");
}

// Integer operators between Quantize- and DequantizeLinear.
ir::Graph integers() {
  ir::Graph graph;
  const ir::ValueId x = graph.add_input("x", {ir::DataType::kFloat32, ir::Shape{1, 4, 5, 5}});
  const ir::ValueId scale = graph.add_constant("scale", ir::Tensor::scalar(0.5F));
  const ir::ValueId zero = graph.add_constant("zero", ir::Tensor::scalar(std::int8_t{3}));
  const ir::ValueId none = graph.add_constant("none", ir::Tensor::scalar(std::int8_t{0}));
  const ir::ValueId weights =
      graph.add_constant("w", ir::Tensor::zeros(ir::DataType::kInt8, {4, 4, 3, 3}));
  const ir::ValueId q = graph.add("QuantizeLinear", std::array{x, scale, zero});
  const ir::ValueId conv =
      graph.add("QLinearConv", std::array{q, scale, zero, weights, scale, none, scale, zero},
                {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}});
  const ir::ValueId sum =
      graph.add("QLinearAdd", std::array{q, scale, zero, conv, scale, zero, scale, zero}, {}, {},
                ir::kMicrosoftDomain);
  const ir::ValueId both = graph.add("Concat", std::array{sum, conv}, {{"axis", std::int64_t{1}}});
  graph.set_outputs({graph.add("DequantizeLinear", std::array{both, scale, zero})});
  return graph;
}

// What is fused row by row where caches are small.
ir::Graph rows() {
  ir::GraphBuilder b("rows", 1);
  ir::ValueId x = b.input("x", {2, 2, 12, 16});
  x = b.relu6(b.conv(x, 4, {.bias = true}));
  x = b.conv(x, 4, {.kernel = 3, .padding = 1, .groups = 4});
  return b.finish(b.max_pool(b.conv(x, 2, {}), 3, 2, 1), "y");
}

// What runs on the portable kernels.
ir::Graph portable() {
  ir::Graph graph;
  const auto integers = [&](std::vector<std::int64_t> values) {
    return graph.add_constant("integers", ir::Tensor::vector_int64(values));
  };
  const ir::ValueId x = graph.add_input("x", {ir::DataType::kFloat32, ir::Shape{2, 5, 6}});
  const ir::ValueId row = graph.add_constant("row", ir::Tensor::zeros(ir::DataType::kFloat32, {6}));
  const ir::ValueId normal = graph.add("LayerNormalization", std::array{x, row, row});
  const ir::ValueId padded = graph.add("Pad", std::array{normal, integers({0, 1, 0, 1, 0, 2})},
                                       {{"mode", std::string("reflect")}});
  const ir::ValueId sliced = graph.add(
      "Slice",
      std::array{padded, integers({5, 1}), integers({0, 7}), integers({1, 2}), integers({-2, 1})});
  const ir::ValueId taken =
      graph.add("Gather", std::array{sliced, integers({1, 0, -1})}, {{"axis", std::int64_t{1}}});
  const ir::ValueId sum = graph.add("ReduceSum", std::array{taken, integers({0, 2})});
  const ir::ValueId larger = graph.add("Greater", std::array{taken, sum});
  const ir::ValueId chosen = graph.add("Where", std::array{larger, taken, sum});
  const ir::ValueId shares = graph.add("Softmax", std::array{chosen}, {{"axis", std::int64_t{1}}});
  const ir::ValueId product = graph.add(
      "MatMul", std::array{shares, graph.add("Transpose", std::array{chosen},
                                             {{"perm", std::vector<std::int64_t>{0, 2, 1}}})});
  graph.set_outputs({graph.add("Cast", std::array{graph.add("Exp", std::array{product})},
                               {{"to", static_cast<std::int64_t>(ir::DataType::kFloat16)}})});
  return graph;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: plan_fuzz_seeds FOLDER\n");
    return 2;
  }
  int seed = 0;
  for (ir::Graph graph : {convolutions(), pooling(), integers(), rows(), portable()}) {
    LATHE_CHECK(ops::infer_shapes(graph).ok());
    const auto executable = engine::native_backend().compile(std::move(graph), {.threads = 3});
    LATHE_CHECK(executable.ok());
    engine::Plan plan = *engine::plan_of(**executable);
    engine::fuse_rows(plan, 1);
    engine::place_in_arena(plan);
    const auto text = json_text(engine::plan_to_json(plan));
    const auto written = write_file_atomic(Path(argv[1]) / fmt::format("{}.json", seed++), text);
    LATHE_CHECK(written.ok());
  }
  return 0;
}
