// Linear models and support vectors, and the transforms of their scores.
#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/domains.h"
#include "ops/evaluate.h"
#include "ops/infer_shapes.h"
#include "ops/post_transform.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Tensor;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::FloatNear;
using Floats = std::vector<float>;
using Ints = std::vector<std::int64_t>;
using Words = std::vector<std::string>;

Tensor reals(std::initializer_list<std::int64_t> dims, std::initializer_list<float> values) {
  return Tensor::from_values<float>(dims, values);
}

ir::AttributeMap with(ir::AttributeMap attributes, const ir::AttributeMap& changes) {
  for (const auto& [key, value] : changes) attributes.insert_or_assign(key, value);
  return attributes;
}

Result<std::vector<Tensor>> run(std::string_view op, const Tensor& x, ir::AttributeMap attributes,
                                std::size_t outputs = 1) {
  ir::Node node{"n", std::string(ir::kMlDomain), std::string(op), {0}, {}, std::move(attributes)};
  for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(static_cast<ir::ValueId>(i));
  return evaluate_node(node, std::array{x});
}

std::string error_of(std::string_view op, const Tensor& x, ir::AttributeMap attributes,
                     std::size_t outputs = 1) {
  const auto result = run(op, x, std::move(attributes), outputs);
  return result.ok() ? "no error" : result.error().message();
}

const Tensor kSamples = reals({2, 2}, {1, 2, -1, 0});

TEST(PostTransform, OfScores) {
  const auto transformed = [](PostTransform transform, std::vector<double> scores) {
    apply_post_transform(transform, scores);
    return scores;
  };
  EXPECT_THAT(transformed(PostTransform::kNone, {3, -1}), ElementsAre(3, -1));
  EXPECT_THAT(transformed(PostTransform::kLogistic, {0, 1000, -1000}), ElementsAre(0.5, 1, 0));
  EXPECT_THAT(transformed(PostTransform::kSoftmax, {1000, 1000}), ElementsAre(0.5, 0.5));
  EXPECT_THAT(transformed(PostTransform::kSoftmaxZero, {2, 0, 2}), ElementsAre(0.5, 0, 0.5));
  const auto quantiles = transformed(PostTransform::kProbit, {0.5, 0.975, 0, 1, 2});
  EXPECT_EQ(quantiles[0], 0);
  EXPECT_THAT(quantiles[1], DoubleNear(1.96, 0.01));
  EXPECT_EQ(quantiles[2], -INFINITY);
  EXPECT_EQ(quantiles[3], INFINITY);
  EXPECT_TRUE(std::isnan(quantiles[4])) << "no probability";
  EXPECT_TRUE(std::isnan(transformed(PostTransform::kSoftmax, {NAN, 1})[1]));
  EXPECT_TRUE(transformed(PostTransform::kSoftmax, {}).empty());
}

TEST(PostTransform, OfTwoClassesWithOneScore) {
  EXPECT_THAT(two_class_scores(0.25, FirstClass::kComplement, PostTransform::kNone),
              ElementsAre(0.75, 0.25));
  EXPECT_THAT(two_class_scores(0.25, FirstClass::kOpposite, PostTransform::kNone),
              ElementsAre(-0.25, 0.25));
  EXPECT_THAT(two_class_scores(0, FirstClass::kComplement, PostTransform::kLogistic),
              ElementsAre(0.5, 0.5));
  EXPECT_THAT(two_class_scores(0, FirstClass::kComplement, PostTransform::kSoftmax),
              ElementsAre(0.5, 0.5));
  EXPECT_THAT(two_class_scores(0.5, FirstClass::kOpposite, PostTransform::kProbit),
              ElementsAre(0, 0));
}

