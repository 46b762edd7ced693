#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/evaluate.h"
#include "ops/infer_shapes.h"
#include "ops/operator_cases.h"

// behind
#include "ops/cases/vision.h"

namespace lathe::ops {
namespace {
using ir::Graph;
using ir::Tensor;
using ir::ValueId;

Graph graph_of_case(const OperatorCase& call) {
  Graph g;
  std::vector<ValueId> ids;
  for (const Tensor& input : call.inputs)
    ids.push_back(ids.empty() ? g.add_input("x", input.type()) : g.add_constant("c", input));
  add_call(g, call, std::move(ids), "node");
  return g;
}
bool fits(const ir::TensorType& type, ir::TensorType inferred) {
  for (std::size_t i = 0; inferred.has_rank(type.shape->size()) && i < type.shape->size(); ++i) {
    ir::Dim& extent = (*inferred.shape)[i];
    if (extent.symbolic().is_data_dependent()) extent = (*type.shape)[i];
  }
  return type == inferred;
}

TEST(VisionHostile, EveryDamagedOperandEnds) {
  int ran = 0;
  for (const OperatorCase& good : vision_cases()) {
    {
      Graph g = graph_of_case(good);
      const auto outputs = evaluate(g, std::array{good.inputs[0]});
      ASSERT_TRUE(outputs.ok()) << good.op << outputs.error().message();
      ASSERT_TRUE(infer_shapes(g).ok());
    }
    for (std::size_t i = 0; i < good.inputs.size(); ++i) {
      for (const Tensor& replacement : damaged(good.inputs[i])) {
        SCOPED_TRACE(fmt::format("{} input {}: {}", good.op, i, replacement.type().to_string()));
        OperatorCase call = good;
        call.inputs[i] = replacement;
        Graph g = graph_of_case(call);
        const Status inferred = infer_shapes(g);
        const auto outputs = evaluate(graph_of_case(call), std::array{call.inputs[0]});
        if (!inferred.ok()) {
          EXPECT_FALSE(outputs.ok());
          EXPECT_THAT(inferred.error().message(), testing::HasSubstr("node node ("));
        } else if (outputs.ok()) {
          ++ran;
          const ir::TensorType& told = g.tensor_type(g.outputs()[0]);
          EXPECT_TRUE(fits(outputs->at(0).type(), told)) << told.to_string();
        }
        if (getenv("SHOW"))
          fmt::print("{} {} {}: {}\n", good.op, i, replacement.type().to_string(),
                     !inferred.ok() ? inferred.error().message()
                     : outputs.ok() ? "ok"
                                    : outputs.error().message());
      }
    }
  }
  fmt::print("{} ran\n", ran);
}
}  // namespace
}  // namespace lathe::ops
