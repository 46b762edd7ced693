#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/einsum_equation.h"
#include "ops/infer_shapes.h"
#include "ops/run_operator.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Graph;
using ir::Shape;
using ir::Tensor;
using testing::ElementsAre;

ir::AttributeMap equation(const std::string& text) { return {{"equation", text}}; }

Tensor counted(std::initializer_list<std::int64_t> dims) {
  Tensor t = Tensor::zeros(DataType::kFloat32, dims);
  for (std::int64_t i = 0; i < t.num_elements(); ++i) t.set_double(i, static_cast<double>(i + 1));
  return t;
}

TEST(Einsum, OneInput) {
  const Tensor x = counted({2, 3});
  EXPECT_THAT(run_floats("Einsum", {x}, equation("ij->ji")), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(run_floats("Einsum", {x}, equation("ba")), ElementsAre(1, 4, 2, 5, 3, 6))
      << "the implicit output is in the order of letters";
  EXPECT_THAT(run_floats("Einsum", {x}, equation("aB")), ElementsAre(1, 4, 2, 5, 3, 6))
      << "capitals come first";
  EXPECT_THAT(run_floats("Einsum", {x}, equation("ij->")), ElementsAre(21));
  EXPECT_THAT(run_floats("Einsum", {x}, equation("...j->...")), ElementsAre(6, 15));
  const Tensor square = counted({3, 3});
  EXPECT_THAT(run_floats("Einsum", {square}, equation("ii")), ElementsAre(15));
  EXPECT_THAT(run_floats("Einsum", {square}, equation("ii->i")), ElementsAre(1, 5, 9));
  EXPECT_THAT(run("Einsum", {square}, equation("ii"))->dims(), ElementsAre());
}

TEST(Einsum, ProductsOfSeveral) {
  const Tensor a = counted({2, 3});
  const Tensor b = counted({3, 2});
  EXPECT_THAT(run_floats("Einsum", {a, b}, equation("ij,jk->ik")), ElementsAre(22, 28, 49, 64));
  EXPECT_THAT(run_floats("Einsum", {a, b}, equation("ij,jk")), ElementsAre(22, 28, 49, 64));
  EXPECT_THAT(run_floats("Einsum", {a, b}, equation("ij,ji->")), ElementsAre(86));
  EXPECT_THAT(run_floats("Einsum", {a, b, a}, equation("ij,jk,kl->i")), ElementsAre(552, 1254));
  EXPECT_THAT(run_floats("Einsum", {counted({2}), counted({2})}, equation("i,j->ji")),
              ElementsAre(1, 2, 2, 4));
  EXPECT_THAT(run_floats("Einsum", {counted({2, 1}), counted({1, 2})}, equation("...,...")),
              ElementsAre(1, 2, 2, 4));
  EXPECT_THAT(run_floats("Einsum", {Tensor::scalar(3.0F), counted({2})}, equation(",i->i")),
              ElementsAre(3, 6));
}

TEST(Einsum, IntegersWrap) {
  const Tensor x = Tensor::from_values<std::int8_t>({2}, {100, 2});
  EXPECT_THAT(run_ints("Einsum", {x, x}, equation("i,i->i")), ElementsAre(16, 4));
  const Tensor large = Tensor::from_values<std::uint64_t>({2}, {UINT64_MAX, 3});
  EXPECT_THAT(run_ints("Einsum", {large}, equation("i->")), ElementsAre(2));
}

TEST(Einsum, OfNothing) {
  EXPECT_THAT(run_floats("Einsum", {counted({2, 0})}, equation("ij->i")), ElementsAre(0, 0));
  EXPECT_THAT(run("Einsum", {counted({2, 0}), counted({0, 4})}, equation("ij,jk->ikj"))->dims(),
              ElementsAre(2, 4, 0));
  EXPECT_THAT(run_floats("Einsum", {counted({0}), counted({1})}, equation("i,i->")),
              ElementsAre(0));
  // All factors together have 2^80 elements.
  const Tensor wide = Tensor::zeros(DataType::kFloat32, {1 << 20});
  EXPECT_THAT(run_floats("Einsum", {wide, wide, wide, wide}, equation("a,b,c,d->")),
              ElementsAre(0));
}

TEST(Einsum, SmallIntermediates) {
  // From left to right the first product would have n^4 elements.
  const std::int64_t n = 60;
  const Tensor ones = Tensor::from_values<float>(std::array{n, n}, std::vector<float>(n * n, 1));
  EXPECT_THAT(run_floats("Einsum", {ones, ones, ones, ones}, equation("ab,cd,ac,bd->")),
              ElementsAre(static_cast<float>(n * n * n * n)));
}

std::string inferred(const std::string& text, const std::vector<ir::TensorType>& inputs) {
  Graph g;
  std::vector<ir::ValueId> ids;
  for (const ir::TensorType& type : inputs) ids.push_back(g.add_input("x", type));
  g.set_outputs({g.add("Einsum", ids, equation(text), "y")});
  const Status status = infer_shapes(g);
  return status.ok() ? g.type(g.outputs()[0]).to_string() : status.error().message();
}

TEST(Einsum, SymbolicExtents) {
  const Dim n = Dim::symbol("N");
  const Dim m = Dim::symbol("M");
  const auto type = [](Shape shape) {
    return ir::TensorType{DataType::kFloat32, std::move(shape)};
  };
  const ir::TensorType unknown{DataType::kFloat32, std::nullopt};
  EXPECT_EQ(inferred("bij,bjk->bik", {type({n, 4, m}), type({n, m, 8})}), "float32[N,4,8]");
  EXPECT_EQ(inferred("ij,jk->ijk", {type({n, m}), type({5, 8})}), "float32[N,5,8]");
  EXPECT_EQ(inferred("i,i->i", {type({n}), type({m})}), "float32[?]");
  EXPECT_EQ(inferred("i,i->i", {type({n}), type({1})}), "float32[N]");
  EXPECT_EQ(inferred("...i,ij->...j", {type({n, m, 3}), type({3, 4})}), "float32[N,M,4]");
  EXPECT_EQ(inferred("ij,jk->ik", {unknown, type({3, 4})}), "float32[?,4]");
  EXPECT_EQ(inferred("...i,ij->...j", {unknown, type({3, 4})}), "float32[*]");
  EXPECT_EQ(inferred("...i,ij->j", {unknown, type({3, 4})}), "float32[4]");
  EXPECT_EQ(inferred("ii->i", {type({n, 3})}), "float32[3]");
}

TEST(Einsum, CountsProducts) {
  Graph g;
  const auto input = [&](Shape shape) {
    return g.add_input("x", {DataType::kFloat32, std::move(shape)});
  };
  const ir::ValueId a = input({2, 3});
  const ir::ValueId b = input({3, 4});
  g.set_outputs({g.add("Einsum", std::array{a, b}, equation("ij,jk->ik"))});
  ASSERT_TRUE(infer_shapes(g).ok());
  EXPECT_EQ(count_macs(g), 24);
}

TEST(Einsum, RefusesHostileEquations) {
  const Tensor x = counted({2, 3});
  const auto refused = [&](const std::string& text) {
    return refusal_of("Einsum", {x}, equation(text));
  };
  EXPECT_EQ(refused("ij,jk->ik"), "equation has 2 terms for 1 inputs");
  EXPECT_EQ(refused("i1"), "equation has the character 0x31, expected letters and ellipses");
  EXPECT_EQ(refused("ij->ij->i"), "equation has the character 0x2d, expected letters and ellipses");
  EXPECT_EQ(refused(std::string("i\0", 2)),
            "equation has the character 0x00, expected letters and ellipses");
  EXPECT_EQ(refused("i\xc3\xa9"), "equation has the character 0xc3, expected letters and ellipses");
  EXPECT_EQ(refused("..ij"), "equation has the character 0x2e, expected letters and ellipses");
  EXPECT_EQ(refused("...i...j"), "equation has two ellipses in one term");
  EXPECT_EQ(refused("ij->ii"), "equation has 'i' twice in the output");
  EXPECT_EQ(refused("ij->iZ"), "equation has 'Z' in the output alone");
  EXPECT_EQ(refused("ij->i,j"), "equation has the character 0x2c, expected letters and ellipses");
  EXPECT_EQ(refused("...j->j"), "equation has an ellipsis in the inputs, but none in the output");
  EXPECT_EQ(refused("ii"), "'i' stands for extents 2 and 3 of input 0");
  EXPECT_EQ(refused("ijk"), "input 0 has shape [2,3], but its term of the equation has 3 letters");
  EXPECT_EQ(refused(""), "input 0 has shape [2,3], but its term of the equation has 0 letters");
  EXPECT_EQ(refused("...abc"),
            "input 0 has shape [2,3], but its term of the equation has 3 letters");
  EXPECT_EQ(refusal_of("Einsum", {x, x}, equation("ij,jk")), "'j' stands for extents 3 and 2");
  EXPECT_EQ(refusal_of("Einsum", {x, counted({3})}, equation("...,...")),
            "the ellipsis stands for 1 axes of input 1, but 2 of another");
  EXPECT_EQ(refusal_of("Einsum", {x, counted({2})}, equation("i...,...")),
            "an axis of the ellipsis stands for extents 3 and 2");
  const std::vector<Tensor> many(65, Tensor::scalar(1.0F));
  EXPECT_EQ(refusal_of("Einsum", many, equation(std::string(64, ','))),
            "65 inputs, at most 64 are accepted");
}

TEST(Einsum, RefusesWhatIsTooLarge) {
  const Tensor wide = Tensor::zeros(DataType::kFloat32, {1 << 20});
  EXPECT_NE(refusal_of("Einsum", {wide, wide, wide}, equation("a,b,c->abc")), "ok");
}

}  // namespace
}  // namespace lathe::ops
