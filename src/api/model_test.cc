#include "lathe/model.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "api/test_files.h"

namespace lathe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::filesystem::path folder() { return test_folder("api_model"); }

std::filesystem::path write_mlp() { return lathe::write_mlp(folder()); }

TEST(Model, DescribesItsValues) {
  const Expected<Model> model = Model::load(write_mlp());
  ASSERT_TRUE(model.ok()) << model.failure().message();
  ASSERT_THAT(model->inputs(), SizeIs(1));
  EXPECT_EQ(model->inputs()[0].data_type, DataType::kFloat32);
  EXPECT_THAT(model->inputs()[0].shape, ElementsAre(kUnknownExtent, 1, 8, 8));
  EXPECT_THAT(model->inputs()[0].dimensions, ElementsAre("N", "", "", ""));
  ASSERT_THAT(model->outputs(), SizeIs(1));
  EXPECT_EQ(model->outputs()[0].name, "logits");
}

TEST(Model, RunsAtTheShapeOfEachRun) {
  const Model model = Model::load(write_mlp()).value();
  const Executable one = model.compile({.threads = 1}).value();
  EXPECT_THAT(one.inputs()[0].shape, ElementsAre(1, 1, 8, 8));
  Context context = one.new_context();
  for (const std::int64_t batch : {3, 1, 5}) {
    const Tensor input = ramp(batch);
    const auto outputs = context.run({&input, 1});
    ASSERT_TRUE(outputs.ok()) << outputs.failure().message();
    Context fixed = model.compile({.threads = 1, .batch = batch}).value().new_context();
    const auto expected = fixed.run({&input, 1});
    EXPECT_THAT((*outputs)[0].data<float>(),
                ::testing::ElementsAreArray((*expected)[0].data<float>()));
  }
  const Tensor wrong = Tensor::zeros(DataType::kFloat32, {1, 1, 8, 9}).value();
  EXPECT_THAT(context.run({&wrong, 1}).failure().message(), HasSubstr("float32[1,1,8,9]"));
}

TEST(Model, RunsAsTheReferenceDoes) {
  const Model model = Model::load(write_mlp()).value();
  const Tensor input = ramp(3);
  std::vector<std::vector<float>> results;
  for (const char* backend : {"native", "reference"}) {
    const Expected<Executable> executable =
        model.compile({.threads = 1, .batch = 3, .backend = backend});
    ASSERT_TRUE(executable.ok()) << executable.failure().message();
    EXPECT_THAT(executable->inputs()[0].shape, ElementsAre(3, 1, 8, 8));
    EXPECT_THAT(executable->outputs()[0].shape, ElementsAre(3, 4));
    Context context = executable->new_context();
    const Expected<std::vector<Tensor>> outputs = context.run({&input, 1});
    ASSERT_TRUE(outputs.ok()) << outputs.failure().message();
    ASSERT_THAT(*outputs, SizeIs(1));
    const std::span<const float> values = outputs->front().data<float>();
    results.emplace_back(values.begin(), values.end());
  }
  ASSERT_THAT(results[0], SizeIs(12));
  for (std::size_t i = 0; i < results[0].size(); ++i) {
    EXPECT_NEAR(results[0][i], results[1][i], 1e-4F);
  }
}

TEST(Model, ContextsOutliveModelAndExecutable) {
  std::vector<Context> contexts;
  {
    const Model model = Model::load(write_mlp()).value();
    const Executable executable = model.compile({.threads = 1}).value();
    EXPECT_GT(executable.weight_bytes(), 0U);
    for (int i = 0; i < 2; ++i) contexts.push_back(executable.new_context());
  }
  const Tensor input = ramp(1);
  std::vector<Tensor> outputs(contexts.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    threads.emplace_back([&, i] { outputs[i] = contexts[i].run({&input, 1}).value().front(); });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(outputs[0].size(), 4);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(outputs[0].data<float>()[i], outputs[1].data<float>()[i]);
  }
}

TEST(Model, AnswersRequestsInFlight) {
  std::vector<Request> requests;
  std::vector<float> expected;
  {
    const Model model = Model::load(write_mlp()).value();
    const Executable executable = model.compile({.threads = 1, .streams = 2}).value();
    Context context = executable.new_context();
    for (int i = 0; i < 20; ++i) {
      Tensor input = ramp(1);
      input.mutable_data<float>()[0] = static_cast<float>(i);
      expected.push_back(context.run({&input, 1}).value().front().data<float>()[0]);
      requests.push_back(executable.submit({input}, Completion::kInOrder));
    }
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].wait();
    EXPECT_TRUE(requests[i].ready());
    EXPECT_EQ(requests[i].get().value().front().data<float>()[0], expected[i]);
  }
}

TEST(Model, AutoSaysWhatItChose) {
  const Model model = Model::load(write_mlp()).value();
  const Executable executable = model.compile({.threads = 1, .backend = "auto"}).value();
  EXPECT_THAT(executable.notes(), testing::Contains(HasSubstr("auto chose")));
  CompileOptions options;
  options.memory_limit = 16;
  EXPECT_EQ(model.compile(options).failure().kind(), Failure::Kind::kResourceExhausted);
}

TEST(Model, RefusesOtherInputs) {
  const Model model = Model::load(write_mlp()).value();
  Context context = model.compile().value().new_context();
  EXPECT_FALSE(context.run({}).ok());
  const Tensor none;
  EXPECT_FALSE(context.run({&none, 1}).ok());
  const Tensor input = Tensor::zeros(DataType::kFloat32, {1, 1, 8, 9}).value();
  const Expected<std::vector<Tensor>> outputs = context.run({&input, 1});
  ASSERT_FALSE(outputs.ok());
  EXPECT_EQ(outputs.failure().kind(), Failure::Kind::kInvalidArgument);
  EXPECT_THAT(outputs.failure().message(), HasSubstr("expected float32[N,1,8,8]"));
}

TEST(Model, NamesWhatIsWrong) {
  const std::filesystem::path missing = folder() / "missing.onnx";
  const Expected<Model> absent = Model::load(missing);
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.failure().kind(), Failure::Kind::kNotFound);
  EXPECT_THAT(absent.failure().message(), HasSubstr(missing.string()));

  const std::filesystem::path damaged = folder() / "damaged.onnx";
  std::ofstream(damaged) << "\x08\x08this is no model";
  const Expected<Model> broken = Model::load(damaged);
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.failure().kind(), Failure::Kind::kInvalidData);
  EXPECT_THAT(broken.failure().message(), StartsWith(damaged.string()));

  EXPECT_FALSE(Model::parse({}).ok());
  const Expected<Executable> unknown =
      Model::load(write_mlp()).value().compile({.backend = "abacus"});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.failure().kind(), Failure::Kind::kInvalidArgument);
}

TEST(Model, ReadsBytes) {
  std::ifstream file(write_mlp(), std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  const Expected<Model> model = Model::parse(std::as_bytes(std::span(content)));
  ASSERT_TRUE(model.ok()) << model.failure().message();
  EXPECT_EQ(model->outputs()[0].name, "logits");
}

TEST(Version, IsThatOfTheProject) { EXPECT_EQ(version(), LATHE_VERSION); }

}  // namespace
}  // namespace lathe