TEST(LinearRegressor, TargetsSideBySide) {
  const ir::AttributeMap two{{"coefficients", Floats{1, 2, 3, 4}},
                             {"intercepts", Floats{10, 20}},
                             {"targets", std::int64_t{2}}};
  EXPECT_THAT(run("LinearRegressor", kSamples, two)->at(0).to_floats(), ElementsAre(15, 31, 9, 17));
  EXPECT_THAT(run("LinearRegressor", reals({2}, {1, 2}), two)->at(0).dims(), ElementsAre(1, 2));
  const auto refusal = [&](const ir::AttributeMap& changes) {
    return error_of("LinearRegressor", kSamples, with(two, changes));
  };
  EXPECT_EQ(refusal({{"targets", std::int64_t{0}}}), "targets is 0, expected 1 or more");
  EXPECT_EQ(refusal({{"targets", std::int64_t{3}}}),
            "coefficients has 4 values, expected as many for each of 3 targets");
  EXPECT_EQ(refusal({{"targets", INT64_MAX}}),
            "coefficients has 4 values, expected as many for each of 9223372036854775807 targets");
  EXPECT_EQ(refusal({{"intercepts", Floats{1}}}), "intercepts has 1 values, expected none or 2");
  EXPECT_EQ(refusal({{"coefficients", Floats{1, 2}}}),
            "samples have 2 features, but the attributes are for 1");
  EXPECT_EQ(error_of("LinearRegressor", reals({1, 1, 2}, {1, 2}), two),
            "input 0 (X) has shape [1,1,2], expected [samples,features] or [features]");
}

TEST(LinearClassifier, OneSetForEachClass) {
  const ir::AttributeMap three{{"coefficients", Floats{1, 0, 0, 1, 0, 0}},
                               {"intercepts", Floats{0, 0, 0.5F}},
                               {"classlabels_strings", Words{"a", "b", "c"}}};
  const auto classified = *run("LinearClassifier", kSamples, three, 2);
  EXPECT_THAT(classified[0].data<std::string>(), ElementsAre("b", "c"));
  EXPECT_THAT(classified[1].to_floats(), ElementsAre(1, 2, 0.5F, -1, 0, 0.5F));
  const auto no_intercepts =
      *run("LinearClassifier", kSamples, with(three, {{"intercepts", Floats{}}}), 2);
  EXPECT_THAT(no_intercepts[1].to_floats(), ElementsAre(1, 2, 0, -1, 0, 0));
  EXPECT_EQ(error_of("LinearClassifier", kSamples, with(three, {{"intercepts", Floats{1, 2}}}), 2),
            "intercepts has 2 values, but there are 3 classes");
  EXPECT_EQ(error_of("LinearClassifier", kSamples, with(three, {{"coefficients", Floats{1}}}), 2),
            "coefficients has 1 values, expected as many for each of 3 sets");
}

TEST(LinearClassifier, OneSetForTwoClasses) {
  const ir::AttributeMap two{{"coefficients", Floats{0.5F, 0}}, {"classlabels_ints", Ints{7, 8}}};
  for (const Floats& intercepts : {Floats{}, Floats{0}}) {
    const auto classified =
        *run("LinearClassifier", kSamples, with(two, {{"intercepts", intercepts}}), 2);
    EXPECT_THAT(classified[0].to_int64s(), ElementsAre(8, 7));
    EXPECT_THAT(classified[1].to_floats(), ElementsAre(0.5F, 0.5F, 1.5F, -0.5F));
  }
  const auto one =
      *run("LinearClassifier", kSamples, with(two, {{"classlabels_ints", Ints{7}}}), 2);
  EXPECT_THAT(one[0].to_int64s(), ElementsAre(7, 0));
  EXPECT_THAT(one[1].to_floats(), ElementsAre(0.5F, -0.5F));
  const auto named =
      *run("LinearClassifier", kSamples,
           {{"coefficients", Floats{0.5F, 0}}, {"classlabels_strings", Words{"a"}}}, 2);
  EXPECT_THAT(named[0].data<std::string>(), ElementsAre("a", "0"));
}

ir::AttributeMap regression() {
  return {{"kernel_type", std::string("LINEAR")}, {"support_vectors", Floats{1, 0, 0, 1}},
          {"coefficients", Floats{2, -1}},        {"rho", Floats{0.5F}},
          {"n_supports", std::int64_t{2}},        {"kernel_params", Floats{0.5F, 1, 2}}};
}

