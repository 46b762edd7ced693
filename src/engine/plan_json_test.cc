#include "engine/plan_json.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/cpu.h"
#include "base/json_text.h"
#include "base/random.h"
#include "engine/check_plan.h"
#include "engine/native.h"
#include "engine/reference.h"
#include "engine/test_models.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class PlanJsonTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }

  const Plan& plan(const ir::Graph& graph) {
    executable_ = native_backend().compile(graph, {.threads = 1}).value();
    return *plan_of(*executable_);
  }
  const Plan& plan(const char* network) { return plan(test_network(network)); }

  static std::string error_of(const json& changed) {
    const auto read = plan_from_json(changed);
    return read.ok() ? "no error" : read.error().message();
  }

  std::shared_ptr<const Executable> executable_;
};

TEST_F(PlanJsonTest, ComesBackEqual) {
  for (const char* name : {"mlp", "cnn", "mobile", "resnet8", "mobilenet_v2"}) {
    SCOPED_TRACE(name);
    const Plan& made = plan(name);
    EXPECT_TRUE(check_plan(made).ok());
    const json written = plan_to_json(made);
    const auto read = plan_from_json(parse_json(json_text(written)).value());
    ASSERT_TRUE(read.ok()) << read.error().message();
    EXPECT_EQ(plan_to_json(*read), written);
    ASSERT_EQ(read->steps.size(), made.steps.size());
    for (std::size_t i = 0; i < made.steps.size(); ++i) {
      EXPECT_EQ(read->steps[i].kernel, made.steps[i].kernel);
      EXPECT_TRUE(read->steps[i].problem == made.steps[i].problem);
    }
  }
}

TEST_F(PlanJsonTest, ElementwiseStepsOverwriteWhatNothingElseReads) {
  ir::Graph graph;
  const auto sigmoid = [&](ir::ValueId x) { return graph.add("Sigmoid", std::array{x}); };
  const ir::ValueId x = graph.add_input("x", {ir::DataType::kFloat32, ir::Shape{1, 8, 32, 32}});
  const ir::ValueId second = sigmoid(sigmoid(x));
  const ir::ValueId third = sigmoid(sigmoid(second));  // not over `second`, which is read again
  graph.set_outputs({sigmoid(graph.add("Add", std::array{second, third}))});
  ASSERT_TRUE(ops::infer_shapes(graph).ok());
  const Plan& made = plan(graph);
  const std::size_t bytes = std::size_t{8} * 32 * 32 * 4;
  EXPECT_EQ(made.arena_bytes, 2 * bytes);
  EXPECT_EQ(made.least_arena_bytes, made.arena_bytes);
  EXPECT_TRUE(check_plan(made).ok());
  const auto reference = reference_backend().compile(graph, {}).value();
  const ir::Tensor input = random_input({1, 8, 32, 32}, 3);
  EXPECT_LT(largest_relative_difference(reference->new_context()->run({&input, 1}).value()[0],
                                        executable_->new_context()->run({&input, 1}).value()[0]),
            1e-6);
}

TEST_F(PlanJsonTest, OnlyWhatMayBeOverwrittenIs) {
  json written = plan_to_json(plan("cnn"));
  for (json& step : written["steps"]) {
    if (step["inputs"].empty() || step["outputs"] == step["inputs"]) continue;
    json changed = written;
    json& slot = changed["slots"][step["outputs"][0].get<std::size_t>()];
    slot["storage"] = changed["slots"][step["inputs"][0].get<std::size_t>()]["storage"];
    EXPECT_NE(error_of(changed), "no error") << step["name"];
  }
}

TEST_F(PlanJsonTest, TheArenaIsNearItsLowerBound) {
  for (const char* name : {"mlp", "cnn", "mobile", "resnet8", "mobilenet_v2"}) {
    SCOPED_TRACE(name);
    const Plan& made = plan(name);
    EXPECT_LE(made.least_arena_bytes, made.arena_bytes);
    EXPECT_LE(static_cast<double>(made.arena_bytes),
              1.05 * static_cast<double>(made.least_arena_bytes));
  }
}

