#include "engine/fused_rows.h"

#include <array>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/caches.h"
#include "base/cpu.h"
#include "engine/check_plan.h"
#include "engine/native.h"
#include "engine/plan_builder.h"
#include "engine/plan_json.h"
#include "engine/test_models.h"
#include "ir/graph_builder.h"
#include "kernels/aligned_buffer.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {
namespace {

using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using testing::AllOf;
using testing::Each;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class FusedRowsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  }

  static std::shared_ptr<const Executable> compile(Graph graph, CompileOptions options) {
    EXPECT_TRUE(ops::infer_shapes(graph).ok());
    auto executable = native_backend().compile(std::move(graph), options);
    EXPECT_TRUE(executable.ok()) << executable.error().message();
    return executable.ok() ? *executable : nullptr;
  }
  static Tensor run(const Executable& executable, const Tensor& input) {
    const auto context = executable.new_context();
    auto outputs = context->run({&input, 1});
    EXPECT_TRUE(outputs.ok()) << outputs.error().message();
    const auto again = context->run({&input, 1});
    EXPECT_TRUE(again.ok() && (*again)[0].identical((*outputs)[0]));
    return (*outputs)[0];
  }
  static std::vector<int> fused_counts(const Executable& executable) {
    std::vector<int> counts;
    for (const FusedSteps& fused : plan_of(executable)->fused) counts.push_back(fused.count);
    return counts;
  }
  // The same network that gives away all it computes, so that nothing can be fused.
  static Graph laid_open(Graph graph) {
    std::vector<ValueId> outputs(graph.outputs().begin(), graph.outputs().end());
    for (const ir::NodeId id : graph.node_ids()) {
      const ValueId made = graph.node(id).output();
      if (!graph.is_output(made)) outputs.push_back(made);
    }
    graph.set_outputs(outputs);
    return graph;
  }
};

// Channels that make more than any level 2 cache of what lies between.
std::int64_t wide_channels(std::int64_t pixels) {
  return std::max<std::int64_t>(24, level2_cache_bytes() / pixels / 4 / 8 * 8 + 8);
}

// Expands, convolves each channel, projects and adds, as MobileNetV2 (Sandler et al. 2018) does.
Graph bottlenecks(std::int64_t batch, std::int64_t height, std::int64_t width) {
  ir::GraphBuilder b("net", 3);
  ValueId x = b.input("x", {batch, 8, height, width});
  const std::int64_t wide = wide_channels(height * width);
  for (const std::int64_t kernel : {3, 5}) {
    const ValueId before = x;
    x = b.relu6(b.conv(x, wide, {.bias = true}));
    x = b.relu6(
        b.conv(x, wide, {.kernel = kernel, .padding = kernel / 2, .groups = wide, .bias = true}));
    x = b.add(b.conv(x, 8, {.bias = true}), before);
  }
  x = b.relu6(b.conv(x, wide, {}));
  x = b.conv(x, wide, {.kernel = 3, .stride = 2, .padding = 1, .groups = wide});
  return b.finish(b.conv(x, 12, {.bias = true}), "y");
}

TEST_F(FusedRowsTest, TheSameBitsInLessMemory) {
  for (const auto& [batch, height, width] :
       {std::array<std::int64_t, 3>{1, 64, 48}, {2, 61, 47}, {1, 45, 100}}) {
    SCOPED_TRACE(testing::Message() << batch << "x" << height << "x" << width);
    const Graph graph = bottlenecks(batch, height, width);
    const Tensor input = random_input({batch, 8, height, width}, 1);
    const auto whole = compile(laid_open(graph), {.threads = 1});
    ASSERT_EQ(fused_counts(*whole), std::vector<int>());
    const Tensor expected = run(*whole, input);
    for (const int threads : {1, 2, 3}) {
      const auto fused = compile(graph, {.threads = threads});
      if (threads < 3) {
        // A level 2 cache of 256 KiB may not hold all three of the widest block.
        ASSERT_THAT(fused_counts(*fused), AllOf(SizeIs(3), Each(Ge(2))));
      }
      EXPECT_TRUE(run(*fused, input).identical(expected)) << threads << " threads";
      if (threads == 1) {
        EXPECT_LT(fused->arena_bytes(), level2_cache_bytes() * 2);
      }
    }
  }
}