TEST(SvmRegressor, KernelsOfSupportVectors) {
  const auto scores = [](const char* kernel) {
    return run("SVMRegressor", kSamples, with(regression(), {{"kernel_type", std::string(kernel)}}))
        ->at(0)
        .to_floats();
  };
  EXPECT_THAT(scores("LINEAR"), ElementsAre(0.5F, -1.5F));
  EXPECT_THAT(scores("POLY"), ElementsAre(2 * 2.25F - 4 + 0.5F, 2 * 0.25F - 1 + 0.5F));
  EXPECT_THAT(scores("RBF")[0], FloatNear(2 * std::exp(-2.0F) - std::exp(-1.0F) + 0.5F, 1e-6F));
  EXPECT_THAT(scores("SIGMOID")[1], FloatNear(2 * std::tanh(0.5F) - std::tanh(1.0F) + 0.5F, 1e-6F));
  EXPECT_THAT(run("SVMRegressor", kSamples, with(regression(), {{"one_class", std::int64_t{1}}}))
                  ->at(0)
                  .to_floats(),
              ElementsAre(1, -1));
  const ir::AttributeMap features{{"n_supports", std::int64_t{0}}, {"support_vectors", Floats{}}};
  EXPECT_THAT(run("SVMRegressor", kSamples, with(regression(), features))->at(0).to_floats(),
              ElementsAre(0.5F, -1.5F));
}

TEST(SvmRegressor, Refuses) {
  const auto refusal = [](const ir::AttributeMap& changes) {
    return error_of("SVMRegressor", kSamples, with(regression(), changes));
  };
  EXPECT_EQ(refusal({{"kernel_type", std::string("rbf")}}),
            "kernel_type is 'rbf', expected LINEAR, POLY, RBF or SIGMOID");
  EXPECT_EQ(refusal({{"kernel_params", Floats{1}}}),
            "kernel_params has 1 values, expected gamma, coef0 and degree");
  EXPECT_EQ(refusal({{"rho", Floats{}}}), "rho is empty, expected a value");
  EXPECT_EQ(refusal({{"coefficients", Floats{}}}), "coefficients is empty");
  EXPECT_EQ(refusal({{"n_supports", INT64_MAX}}),
            "coefficients has 2 values, but n_supports is 9223372036854775807");
  EXPECT_EQ(refusal({{"support_vectors", Floats{1, 2, 3}}}),
            "support_vectors has 3 values, expected as many for each of 2");
  EXPECT_EQ(refusal({{"support_vectors", Floats{1, 2}}}),
            "samples have 2 features, but the attributes are for 1");
}

ir::AttributeMap classification() {
  return {{"support_vectors", Floats{1, 0, 0, 1}},
          {"coefficients", Floats{1, -1}},
          {"vectors_per_class", Ints{1, 1}},
          {"rho", Floats{0.5F}},
          {"classlabels_ints", Ints{3, 4}}};
}

TEST(SvmClassifier, PairsOfClasses) {
  // Decisions: 1 - 2 + 0.5 and -1 - 0 + 0.5.
  const auto two = *run("SVMClassifier", kSamples, classification(), 2);
  EXPECT_THAT(two[0].to_int64s(), ElementsAre(4, 4));
  EXPECT_THAT(two[1].to_floats(), ElementsAre(0.5F, -0.5F, 0.5F, -0.5F));
  const auto three = *run("SVMClassifier", kSamples,
                          {{"support_vectors", Floats{1, 0, 0, 1, 1, 1}},
                           {"coefficients", Floats{1, -1, 0, 0, 0, 1}},
                           {"vectors_per_class", Ints{1, 1, 1}},
                           {"rho", Floats{0, 1, -1, 99}},
                           {"classlabels_strings", Words{"a", "b", "c"}}},
                          2);
  // First against second: x0 - x1; first against third: 1; second against third: x0 + x1 - 1.
  EXPECT_THAT(three[1].to_floats(), ElementsAre(-1, 1, 2, -1, 1, -2));
  EXPECT_THAT(three[0].data<std::string>(), ElementsAre("b", "a"));
  const auto sure =
      *run("SVMClassifier", kSamples,
           with(classification(), {{"prob_a", Floats{-2}}, {"prob_b", Floats{0}}}), 2);
  EXPECT_THAT(sure[1].to_floats()[0], FloatNear(1 / (1 + std::exp(1.0F)), 0.01F));
  EXPECT_THAT(sure[1].to_floats()[0] + sure[1].to_floats()[1], FloatNear(1, 1e-6F));
}

