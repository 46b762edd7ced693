// Which backend `auto` chooses, and what it does when one fails.
#include "backends/automatic.h"

#include <array>
#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/reference.h"
#include "engine/test_models.h"

namespace lathe::engine {
namespace {

using ir::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;

// The reference backend under another name, with faults on demand.
class FakeBackend final : public Backend {
 public:
  explicit FakeBackend(std::string name) : name_(std::move(name)) {}

  Status compiling;                       // what compile() answers instead
  std::shared_ptr<int> runs_until_fault;  // null: none
  double slow_share = 0;
  Availability found;
  Status knows;
  std::vector<std::string> offered;
  mutable int compiled = 0;

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::string version() const override { return "1"; }
  [[nodiscard]] Availability available() const override { return found; }
  [[nodiscard]] std::vector<std::string> providers() const override { return offered; }
  [[nodiscard]] Status supports(const ir::Graph&) const override { return knows; }
  [[nodiscard]] Result<std::shared_ptr<const Executable>> compile(
      ir::Graph graph, const CompileOptions& options) const override;

 private:
  std::string name_;
};

class FakeContext final : public Context {
 public:
  FakeContext(std::unique_ptr<Context> real, std::shared_ptr<int> runs)
      : real_(std::move(real)), runs_(std::move(runs)) {}
  Outputs run(std::span<const Tensor> inputs) override {
    if (runs_ != nullptr && (*runs_)-- <= 0)
      return error(ErrorCode::kResourceExhausted, "the device is gone");
    return real_->run(inputs);
  }

 private:
  std::unique_ptr<Context> real_;
  std::shared_ptr<int> runs_;
};

class FakeExecutable final : public Executable {
 public:
  FakeExecutable(std::shared_ptr<const Executable> real, std::shared_ptr<int> runs,
                 double slow_share)
      : Executable({.threads = 3}),
        real_(std::move(real)),
        runs_(std::move(runs)),
        slow_share_(slow_share) {}
  [[nodiscard]] std::span<const TensorInfo> inputs() const override { return real_->inputs(); }
  [[nodiscard]] std::span<const TensorInfo> outputs() const override { return real_->outputs(); }
  [[nodiscard]] std::unique_ptr<Context> new_context() const override {
    return std::make_unique<FakeContext>(real_->new_context(), runs_);
  }
  [[nodiscard]] double slow_share() const override { return slow_share_; }

 private:
  std::shared_ptr<const Executable> real_;
  std::shared_ptr<int> runs_;
  double slow_share_;
};

Result<std::shared_ptr<const Executable>> FakeBackend::compile(ir::Graph graph,
                                                               const CompileOptions&) const {
  ++compiled;
  if (!compiling.ok()) return compiling.error();
  ASSIGN_OR_RETURN(auto real, reference_backend().compile(graph, {}));
  return std::shared_ptr<const Executable>(
      std::make_shared<FakeExecutable>(std::move(real), runs_until_fault, slow_share));
}

constexpr Machine kVectors{Isa::kAvx2, false};

class AutomaticTest : public testing::Test {
 protected:
  FakeBackend native{"native"};
  FakeBackend reference{"reference"};
  FakeBackend onnxruntime{"onnxruntime"};
  FakeBackend openvino{"openvino"};
  const std::array<const Backend*, 4> all{&native, &reference, &onnxruntime, &openvino};
  const ir::Graph graph = adding_graph(2, 1);
  const Tensor input = Tensor::from_values<float>({2}, {1, 2});