TEST_F(FusedRowsTest, PoolingBehindAConvolution) {
  ir::GraphBuilder b("net", 3);
  const std::int64_t wide = wide_channels(64 * 64);
  ValueId x = b.relu(b.conv(b.input("x", {1, 3, 127, 127}), wide,
                            {.kernel = 7, .stride = 2, .padding = 3, .bias = true}));
  const Graph graph = b.finish(b.max_pool(x, 3, 2, 1), "y");
  const Tensor input = random_input({1, 3, 127, 127}, 2);
  const Tensor expected = run(*compile(laid_open(graph), {.threads = 1}), input);
  for (const int threads : {1, 2}) {
    const auto fused = compile(graph, {.threads = threads});
    EXPECT_EQ(fused_counts(*fused), std::vector<int>({2}));
    EXPECT_TRUE(run(*fused, input).identical(expected));
  }
}

TEST_F(FusedRowsTest, InBfloat16AsWell) {
  const Graph graph = bottlenecks(1, 96, 96);
  const Tensor input = random_input({1, 8, 96, 96}, 1);
  const auto fused = compile(graph, {.threads = 1, .precision = Precision::kBFloat16});
  EXPECT_THAT(fused_counts(*fused), Not(IsEmpty()));
  const Tensor expected = run(*compile(graph, {.threads = 1}), input);
  EXPECT_LT(largest_relative_difference(expected, run(*fused, input)), 0.05);
}

// One image after another through random layers: at once, or some rows at a time by some threads.
class RandomChain {
 public:
  RandomChain(Random& random, bool int8) : random_(random), int8_(int8) {
    shape_ = {1 + pick(2), 5 + pick(20), 16 + pick(12), 1 + pick(20)};
    plan_.threads = static_cast<int>(1 + pick(4));
    add_value();
    const std::int64_t steps = 2 + pick(3);
    for (std::int64_t i = 0; i < steps; ++i) add_layer();
  }

  void check() {
    const int count = static_cast<int>(plan_.steps.size());
    const std::int64_t height = plan_.slots.back().dims[2];
    const FusedSteps fused{0, count, 1 + pick(std::min<std::int64_t>(height, 9))};
    const auto rows = FusedRows::make(plan_, fused, plan_.threads);
    if (!rows.ok()) {  // pads that are all that a window has, or few pixels
      ++refused;
      return;
    }
    ++checked;
    std::vector<Bytes> values;
    for (const Slot& slot : plan_.slots) values.emplace_back(byte_size(slot.data_type, slot.dims));
    for (std::size_t i = 0; i < values[0].size(); i += int8_ ? 1 : sizeof(float)) {
      const float value = random_.normal();
      if (int8_) values[0].data()[i] = static_cast<std::byte>(static_cast<int>(value * 50));
      if (!int8_) std::memcpy(values[0].data() + i, &value, sizeof value);
    }
    ThreadPool pool(static_cast<int>(1 + pick(plan_.threads)));
    Bytes made(values.back().size());
    std::array<FusedRows::Operands, FusedRows::kMostSteps> operands = {};
    std::vector<Bytes> windows;
    std::vector<Bytes> scratches;
    const void* input = values[0].data();
    for (int i = 0; i < count; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const Step& step = plan_.steps[k];
      const kernels::Kernel& kernel = kernels::kernel_of(step.kernel);
      Bytes scratch(kernel.scratch_bytes ? kernel.scratch_bytes(step.problem, pool.threads()) : 0);
      const void* in = values[k].data();
      void* out = values[k + 1].data();
      ASSERT_TRUE(
          kernel.run(step.problem, {&in, &out, weights_[k].data(), scratch.data(), pool}).ok());
      windows.emplace_back(i + 1 < count ? rows->window_bytes(i) : 0);
      scratches.emplace_back(rows->scratch_bytes(i));
      operands[k] = {&input, i + 1 < count ? static_cast<void*>(windows[k].data()) : made.data(),
                     weights_[k].data(), scratches[k].data()};
    }
    rows->run(operands, pool);
    EXPECT_EQ(std::memcmp(made.data(), values.back().data(), made.size()), 0)
        << plan_to_json(plan_)["steps"].dump() << ", " << fused.rows << " rows, " << pool.threads()
        << " of " << plan_.threads << " threads";
  }