TEST(SvmClassifier, WithoutSupportVectors) {
  const ir::AttributeMap linear{{"coefficients", Floats{1, 0, 0, 1}},
                                {"rho", Floats{0.5F}},
                                {"classlabels_ints", Ints{3, 4}},
                                {"kernel_type", std::string("RBF")}};
  const auto classified = *run("SVMClassifier", kSamples, linear, 2);
  EXPECT_THAT(classified[0].to_int64s(), ElementsAre(4, 4));
  EXPECT_THAT(classified[1].to_floats(), ElementsAre(1.5F, 2.5F, -0.5F, 0.5F));
}

TEST(SvmClassifier, Refuses) {
  const auto refusal = [](const ir::AttributeMap& changes) {
    return error_of("SVMClassifier", kSamples, with(classification(), changes), 2);
  };
  EXPECT_EQ(refusal({{"vectors_per_class", Ints{-1, 3}}}), "vectors_per_class has the value -1");
  EXPECT_EQ(refusal({{"vectors_per_class", Ints{INT64_MAX, 1}}}),
            "vectors_per_class has the value 1")
      << "their sum fits no int64";
  EXPECT_EQ(refusal({{"vectors_per_class", Ints{INT64_MAX}}}),
            "vectors_per_class has 1 values, but there are 2 classes");
  EXPECT_EQ(refusal({{"vectors_per_class", Ints{1, 2}}}),
            "support_vectors has 4 values, expected as many for each of 3");
  EXPECT_EQ(refusal({{"coefficients", Floats{1, 2, 3}}}),
            "coefficients has 3 values, expected 1 for each of 2 vectors");
  EXPECT_EQ(refusal({{"rho", Floats{}}}),
            "rho has 0 values, expected one for each of 1 pairs of classes");
  EXPECT_EQ(refusal({{"prob_a", Floats{1}}}),
            "prob_b has 0 values, expected one for each of 1 pairs of classes");
  EXPECT_EQ(refusal({{"classlabels_ints", Ints{3}}, {"vectors_per_class", Ints{2}}}),
            "there is 1 class, expected 2 or more");
  EXPECT_EQ(refusal({{"vectors_per_class", Ints{}}, {"coefficients", Floats{1}}}),
            "coefficients has 1 values, expected as many for each of 2 classes");
}

TEST(LinearModels, ShapesThatAreNotKnownYet) {
  const auto types = [](std::string_view op, const ir::AttributeMap& attributes,
                        const std::optional<ir::Shape>& shape, std::size_t outputs) {
    ir::Graph g;
    ir::Node node{"n", std::string(ir::kMlDomain), std::string(op), {}, {}, attributes};
    node.inputs.push_back(g.add_input("x", {DataType::kInt64, shape}));
    for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(g.add_value("y"));
    const auto ids = node.outputs;
    g.add_node(std::move(node));
    g.set_outputs(ids);
    const Status inferred = infer_shapes(g);
    EXPECT_TRUE(inferred.ok()) << inferred.error().message();
    std::string text;
    for (const ir::ValueId id : ids) text += g.type(id).to_string() + " ";
    return text;
  };
  const ir::Shape free{ir::Dim::symbol("N"), ir::Dim()};
  EXPECT_EQ(types("SVMClassifier", classification(), free, 2), "int64[N] float32[N,2] ");
  EXPECT_EQ(types("SVMRegressor", regression(), std::nullopt, 1), "float32[?,1] ");
  const ir::AttributeMap odd{{"coefficients", Floats{1, 2, 3}}, {"classlabels_ints", Ints{0, 1}}};
  EXPECT_EQ(types("LinearClassifier", odd, free, 2), "int64[N] float32[N,2] ");
}

}  // namespace
}  // namespace lathe::ops
