#include "ops/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lathe::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Signature, EveryLineOfTheTableIsRead) {
  EXPECT_GE(all_schema_lines().size(), 650U);
  for (const SchemaLine& line : all_schema_lines()) {
    const auto signature = parse_signature(line);
    ASSERT_TRUE(signature.ok()) << line.name << ' ' << line.since << ": "
                                << signature.error().message();
    EXPECT_LE(line.since, newest_opset(line.domain)) << line.name;
    for (const auto* operands : {&signature->inputs, &signature->outputs}) {
      for (const Operand& operand : *operands) {
        EXPECT_FALSE(operand.types.empty()) << line.name << ' ' << operand.name;
        EXPECT_FALSE(operand.name.empty()) << line.name;
      }
    }
  }
}

TEST(Signature, ReadsOperands) {
  const Signature& conv = *find_signature("", "Conv", 28);
  EXPECT_EQ(conv.min_inputs, 2U);
  EXPECT_EQ(conv.max_inputs, 3U);
  EXPECT_EQ(conv.min_outputs, 1U);
  EXPECT_EQ(conv.inputs[2].option, OperandOption::kOptional);
  EXPECT_EQ(conv.inputs[0].variable, conv.inputs[1].variable);
  EXPECT_TRUE(conv.inputs[0].types.contains_tensor(ir::DataType::kFloat16));
  EXPECT_FALSE(conv.inputs[0].types.contains_tensor(ir::DataType::kInt8));
  EXPECT_EQ(conv.input(3), nullptr);

  const Signature& concat = *find_signature("", "Concat", 13);
  EXPECT_EQ(concat.min_inputs, 1U);
  EXPECT_EQ(concat.max_inputs, kVariadic);
  EXPECT_EQ(concat.input(7), &concat.inputs[0]);

  const Signature& loop = *find_signature("", "Loop", 28);
  EXPECT_EQ(loop.min_inputs, 0U);
  EXPECT_FALSE(loop.inputs[2].homogeneous);
}

TEST(Signature, ReadsAttributes) {
  const Signature& gemm = *find_signature("", "Gemm", 13);
  EXPECT_EQ(std::get<float>(*gemm.attribute("alpha")->default_value), 1.0F);
  EXPECT_EQ(std::get<std::int64_t>(*gemm.attribute("transA")->default_value), 0);
  EXPECT_EQ(gemm.attribute("broadcast"), nullptr);
  EXPECT_TRUE(find_signature("", "Concat", 13)->attribute("axis")->required);
  EXPECT_EQ(
      std::get<std::string>(*find_signature("", "Conv", 11)->attribute("auto_pad")->default_value),
      "NOTSET");
  EXPECT_THAT(std::get<std::vector<std::string>>(
                  *find_signature("", "RNN", 14)->attribute("activations")->default_value),
              ElementsAre("Tanh", "Tanh"));
  EXPECT_EQ(find_signature("", "If", 16)->attribute("then_branch")->kind, AttributeKind::kGraph);
  EXPECT_EQ(std::get<float>(
                *find_signature("", "BatchNormalization", 15)->attribute("epsilon")->default_value),
            1e-5F);
}

TEST(Signature, FindsTheVersionThatHolds) {
  EXPECT_EQ(find_signature("", "Softmax", 12)->since, 11);
  EXPECT_EQ(find_signature("", "Softmax", 13)->since, 13);
  EXPECT_EQ(find_signature("", "HardSwish", 13), nullptr);
  EXPECT_EQ(find_signature("", "Konv", 13), nullptr);
  EXPECT_EQ(find_signature("com.microsoft", "QGemm", 1)->since, 1);
  EXPECT_EQ(find_signature("ai.onnx.ml", "LabelEncoder", 3)->since, 2);
  EXPECT_TRUE(find_signature("", "Upsample", 10)->deprecated);
  EXPECT_EQ(signature_versions("", "Relu").size(), 4U);
}

TEST(TypeSet, HoldsTensorsAndContainers) {
  const TypeSet set =
      TypeSet::parse("float32 seq(float32) optional(seq(int8)) map(string,int64)").value();
  const ir::Type tensor = ir::TensorType{ir::DataType::kFloat32, ir::Shape{3}};
  const ir::Type bytes = ir::TensorType{ir::DataType::kInt8, std::nullopt};
  EXPECT_TRUE(set.contains(tensor));
  EXPECT_TRUE(set.contains(ir::Type::sequence(tensor)));
  EXPECT_TRUE(set.contains(ir::Type::optional(ir::Type::sequence(bytes))));
  EXPECT_TRUE(set.contains(
      ir::Type::map(ir::DataType::kString, ir::TensorType{ir::DataType::kInt64, ir::Shape{}})));
  EXPECT_FALSE(set.contains(bytes));
  EXPECT_FALSE(set.contains(ir::Type::sequence(bytes)));
  EXPECT_FALSE(set.contains(ir::Type::optional(tensor)));
  EXPECT_FALSE(set.contains(ir::Type()));
  EXPECT_FALSE(set.contains(ir::Type::sequence(ir::Type::sequence(tensor))));
  EXPECT_EQ(set.to_string(), "float32, seq(float32), optional(seq(int8)) and map(string,int64)");
  EXPECT_THAT(TypeSet::parse("float32 floot").error().message(), HasSubstr("'floot' is no type"));
}

}  // namespace
}  // namespace lathe::ops