  static inline int checked = 0;
  static inline int refused = 0;

 private:
  using Bytes = kernels::AlignedBuffer<std::byte>;

  std::int64_t pick(std::int64_t below) {
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint32_t>(below)));
  }
  void add_value() {
    const auto type = int8_ ? ir::DataType::kUint8 : ir::DataType::kFloat32;
    Storage storage;
    storage.bytes = byte_size(type, shape_);
    plan_.storages.push_back(storage);
    plan_.slots.push_back({static_cast<StorageId>(plan_.storages.size()) - 1,
                           type,
                           {shape_[0], shape_[3], shape_[1], shape_[2]}});
  }
  void add_layer() {
    const std::int64_t kernel = 1 + pick(4);
    const std::int64_t stride = 1 + pick(3);
    const std::int64_t dilation = 1 + pick(2);
    const std::int64_t pad = pick(kernel);
    const std::int64_t reach = (kernel - 1) * dilation + 1;
    const std::int64_t height = (shape_[1] + 2 * pad - reach) / stride + 1;
    const std::int64_t width = shape_[2] - reach + 1 + 2 * pad;
    if (shape_[1] + 2 * pad < reach || width < 16) return;
    const std::int64_t kind = pick(3);  // pooling, depthwise, or any
    const std::int64_t channels = kind == 2 ? 1 + pick(40) : shape_[3];
    kernels::Problem problem;
    if (kind == 0) {
      const kernels::PoolingShape shape{
          shape_[0], shape_[1], shape_[2], channels, height, width, kernel, kernel,
          stride,    1,         dilation,  dilation, pad,    pad,   pad,    pad};
      if (int8_) problem = kernels::PoolingInt8Problem{kernels::PoolingKind::kMax, shape};
      if (!int8_) problem = kernels::PoolingF32Problem{kernels::PoolingKind::kMax, shape};
    } else {
      const kernels::ConvolutionShape shape{
          shape_[0], shape_[1], shape_[2], shape_[3],
          height,    width,     channels,  kernel,
          kernel,    stride,    1,         dilation,
          dilation,  pad,       pad,       kind == 1 ? channels : 1};
      if (int8_) problem = kernels::ConvolutionInt8Problem{shape, {false, 100}, false, {false, 90}};
      if (!int8_) problem = kernels::ConvolutionF32Problem{shape};
    }
    Step step;
    step.kernel = kernels::best_kernel(problem, select_isa().value());
    const auto value = static_cast<SlotId>(plan_.slots.size());
    step.inputs = {value - 1};
    step.outputs = {value};
    weights_.push_back(pack(problem, kernels::kernel_of(step.kernel)));
    step.problem = std::move(problem);
    plan_.steps.push_back(std::move(step));
    shape_ = {shape_[0], height, width, channels};
    add_value();
  }
  Bytes pack(const kernels::Problem& problem, const kernels::Kernel& kernel) {
    if (kernel.pack == nullptr) return {};
    Bytes packed(kernel.packed_bytes(problem));
    ThreadPool pool(1);
    const auto count = [](const kernels::ConvolutionShape& shape) {
      return static_cast<std::size_t>(shape.out_c * shape.group_in_c() * shape.taps());
    };
    if (const auto* f32 = std::get_if<kernels::ConvolutionF32Problem>(&problem)) {
      std::vector<float> weights(count(f32->shape));
      for (float& weight : weights) weight = random_.normal();
      kernel.pack(problem, kernels::WeightsF32{weights, {}}, packed.data(), pool);
    } else if (const auto* own = std::get_if<kernels::ConvolutionInt8Problem>(&problem)) {
      std::vector<std::int8_t> weights(count(own->shape));
      for (auto& weight : weights) weight = static_cast<std::int8_t>(pick(255) - 127);
      const std::vector<float> multipliers(static_cast<std::size_t>(own->shape.out_c), 3e-4F);
      kernel.pack(problem, kernels::WeightsInt8{weights, {}, multipliers}, packed.data(), pool);
    }
    return packed;
  }

  Random& random_;
  bool int8_;
  std::vector<std::int64_t> shape_;  // batch, height, width, channels
  Plan plan_;
  std::vector<Bytes> weights_;
};