  std::vector<std::string> order(const CompileOptions& options, const Machine& machine) const {
    std::vector<std::string> names;
    for (const Candidate& c : rank_backends(all, graph, options, machine)) {
      names.push_back(fmt::format("{}{}", c.usable ? "" : "!", c.backend->name()));
    }
    return names;
  }
};

TEST_F(AutomaticTest, NativeComesFirstWhereItHasVectorKernels) {
  EXPECT_THAT(order({}, kVectors), ElementsAre("native", "onnxruntime", "openvino", "reference"));
  EXPECT_THAT(order({}, {Isa::kScalar, false}),
              ElementsAre("onnxruntime", "openvino", "native", "reference"));
}

TEST_F(AutomaticTest, AnAcceleratorComesBeforeNative) {
  onnxruntime.offered = {"cuda", "cpu"};
  EXPECT_THAT(order({}, kVectors), ElementsAre("native", "onnxruntime", "openvino", "reference"));
  const auto ranked = rank_backends(all, graph, {}, {Isa::kAvx2, true});
  EXPECT_EQ(ranked[0].backend, &onnxruntime);
  EXPECT_THAT(ranked[0].options.providers, ElementsAre("cuda", "cpu"));
}

TEST_F(AutomaticTest, OptionsRuleBackendsOut) {
  CompileOptions options;
  options.precision = Precision::kBFloat16;
  EXPECT_THAT(order(options, kVectors),
              ElementsAre("native", "openvino", "!reference", "!onnxruntime"));
  options.precision = Precision::kFloat16;
  EXPECT_THAT(order(options, kVectors),
              ElementsAre("openvino", "!native", "!reference", "!onnxruntime"));
  options = {};
  options.memory_limit = 1;
  EXPECT_THAT(order(options, kVectors),
              ElementsAre("native", "!reference", "!onnxruntime", "!openvino"));
  options = {};
  options.providers = {"cpu"};
  EXPECT_EQ(order(options, kVectors)[0], "onnxruntime");
}

TEST_F(AutomaticTest, ABackendThatLacksAnOperatorOrALibraryIsPassedOverWithTheReason) {
  native.knows = unsupported("node n (Einsum): operator is not supported");
  onnxruntime.found = {false, "is not installed: install it"};
  const auto executable = AutomaticBackend(all, kVectors).compile(graph, {});
  ASSERT_TRUE(executable.ok()) << executable.error().message();
  EXPECT_EQ(native.compiled, 0);
  EXPECT_EQ(openvino.compiled, 1);
  EXPECT_THAT((*executable)->notes(), ElementsAre(HasSubstr("auto chose openvino")));
  const auto ranked = rank_backends(all, graph, {}, kVectors);
  EXPECT_THAT(ranked[2].reason, HasSubstr("Einsum"));
  EXPECT_THAT(ranked[3].reason, HasSubstr("install it"));
}

TEST_F(AutomaticTest, AFailureToCompileFallsBack) {
  native.compiling = error(ErrorCode::kResourceExhausted, "no memory");
  const auto executable = AutomaticBackend(all, kVectors).compile(graph, {});
  ASSERT_TRUE(executable.ok()) << executable.error().message();
  EXPECT_THAT((*executable)->notes(), ElementsAre("auto passed over native: no memory",
                                                  HasSubstr("auto chose onnxruntime")));
}

TEST_F(AutomaticTest, AFailureToRunFallsBackAndTheAnswerIsRight) {
  native.runs_until_fault = std::make_shared<int>(2);
  onnxruntime.compiling = unsupported("cannot either");
  const auto executable = AutomaticBackend(all, kVectors).compile(graph, {}).value();
  const auto context = executable->new_context();
  const auto other = executable->new_context();
  for (int i = 0; i < 5; ++i) {
    const auto outputs = context->run(std::array{input});
    ASSERT_TRUE(outputs.ok()) << outputs.error().message();
    EXPECT_EQ((*outputs)[0].to_floats(), (std::vector<float>{2, 3}));
  }
  ASSERT_TRUE(other->run(std::array{input}).ok());
  EXPECT_EQ(native.compiled, 1);
  EXPECT_EQ(onnxruntime.compiled, 1);
  EXPECT_EQ(openvino.compiled, 1) << "one fallback serves all contexts";
  EXPECT_THAT(executable->notes(), ElementsAre("auto passed over native: the device is gone",
                                               "auto passed over onnxruntime: cannot either",
                                               HasSubstr("auto chose openvino")));
}

TEST_F(AutomaticTest, RequestsInFlightFallBackToo) {
  native.runs_until_fault = std::make_shared<int>(0);
  CompileOptions options;
  options.streams = 1;
  const auto executable = AutomaticBackend(all, kVectors).compile(graph, options).value();
  std::vector<std::future<Outputs>> futures;
  for (int i = 0; i < 50; ++i) futures.push_back(executable->submit({input}));
  for (auto& future : futures) {
    const Outputs outputs = future.get();
    ASSERT_TRUE(outputs.ok()) << outputs.error().message();
    EXPECT_EQ((*outputs)[0].to_floats(), (std::vector<float>{2, 3}));
  }
}

TEST_F(AutomaticTest, APeerComesBeforeANativeThatLacksKernels) {
  native.slow_share = 0.62;
  const auto executable = AutomaticBackend(all, kVectors).compile(graph, {}).value();
  EXPECT_THAT(executable->notes(),
              ElementsAre("auto passed over native: runs 62 % of the work in the slow reference "
                          "evaluator",
                          HasSubstr("auto chose onnxruntime")));
  EXPECT_EQ(executable->threads(), 3);
  native.slow_share = 0.005;
  EXPECT_THAT(AutomaticBackend(all, kVectors).compile(graph, {}).value()->notes(),
              ElementsAre(HasSubstr("auto chose native")));
}

TEST_F(AutomaticTest, ASlowNativeIsTakenWhereNoPeerCan) {
  native.slow_share = 0.62;
  onnxruntime.found = {false, "is not installed"};
  openvino.found = {false, "is not installed"};
  EXPECT_THAT(AutomaticBackend(all, kVectors).compile(graph, {}).value()->notes(),
              ElementsAre(HasSubstr("auto chose native")));
  EXPECT_EQ(native.compiled, 1);
  onnxruntime.found = {};
  onnxruntime.compiling = unsupported("cannot compile it");
  const auto executable = AutomaticBackend(all, kVectors).compile(graph, {}).value();
  EXPECT_THAT(executable->notes().back(), HasSubstr("auto chose native: runs 62 %"));
  EXPECT_EQ(executable->slow_share(), 0.62);
  EXPECT_EQ(reference.compiled, 0);
}

TEST_F(AutomaticTest, WhenAPeerFailsASlowNativeGoesOn) {
  native.slow_share = 1;
  onnxruntime.runs_until_fault = std::make_shared<int>(1);
  openvino.found = {false, "is not installed"};
  const auto executable = AutomaticBackend(all, kVectors).compile(graph, {}).value();
  const auto context = executable->new_context();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(context->run(std::array{input}).ok());
  EXPECT_THAT(executable->notes().back(), HasSubstr("auto chose native"));
}

TEST_F(AutomaticTest, WrongInputsAreNoReasonToFallBack) {
  const auto executable = AutomaticBackend(all, kVectors).compile(graph, {}).value();
  const auto outputs = executable->new_context()->run({});
  ASSERT_FALSE(outputs.ok());
  EXPECT_EQ(outputs.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(onnxruntime.compiled, 0);
}

TEST_F(AutomaticTest, WhereNoneCanTheErrorTellsOfAll) {
  native.knows = unsupported("no such operator");
  reference.knows = unsupported("none here");
  onnxruntime.found = {false, "is not installed"};
  openvino.compiling = unsupported("cannot compile it");
  const auto executable = AutomaticBackend(all, kVectors).compile(graph, {});
  ASSERT_FALSE(executable.ok());
  for (const char* reason : {"native: no such operator", "reference: none here",
                             "onnxruntime: is not installed", "openvino: cannot compile it"}) {
    EXPECT_THAT(executable.error().message(), HasSubstr(reason));
  }
}

TEST_F(AutomaticTest, WhatItsCallerDidIsNoFaultOfABackend) {
  const auto executable = automatic_backend().compile(adding_graph(2, 1), {.threads = 1});
  ASSERT_TRUE(executable.ok());
  const std::vector<std::string> notes = (*executable)->notes();
  const auto context = (*executable)->new_context();
  const std::array inputs{Tensor::from_values<float>({2}, {1, 2})};
  std::array<float, 3> memory{};
  const std::array<std::int64_t, 1> dims{3};
  std::vector<Tensor> outputs{Tensor::borrow_writable(ir::DataType::kFloat32, dims,
                                                      std::as_writable_bytes(std::span(memory)),
                                                      nullptr)
                                  .value()};
  EXPECT_EQ(context->run_into(inputs, outputs).error().code(), ErrorCode::kInvalidArgument);
  context->set_stop(std::make_shared<std::atomic<bool>>(true));
  EXPECT_EQ(context->run(inputs).error().code(), ErrorCode::kInterrupted);
  EXPECT_EQ((*executable)->notes(), notes);
}

}  // namespace
}  // namespace lathe::engine