TEST_F(PlanJsonTest, RefusesWhatWouldTouchOtherMemory) {
  const json good = plan_to_json(plan("cnn"));
  ASSERT_EQ(error_of(good), "no error");
  const auto with = [&](const char* pointer, const json& value) {
    json changed = good;
    changed[json::json_pointer(pointer)] = value;
    return error_of(changed);
  };
  EXPECT_THAT(with("/steps/1/kernel", "none"), HasSubstr("steps[1].kernel is \"none\""));
  EXPECT_THAT(with("/steps/1/kernel", "permute"), HasSubstr("kernel"));
  EXPECT_THAT(with("/steps/1/inputs/0", 1000), HasSubstr("steps[1]: there is no slot 1000"));
  EXPECT_THAT(with("/steps/1/inputs/0", -1), HasSubstr("there is no slot -1"));
  EXPECT_THAT(with("/steps/1/inputs", json::array()), HasSubstr("its slots"));
  EXPECT_THAT(with("/steps/1/problem/shape/batch", 9), HasSubstr("the kernel uses"));
  EXPECT_THAT(with("/steps/1/problem/shape/batch", 0), HasSubstr("geometry"));
  EXPECT_THAT(with("/steps/1/problem/shape/out_c", std::int64_t{1} << 62), HasSubstr("steps[1]"));
  EXPECT_THAT(with("/steps/1/problem/type", "pooling_f32"), HasSubstr("problem"));
  EXPECT_THAT(with("/steps/1/problem/unknown", 1), HasSubstr("not known"));
  EXPECT_THAT(with("/steps/1/weights", -1), HasSubstr("no weights"));
  EXPECT_THAT(with("/slots/2/storage", 99), HasSubstr("slots[2]: there is no storage 99"));
  EXPECT_THAT(with("/slots/2/dims", json::array({1, 1 << 30})), HasSubstr("slots[2]: takes"));
  EXPECT_THAT(with("/slots/2/dims", json::array({-1})), HasSubstr("slots[2]"));
  EXPECT_THAT(with("/slots/2/type", "string"), HasSubstr("slots[2].type"));
  EXPECT_THAT(with("/arena_bytes", 64), HasSubstr("arena"));
  EXPECT_THAT(with("/arena_bytes", "64"), HasSubstr("'arena_bytes' is string"));
  EXPECT_THAT(with("/outputs/0", 0), HasSubstr("outputs"));
  EXPECT_THAT(with("/threads", 1000), HasSubstr("scratch"));
  EXPECT_THAT(with("/threads", 0), HasSubstr("0 threads"));
  for (std::size_t i = 0; i < good["storages"].size(); ++i) {
    const std::string place = fmt::format("/storages/{}", i);
    EXPECT_THAT(with((place + "/bytes").c_str(), 0), HasSubstr("bytes")) << i;
    if (good["storages"][i]["kind"] != "arena") continue;
    EXPECT_THAT(with((place + "/offset").c_str(), 1), HasSubstr("outside of the arena"));
    EXPECT_THAT(with((place + "/offset").c_str(), good["arena_bytes"]),
                HasSubstr("outside of the arena"));
  }
}

TEST_F(PlanJsonTest, RefusesOverlapsAndWhatIsNotWritten) {
  json changed = plan_to_json(plan("cnn"));
  std::swap(changed["steps"][1], changed["steps"][2]);
  EXPECT_THAT(error_of(changed), HasSubstr("read before it is written"));
  changed = plan_to_json(plan("cnn"));
  for (json& storage : changed["storages"]) {
    if (storage["kind"] == "arena") storage["offset"] = 0;
  }
  EXPECT_THAT(error_of(changed), HasSubstr("overlap while both are in use"));
}

// Any change to any value is an error or gives a plan that passes.
TEST_F(PlanJsonTest, EverySingleDamage) {
  const json good = plan_to_json(plan("mlp")).flatten();
  const json values[] = {nullptr,      -1, 0, 1, 7, "x", true, 1e300, 9223372036854775807,
                         json::array()};
  for (const auto& [pointer, ignored] : good.items()) {
    for (const json& value : values) {
      json changed = good.unflatten();
      changed[json::json_pointer(pointer)] = value;
      const auto read = plan_from_json(changed);
      if (read.ok()) {
        EXPECT_TRUE(check_plan(*read).ok()) << pointer;
      } else {
        EXPECT_THAT(read.error().message(), HasSubstr("plan"));
      }
    }
    json changed = good.unflatten();
    const json::json_pointer place(pointer);
    json& parent = changed[place.parent_pointer()];
    if (parent.is_object()) parent.erase(place.back());
    (void)plan_from_json(changed);
  }
}

}  // namespace
}  // namespace lathe::engine