TEST_F(FusedRowsTest, RandomLayersOnAnyNumberOfThreads) {
  Random random(11);
  for (int i = 0; i < 400; ++i) {
    RandomChain(random, i % 2 == 0).check();
    if (HasFailure()) return;
  }
  EXPECT_GT(RandomChain::checked, 100) << RandomChain::refused << " refused";
}

TEST_F(FusedRowsTest, WhatStaysInCacheIsLeftAlone) {
  const auto small = compile(test_network("mobile"), {.threads = 1});
  EXPECT_EQ(fused_counts(*small), std::vector<int>());
}

TEST_F(FusedRowsTest, StepsAreTimed) {
  const auto fused = compile(bottlenecks(1, 64, 48), {.threads = 2});
  const auto context = fused->new_context();
  ASSERT_TRUE(context->enable_profiling());
  const Tensor input = random_input({1, 8, 64, 48}, 1);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(context->run({&input, 1}).ok());
  for (const StepProfile& step : context->profile()) {
    EXPECT_EQ(step.runs, 3) << step.name;
    EXPECT_GT(step.total_ms, 0) << step.name;
  }
}

// Of a plan that says what cannot be done nothing is run.
TEST_F(FusedRowsTest, DamagedPlansAreRefused) {
  const auto executable = compile(bottlenecks(1, 64, 48), {.threads = 2});
  const Plan good = *plan_of(*executable);
  ASSERT_TRUE(check_plan(good).ok());
  const auto error_of = [&](const auto& damage) {
    Plan plan = good;
    damage(plan);
    const Status status = check_plan(plan);
    return status.ok() ? std::string("no error") : std::string(status.error().message());
  };
  const auto between = [](Plan& plan) -> Slot& {
    const Step& step = plan.steps[static_cast<std::size_t>(plan.fused[0].first)];
    return plan.slots[static_cast<std::size_t>(step.outputs[0])];
  };
  EXPECT_THAT(error_of([](Plan& plan) { plan.fused[0].first = -1; }), HasSubstr("fused[0]"));
  EXPECT_THAT(error_of([](Plan& plan) { plan.fused[2].count = 8; }), HasSubstr("fused[2]"));
  EXPECT_THAT(error_of([](Plan& plan) { plan.fused[0].rows = 0; }), HasSubstr("fused[0]"));
  EXPECT_THAT(error_of([](Plan& plan) { plan.fused[0].rows = INT64_MAX; }), HasSubstr("fused[0]"));
  EXPECT_THAT(error_of([](Plan& plan) { plan.fused.push_back(plan.fused[0]); }),
              HasSubstr("fused[3]"));
  EXPECT_THAT(error_of([](Plan& plan) { plan.fused[0].first += 1; }), Not(HasSubstr("no error")));
  EXPECT_THAT(error_of([](Plan& plan) { plan.fused.clear(); }), Not(HasSubstr("no error")));
  EXPECT_THAT(error_of([](Plan& plan) { plan.slots.back().window_rows = 1; }),
              HasSubstr("not as a whole"));
  EXPECT_THAT(error_of([](Plan& plan) { plan.threads = 64; }), Not(HasSubstr("no error")));
  EXPECT_THAT(error_of([&](Plan& plan) { between(plan).window_rows += 1; }), HasSubstr("rows in"));
  EXPECT_THAT(error_of([&](Plan& plan) {
                plan.storages[static_cast<std::size_t>(between(plan).storage)].bytes -= 64;
              }),
              HasSubstr("rows in"));
  EXPECT_THAT(error_of([&](Plan& plan) {
                const Step& step = plan.steps[static_cast<std::size_t>(plan.fused[0].first)];
                plan.steps.back().inputs[0] = step.outputs[0];
              }),
              Not(HasSubstr("no error")));
}

}  // namespace
}  // namespace lathe::engine
