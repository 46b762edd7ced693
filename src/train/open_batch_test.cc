#include "train/open_batch.h"

#include <gmock/gmock.h>

#include "ops/evaluate.h"
#include "ops/infer_shapes.h"
#include "train/test_support.h"

namespace lathe::train {
namespace {

using ir::Tensor;
using testing::HasSubstr;

// An input float32[batch,2,3] for the nodes that a test adds.
struct Fixed {
  ir::Graph graph;
  ir::ValueId x;

  explicit Fixed(std::int64_t batch) {
    x = graph.add_input("x", {ir::DataType::kFloat32, ir::Shape{batch, 2, 3}});
  }
  ir::ValueId ints(const std::vector<std::int64_t>& values) {
    return graph.add_constant("shape", Tensor::vector_int64(values));
  }
  ir::ValueId reshape(ir::ValueId value, const std::vector<std::int64_t>& dims) {
    return graph.add("Reshape", std::vector{value, ints(dims)});
  }
  ir::Graph finish(ir::ValueId output) {
    graph.set_outputs({output});
    EXPECT_TRUE(ops::infer_shapes(graph).ok());
    return graph;
  }
};

Tensor part(const Tensor& all, std::int64_t begin, std::int64_t count) {
  std::vector<std::int64_t> dims = all.dims();
  const std::int64_t each = all.num_elements() / dims[0];
  const std::vector<float> values = all.to_floats();
  dims[0] = count;
  return Tensor::from_values<float>(
      dims, std::span(values).subspan(static_cast<std::size_t>(begin * each),
                                      static_cast<std::size_t>(count * each)));
}

TEST(OpenBatch, ManySamplesGiveWhatEachGivesAlone) {
  for (const std::int64_t batch : {1, 2}) {
    for (const std::vector<std::int64_t>& target :
         {std::vector<std::int64_t>{batch, 6}, {batch, -1}, {-1, 6}, {0, 6}}) {
      Fixed fixed(batch);
      const auto weight = fixed.graph.add_constant("w", random_tensor({6, 4}, 3));
      ir::ValueId y = fixed.reshape(fixed.x, target);
      y = fixed.graph.add("MatMul", std::vector{y, weight});
      y = fixed.reshape(y, {batch, 2, 2});
      const ir::Graph graph = fixed.finish(y);
      const auto opened = open_batch(graph);
      ASSERT_TRUE(opened.ok()) << opened.error().message();
      ASSERT_TRUE(opened->has_value());
      const ir::Graph& any = **opened;
      EXPECT_EQ(any.tensor_type(any.outputs()[0]).to_string(), "float32[N,2,2]");

      const Tensor inputs = random_tensor({6, 2, 3}, 5);
      const Tensor together = ops::evaluate(any, std::vector{inputs}).value()[0];
      for (std::int64_t i = 0; i < 6; i += batch) {
        const auto alone = ops::evaluate(graph, std::vector{part(inputs, i, batch)});
        EXPECT_TRUE(part(together, i, batch).identical(alone->at(0))) << i;
      }
    }
  }
}

TEST(OpenBatch, LeavesAnOpenOneAlone) {
  const auto opened = open_batch(small_mlp(1));
  ASSERT_TRUE(opened.ok());
  EXPECT_FALSE(opened->has_value());
}

TEST(OpenBatch, KeepsAShapeThatOthersUseToo) {
  Fixed fixed(1);
  const auto shape = fixed.ints({1, 6});
  const auto table = fixed.graph.add_constant("table", random_tensor({6}, 1));
  const auto row = fixed.graph.add("Reshape", std::vector{table, shape});
  const auto flat = fixed.graph.add("Reshape", std::vector{fixed.x, shape});
  const auto opened = open_batch(fixed.finish(fixed.graph.add("Add", std::vector{flat, row})));
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  const auto outputs = ops::evaluate(**opened, std::vector{random_tensor({3, 2, 3}, 2)});
  ASSERT_TRUE(outputs.ok()) << outputs.error().message();
  EXPECT_EQ(outputs->at(0).dims(), (std::vector<std::int64_t>{3, 6}));
}

TEST(OpenBatch, NamesTheNodeThatMixesSamples) {
  const auto message = [](const ir::Graph& graph) {
    const auto opened = open_batch(graph);
    return opened.ok() ? std::string("opened") : opened.error().message();
  };
  {
    Fixed fixed(1);
    EXPECT_EQ(
        message(fixed.finish(fixed.reshape(fixed.x, {6}))),
        "input x takes batches of 1 only, and cannot be opened to others: node Reshape (Reshape): "
        "it does not keep samples apart, of float32[N,2,3] it makes float32[6]");
  }
  {
    Fixed fixed(1);  // would make two rows of each sample
    EXPECT_THAT(message(fixed.finish(fixed.reshape(fixed.x, {-1, 3}))), HasSubstr("(Reshape)"));
  }
  {
    Fixed fixed(1);
    const auto y = fixed.graph.add("Transpose", std::vector{fixed.x});
    EXPECT_THAT(message(fixed.finish(y)), HasSubstr("(Transpose)"));
  }
  {
    Fixed fixed(1);
    const auto y = fixed.graph.add("Squeeze", std::vector{fixed.x, fixed.ints({0})});
    EXPECT_THAT(message(fixed.finish(y)), HasSubstr("(Squeeze)"));
  }
  {
    Fixed fixed(4);
    const auto c = fixed.graph.add_constant("c", random_tensor({4, 2, 3}, 1));
    const auto y = fixed.graph.add("Add", std::vector{fixed.x, c});
    EXPECT_THAT(message(fixed.finish(y)), HasSubstr("(Add)"));
  }
}

}  // namespace
}  // namespace lathe::train
