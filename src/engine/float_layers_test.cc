// Quantized layers that are computed in float32, since this machine is faster at that.
#include <array>
#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "base/cpu.h"
#include "base/file.h"
#include "base/random.h"
#include "engine/native.h"
#include "engine/tuner.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using testing::HasSubstr;
using Ints = std::vector<std::int64_t>;

class LimitedIsa {
 public:
  explicit LimitedIsa(const char* name) {
    if (const char* before = std::getenv("LATHE_ISA")) before_ = before;
    setenv("LATHE_ISA", name, 1);
  }
  ~LimitedIsa() {
    before_.empty() ? unsetenv("LATHE_ISA") : setenv("LATHE_ISA", before_.c_str(), 1);
  }

 private:
  std::string before_;
};

template <typename T>
Tensor random_bytes(const Ints& dims, DataType type, std::uint64_t seed) {
  Tensor tensor = Tensor::zeros(type, dims);
  Random random(seed);
  for (T& value : tensor.mutable_data<T>()) value = static_cast<T>(random.below(256));
  return tensor;
}

Tensor number(float value) {
  Tensor tensor = Tensor::zeros(DataType::kFloat32, {});
  tensor.mutable_data<float>()[0] = value;
  return tensor;
}

Tensor zero_point(std::uint8_t value) {
  Tensor tensor = Tensor::zeros(DataType::kUint8, {});
  tensor.mutable_data<std::uint8_t>()[0] = value;
  return tensor;
}

// A 3x3 convolution of 64 channels, as Winograd's are best at, with a bias.
Graph quantized_convolution(std::int64_t channels) {
  Graph graph;
  const ValueId x = graph.add_input(
      "x", ir::TensorType{DataType::kUint8, ir::make_shape(Ints{1, channels, 28, 28})});
  Tensor scales = Tensor::zeros(DataType::kFloat32, {channels});
  Tensor bias = Tensor::zeros(DataType::kInt32, {channels});
  Random random(3);
  for (float& scale : scales.mutable_data<float>()) scale = random.uniform(0.001F, 0.003F);
  for (std::int32_t& value : bias.mutable_data<std::int32_t>())
    value = static_cast<std::int32_t>(random.below(4000)) - 2000;
  const auto add = [&](const char* name, Tensor tensor) {
    return graph.add_constant(name, std::move(tensor));
  };
  const ValueId y = graph.add(
      "QLinearConv",
      std::array{
          x, add("xs", number(0.02F)), add("xz", zero_point(121)),
          add("w", random_bytes<std::int8_t>({channels, channels, 3, 3}, DataType::kInt8, 2)),
          add("ws", std::move(scales)), add("wz", Tensor::zeros(DataType::kInt8, {channels})),
          add("ys", number(0.15F)), add("yz", zero_point(130)), add("b", std::move(bias))},
      {{"pads", Ints{1, 1, 1, 1}}});
  graph.set_outputs({y});
  EXPECT_TRUE(ops::infer_shapes(graph).ok());
  return graph;
}

struct Answer {
  std::vector<std::uint8_t> values;
  std::vector<std::string> kernels;
  std::string notes;
};

Answer run(const Graph& graph, const Tensor& input, bool tune) {
  const auto executable = native_backend().compile(graph, {.threads = 1, .tune = tune});
  EXPECT_TRUE(executable.ok());
  Answer answer;
  for (const Step& step : plan_of(**executable)->steps)
    answer.kernels.emplace_back(kernel_name(step));
  for (const std::string& note : (*executable)->notes()) answer.notes += note + "\n";
  const auto outputs = (*executable)->new_context()->run(std::array{input});
  EXPECT_TRUE(outputs.ok());
  const auto values = (*outputs)[0].data<std::uint8_t>();
  answer.values.assign(values.begin(), values.end());
  return answer;
}

// Remembers nothing of what others measured.
class OwnCache {
 public:
  // As if the machine were faster in float32, wherever both have been measured.
  void prefer_float() const {
    for (const auto& file : std::filesystem::directory_iterator(folder_ + "/lathe")) {
      if (file.path().extension() != ".json") continue;
      std::string text = read_file(file.path()).value();
      const std::string whole = ": \"whole\"";
      for (std::size_t at = 0; (at = text.find(whole, at)) != std::string::npos;)
        text.replace(at, whole.size(), ": \"parts\"");
      EXPECT_TRUE(write_file_atomic(file.path(), text).ok());
    }
  }

  OwnCache() {
    if (const char* before = std::getenv("XDG_CACHE_HOME")) before_ = before;
    setenv("XDG_CACHE_HOME", folder_.c_str(), 1);
  }
  ~OwnCache() {
    before_.empty() ? unsetenv("XDG_CACHE_HOME") : setenv("XDG_CACHE_HOME", before_.c_str(), 1);
    std::filesystem::remove_all(folder_);
  }

 private:
  std::string folder_ = testing::TempDir() + "float_layers_test";
  std::string before_;
};

TEST(FloatLayers, AnswerAsThoseInBytesUpToTies) {
  if (!isa_supported(Isa::kAvx2)) GTEST_SKIP() << "this machine has no AVX2";
  const OwnCache cache;
  const Graph graph = quantized_convolution(64);
  const Tensor input = random_bytes<std::uint8_t>({1, 64, 28, 28}, DataType::kUint8, 1);
  const LimitedIsa avx2("avx2");
  const Answer in_bytes = run(graph, input, false);
  EXPECT_THAT(in_bytes.kernels, Contains(HasSubstr("igemm_s8")));
  EXPECT_THAT(in_bytes.notes, Not(HasSubstr("quantized layer")));
  // Which is faster is the machine's to say.
  const Answer measured = run(graph, input, true);
  EXPECT_EQ(measured.notes.find("quantized layer is computed in float32") != std::string::npos,
            measured.kernels.size() == in_bytes.kernels.size() + 2);
  cache.prefer_float();
  const Answer in_float = run(graph, input, true);
  EXPECT_THAT(in_float.notes, HasSubstr("1 quantized layer is computed in float32"));
  EXPECT_EQ(in_float.kernels.size(), in_bytes.kernels.size() + 2);
  ASSERT_EQ(in_float.values.size(), in_bytes.values.size());
  int different = 0;
  for (std::size_t i = 0; i < in_float.values.size(); ++i) {
    const int difference = std::abs(in_float.values[i] - in_bytes.values[i]);
    ASSERT_LE(difference, 1) << i;
    different += difference;
  }
  EXPECT_LT(different, 50);
}

TEST(FloatLayers, AChoiceIsRemembered) {
  if (!isa_supported(Isa::kAvx2)) GTEST_SKIP() << "this machine has no AVX2";
  const OwnCache cache;
  const kernels::ConvolutionInt8Problem whole{.shape = {.in_h = 28,
                                                        .in_w = 28,
                                                        .in_c = 64,
                                                        .out_h = 28,
                                                        .out_w = 28,
                                                        .out_c = 64,
                                                        .kernel_h = 3,
                                                        .kernel_w = 3,
                                                        .pad_top = 1,
                                                        .pad_left = 1}};
  const std::vector<kernels::Problem> parts{kernels::ConvolutionF32Problem{whole.shape, {}}};
  const bool gains = Tuner(Isa::kAvx2, 1).gains_by_parts(whole, parts);
  Tuner again(Isa::kAvx2, 1);
  EXPECT_EQ(again.gains_by_parts(whole, parts), gains);
  EXPECT_THAT(again.summary(), HasSubstr("0 problems measured"));
}

}  // namespace
}  // namespace lathe::engine
