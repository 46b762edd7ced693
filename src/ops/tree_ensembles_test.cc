// Decision trees: what they say, and what is wrong with them.
#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

#include "ir/domains.h"
#include "ops/evaluate.h"
#include "ops/infer_shapes.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;
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

// x[0] <= 0 ends at node 5, all else at node 7.
ir::AttributeMap one_split() {
  return {
      {"nodes_treeids", Ints{2, 2, 2}},     {"nodes_nodeids", Ints{3, 5, 7}},
      {"nodes_featureids", Ints{0, 0, 0}},  {"nodes_modes", Words{"BRANCH_LEQ", "LEAF", "LEAF"}},
      {"nodes_values", Floats{0, 0, 0}},    {"nodes_truenodeids", Ints{5, 0, 0}},
      {"nodes_falsenodeids", Ints{7, 0, 0}}};
}

ir::AttributeMap regressor() {
  return with(one_split(), {{"target_treeids", Ints{2, 2}},
                            {"target_nodeids", Ints{5, 7}},
                            {"target_ids", Ints{0, 0}},
                            {"target_weights", Floats{0.5F, -2}},
                            {"n_targets", std::int64_t{1}}});
}

// Weights of one class alone.
ir::AttributeMap classifier(float low, float high) {
  return with(one_split(), {{"class_treeids", Ints{2, 2}},
                            {"class_nodeids", Ints{5, 7}},
                            {"class_ids", Ints{0, 0}},
                            {"class_weights", Floats{low, high}},
                            {"classlabels_int64s", Ints{4, 9}}});
}

const Tensor kSamples = reals({3, 1}, {-1, 0, 2});

TEST(TreeEnsembleRegressor, GoesDownToALeaf) {
  EXPECT_THAT(run("TreeEnsembleRegressor", kSamples, regressor())->at(0).to_floats(),
              ElementsAre(0.5F, 0.5F, -2));
  const auto compared = [&](const char* mode) {
    const Tensor x = reals({4, 1}, {-1, 0, 1, NAN});
    return run("TreeEnsembleRegressor", x,
               with(regressor(), {{"nodes_modes", Words{mode, "LEAF", "LEAF"}},
                                  {"target_weights", Floats{1, 0}}}))
        ->at(0)
        .to_floats();
  };
  EXPECT_THAT(compared("BRANCH_LEQ"), ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(compared("BRANCH_LT"), ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(compared("BRANCH_GTE"), ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(compared("BRANCH_GT"), ElementsAre(0, 0, 1, 0));
  EXPECT_THAT(compared("BRANCH_EQ"), ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(compared("BRANCH_NEQ"), ElementsAre(1, 0, 1, 0)) << "what is missing is false";
  EXPECT_THAT(run("TreeEnsembleRegressor", reals({1, 1}, {NAN}),
                  with(regressor(), {{"nodes_missing_value_tracks_true", Ints{1, 0, 0}}}))
                  ->at(0)
                  .to_floats(),
              ElementsAre(0.5F));
}

TEST(TreeEnsembleRegressor, JoinsAllWeightsOfALeaf) {
  const auto joined = [](const char* how) {
    return run("TreeEnsembleRegressor", reals({1, 1}, {-1}),
               with(regressor(), {{"aggregate_function", std::string(how)},
                                  {"target_treeids", Ints{2, 2, 2}},
                                  {"target_nodeids", Ints{5, 7, 5}},
                                  {"target_ids", Ints{0, 0, 0}},
                                  {"target_weights", Floats{1, 9, -3}},
                                  {"n_targets", std::int64_t{2}},
                                  {"base_values", Floats{10, 20}}}))
        ->at(0)
        .to_floats();
  };
  EXPECT_THAT(joined("SUM"), ElementsAre(8, 20));
  EXPECT_THAT(joined("AVERAGE"), ElementsAre(8, 20)) << "there is one tree";
  EXPECT_THAT(joined("MIN"), ElementsAre(7, 20));
  EXPECT_THAT(joined("MAX"), ElementsAre(11, 20)) << "a target without weights has 0";
}

TEST(TreeEnsembleRegressor, TransformsOneTargetToo) {
  const auto one = run("TreeEnsembleRegressor", kSamples,
                       with(regressor(), {{"post_transform", std::string("LOGISTIC")},
                                          {"target_weights", Floats{0, 100}}}));
  EXPECT_THAT(one->at(0).to_floats(), ElementsAre(0.5F, 0.5F, 1));
}

TEST(TreeEnsembleRegressor, WithoutTrees) {
  EXPECT_THAT(run("TreeEnsembleRegressor", kSamples,
                  {{"n_targets", std::int64_t{1}}, {"base_values", Floats{3}}})
                  ->at(0)
                  .to_floats(),
              ElementsAre(3, 3, 3));
}

TEST(TreeEnsembleRegressor, RefusesWhatIsNoTree) {
  const auto refusal = [](const ir::AttributeMap& changes) {
    return error_of("TreeEnsembleRegressor", kSamples, with(regressor(), changes));
  };
  EXPECT_EQ(refusal({{"nodes_modes", Words{"LEAF"}}}),
            "nodes_modes has 1 values, but nodes_nodeids has 3: expected as many");
  EXPECT_EQ(refusal({{"nodes_missing_value_tracks_true", Ints{1}}}),
            "nodes_missing_value_tracks_true has 1 values, but nodes_nodeids has 3: expected as "
            "many");
  EXPECT_EQ(refusal({{"nodes_nodeids", Ints{3, 5, 5}}}), "node 5 of tree 2 is there twice");
  EXPECT_EQ(refusal({{"nodes_truenodeids", Ints{INT64_MIN, 0, 0}}}),
            "node 3 of tree 2 leads to node -9223372036854775808, which its tree does not have");
  EXPECT_EQ(refusal({{"nodes_truenodeids", Ints{7, 0, 0}}}), "tree 2 has two roots, nodes 3 and 5");
  EXPECT_EQ(refusal({{"nodes_truenodeids", Ints{3, 0, 0}}}), "tree 2 leads in a circle");
  EXPECT_EQ(refusal({{"nodes_modes", Words{"BRANCH_LEQ", "BRANCH_LT", "BRANCH_LT"}},
                     {"nodes_truenodeids", Ints{5, 7, 5}},
                     {"nodes_falsenodeids", Ints{7, 7, 5}}}),
            "tree 2 leads in a circle");
  EXPECT_EQ(refusal({{"nodes_modes", Words{"BRANCH_MEMBER", "LEAF", "LEAF"}}}),
            "nodes_modes has 'BRANCH_MEMBER', expected LEAF, BRANCH_LEQ, BRANCH_LT, BRANCH_GTE, "
            "BRANCH_GT, BRANCH_EQ or BRANCH_NEQ");
  EXPECT_EQ(refusal({{"nodes_featureids", Ints{-1, 0, 0}}}), "node 3 of tree 2 tests feature -1");
  EXPECT_EQ(refusal({{"nodes_featureids", Ints{1, 0, 0}}}),
            "nodes_featureids has 1, but samples have 1 features");
  EXPECT_EQ(refusal({{"nodes_featureids", Ints{INT64_MAX, 0, 0}}}),
            "nodes_featureids has 9223372036854775807, but samples have 1 features");
  EXPECT_EQ(refusal({{"target_nodeids", Ints{5, 6}}}),
            "a weight is for node 6 of tree 2, which is not there");
  EXPECT_EQ(refusal({{"target_nodeids", Ints{5, 5}}}), "node 7 of tree 2, a leaf, has no weight");
  EXPECT_EQ(refusal({{"target_ids", Ints{0, 1}}}), "target_ids has the value 1, expected 0 to 0");
  EXPECT_EQ(refusal({{"target_weights", Floats{1}}}),
            "target_weights has 1 values, but target_nodeids has 2: expected as many");
  EXPECT_EQ(refusal({{"target_weights_as_tensor", reals({2}, {1, 2})}}),
            "target_weights and target_weights_as_tensor are both given");
  EXPECT_EQ(refusal({{"nodes_values", Floats{}},
                     {"nodes_values_as_tensor", Tensor::vector_int64(Ints{1, 2, 3})}}),
            "nodes_values_as_tensor is int64, expected floating point");
  EXPECT_EQ(refusal({{"n_targets", std::int64_t{0}}}), "n_targets is 0, expected 1 or more");
  EXPECT_EQ(refusal({{"base_values", Floats{1, 2}}}),
            "base_values has 2 values, expected none or 1");
  EXPECT_EQ(refusal({{"aggregate_function", std::string("sum")}}),
            "aggregate_function is 'sum', expected AVERAGE, SUM, MIN or MAX");
  EXPECT_EQ(refusal({{"post_transform", std::string("none")}}),
            "post_transform is 'none', expected NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT");
  EXPECT_EQ(error_of("TreeEnsembleRegressor", reals({3}, {1, 2, 3}), regressor()),
            "input 0 (X) has shape [3], expected [samples,features]");
  EXPECT_EQ(refusal({{"target_treeids", Ints{2, 2, 2}},
                     {"target_nodeids", Ints{5, 7, 3}},
                     {"target_ids", Ints{0, 0, 0}},
                     {"target_weights", Floats{0.5F, -2, 100}}}),
            "no error")
      << "a weight of an inner node does not count";
  EXPECT_FALSE(
      run("TreeEnsembleRegressor", kSamples, with(regressor(), {{"n_targets", INT64_MAX}})).ok());
}

// A chain as long as a file can have it, without recursion.
TEST(TreeEnsembleRegressor, DeepTrees) {
  constexpr std::int64_t kDepth = 200'000;
  const auto count = static_cast<std::size_t>(2 * kDepth + 1);
  Ints ids(count);
  Ints if_true(count, 0);
  Ints if_false(count, 0);
  Ints leaves;
  Words modes(count, "LEAF");
  for (std::size_t i = 0; i < count; ++i) {
    ids[i] = static_cast<std::int64_t>(i);
    if (i % 2 == 0 && i + 2 < count) {
      modes[i] = "BRANCH_LT";
      if_true[i] = ids[i] + 1;
      if_false[i] = ids[i] + 2;
    } else {
      leaves.push_back(ids[i]);
    }
  }
  // In any order.
  const ir::AttributeMap deep{{"nodes_treeids", Ints(count, 0)},
                              {"nodes_nodeids", ids},
                              {"nodes_featureids", Ints(count, 0)},
                              {"nodes_modes", modes},
                              {"nodes_values", Floats(count, 0)},
                              {"nodes_truenodeids", if_true},
                              {"nodes_falsenodeids", if_false},
                              {"target_treeids", Ints(leaves.size(), 0)},
                              {"target_nodeids", leaves},
                              {"target_ids", Ints(leaves.size(), 0)},
                              {"target_weights", Floats(leaves.size(), 2)},
                              {"n_targets", std::int64_t{1}}};
  EXPECT_THAT(run("TreeEnsembleRegressor", kSamples, deep)->at(0).to_floats(),
              ElementsAre(2, 2, 2));
}

TEST(TreeEnsembleClassifier, OneSetOfWeightsForTwoClasses) {
  const auto positive = *run("TreeEnsembleClassifier", kSamples, classifier(0.25F, 0.75F), 2);
  EXPECT_THAT(positive[0].to_int64s(), ElementsAre(4, 4, 9)) << "more than half";
  EXPECT_THAT(positive[1].to_floats(), ElementsAre(0.75F, 0.25F, 0.75F, 0.25F, 0.25F, 0.75F));
  const auto mixed = *run("TreeEnsembleClassifier", kSamples, classifier(-0.25F, 0.25F), 2);
  EXPECT_THAT(mixed[0].to_int64s(), ElementsAre(4, 4, 9)) << "more than nothing";
  EXPECT_THAT(mixed[1].to_floats(), ElementsAre(0.25F, -0.25F, 0.25F, -0.25F, -0.25F, 0.25F));
  const auto transformed =
      *run("TreeEnsembleClassifier", kSamples,
           with(classifier(0, 100), {{"post_transform", std::string("LOGISTIC")}}), 2);
  EXPECT_THAT(transformed[1].to_floats(), ElementsAre(0.5F, 0.5F, 0.5F, 0.5F, 0, 1));
  const auto second = *run("TreeEnsembleClassifier", kSamples,
                           with(classifier(0.25F, 0.75F), {{"class_ids", Ints{1, 1}}}), 2);
  EXPECT_THAT(second[1].to_floats(), ElementsAre(0, 0.25F, 0, 0.25F, 0, 0.75F));
  const auto based = *run("TreeEnsembleClassifier", kSamples,
                          with(classifier(-1, 1), {{"base_values", Floats{2}}}), 2);
  EXPECT_THAT(based[0].to_int64s(), ElementsAre(9, 9, 9));
  EXPECT_THAT(based[1].to_floats(), ElementsAre(-1, 1, -1, 1, -3, 3));
}

TEST(TreeEnsembleClassifier, TopClass) {
  const ir::AttributeMap both =
      with(classifier(0, 0), {{"class_treeids", Ints{2, 2, 2, 2}},
                              {"class_nodeids", Ints{5, 7, 5, 7}},
                              {"class_ids", Ints{0, 0, 1, 1}},
                              {"class_weights", Floats{0.75F, 0.25F, 0.25F, 0.25F}}});
  const auto votes = *run("TreeEnsembleClassifier", kSamples, both, 2);
  EXPECT_THAT(votes[0].to_int64s(), ElementsAre(4, 4, 4)) << "of equal ones the first";
  EXPECT_THAT(votes[1].to_floats(), ElementsAre(0.75F, 0.25F, 0.75F, 0.25F, 0.25F, 0.25F));
  const auto named = *run("TreeEnsembleClassifier", kSamples,
                          with(both, {{"classlabels_int64s", Ints{}},
                                      {"classlabels_strings", Words{"a", "b"}},
                                      {"base_values", Floats{0, 0.25F}}}),
                          2);
  EXPECT_THAT(named[0].data<std::string>(), ElementsAre("a", "a", "b"));
  const auto only = *run("TreeEnsembleClassifier", kSamples,
                         with(classifier(-1, 1), {{"classlabels_int64s", Ints{6}}}), 2);
  EXPECT_THAT(only[0].to_int64s(), ElementsAre(0, 0, 6));
  EXPECT_THAT(only[1].to_floats(), ElementsAre(-1, -1, 1));
}

// Half of ten trees, whose floats add up to more than half in double precision.
TEST(TreeEnsembleClassifier, DecidesAsPreciselyAsItAnswers) {
  ir::AttributeMap attributes;
  Ints trees;
  Floats weights;
  for (std::int64_t i = 0; i < 10; ++i) {
    trees.push_back(i);
    weights.push_back(i < 5 ? 0.1F : 0);
  }
  const Ints zeros(10, 0);
  attributes = {{"nodes_treeids", trees},      {"nodes_nodeids", zeros},
                {"nodes_featureids", zeros},   {"nodes_modes", Words(10, "LEAF")},
                {"nodes_values", Floats(10)},  {"nodes_truenodeids", zeros},
                {"nodes_falsenodeids", zeros}, {"class_treeids", trees},
                {"class_nodeids", zeros},      {"class_ids", zeros},
                {"class_weights", weights},    {"classlabels_int64s", Ints{0, 1}}};
  const auto votes = *run("TreeEnsembleClassifier", reals({1, 1}, {0}), attributes, 2);
  EXPECT_THAT(votes[1].to_floats(), ElementsAre(0.5F, 0.5F));
  EXPECT_THAT(votes[0].to_int64s(), ElementsAre(0));
}

TEST(TreeEnsembleClassifier, Refuses) {
  const auto refusal = [](const ir::AttributeMap& changes) {
    return error_of("TreeEnsembleClassifier", kSamples, with(classifier(1, 2), changes), 2);
  };
  EXPECT_EQ(refusal({{"classlabels_int64s", Ints{}}}),
            "classlabels_int64s and classlabels_strings are both empty, expected one of them");
  EXPECT_EQ(refusal({{"classlabels_strings", Words{"a"}}}),
            "classlabels_int64s and classlabels_strings are both given, expected one of them");
  EXPECT_EQ(refusal({{"class_ids", Ints{0, 2}}}), "class_ids has the value 2, expected 0 to 1");
  EXPECT_EQ(refusal({{"class_ids", Ints{0, 1}}, {"base_values", Floats{1}}}),
            "base_values has 1 values, expected none or 2");
}

// x[0] < 1 is a leaf, all else looks whether x[1] is 2 or 3; and a tree that is a leaf.
ir::AttributeMap ensemble() {
  return {{"n_targets", std::int64_t{2}},
          {"tree_roots", Ints{0, 2}},
          {"nodes_featureids", Ints{0, 1, 0}},
          {"nodes_modes", Tensor::from_values<std::uint8_t>({3}, {1, 6, 0})},
          {"nodes_splits", reals({3}, {1, 0, 0})},
          {"nodes_truenodeids", Ints{0, 1, 3}},
          {"nodes_trueleafs", Ints{1, 1, 1}},
          {"nodes_falsenodeids", Ints{1, 2, 3}},
          {"nodes_falseleafs", Ints{0, 1, 1}},
          {"membership_values", reals({3}, {2, 3, NAN})},
          {"leaf_targetids", Ints{0, 1, 1, 0}},
          {"leaf_weights", reals({4}, {1, 2, 4, 8})}};
}

TEST(TreeEnsemble, TreesByPosition) {
  const Tensor x = reals({4, 2}, {0, 2, 1, 2, 1, 4, NAN, NAN});
  EXPECT_THAT(run("TreeEnsemble", x, ensemble())->at(0).to_floats(),
              ElementsAre(9, 0, 8, 2, 8, 4, 8, 4));
  EXPECT_THAT(run("TreeEnsemble", x,
                  with(ensemble(), {{"nodes_missing_value_tracks_true", Ints{0, 1, 0}},
                                    {"aggregate_function", std::int64_t{0}}}))
                  ->at(0)
                  .to_floats(),
              ElementsAre(4.5F, 0, 4, 1, 4, 2, 4, 1));
  const auto softmax =
      run("TreeEnsemble", x, with(ensemble(), {{"post_transform", std::int64_t{1}}}));
  EXPECT_NEAR(softmax->at(0).to_floats()[2], 1 / (1 + std::exp(-6.0F)), 1e-6F) << "1 is SOFTMAX";
}

TEST(TreeEnsemble, Refuses) {
  const Tensor x = reals({1, 2}, {0, 2});
  const auto refusal = [&](const ir::AttributeMap& changes) {
    return error_of("TreeEnsemble", x, with(ensemble(), changes));
  };
  EXPECT_EQ(refusal({{"nodes_truenodeids", Ints{4, 1, 3}}}),
            "nodes_truenodeids[0] is 4, but there are 4 leaves");
  EXPECT_EQ(refusal({{"nodes_falsenodeids", Ints{-1, 2, 3}}}),
            "nodes_falsenodeids[0] is -1, but there are 3 nodes");
  EXPECT_EQ(refusal({{"nodes_falsenodeids", Ints{0, 2, 3}}}),
            "node 0 is reached on two ways, expected trees");
  EXPECT_EQ(refusal({{"tree_roots", Ints{0, 1, 2}}}),
            "node 1 is reached on two ways, expected trees");
  EXPECT_EQ(refusal({{"tree_roots", Ints{0}}}), "node 2 is reached from no root");
  EXPECT_EQ(refusal({{"tree_roots", Ints{3}}}),
            "tree_roots has the value 3, but there are 3 nodes");
  EXPECT_EQ(refusal({{"membership_values", reals({0}, {})}}),
            "membership_values has no members for node 1");
  EXPECT_EQ(refusal({{"membership_values", reals({4}, {2, NAN, 3, NAN})}}),
            "membership_values has more sets than there are nodes to test for them");
  EXPECT_EQ(refusal({{"nodes_modes", Tensor::from_values<std::uint8_t>({3}, {1, 7, 0})}}),
            "nodes_modes has the value 7, expected 0 to 6");
  EXPECT_EQ(refusal({{"nodes_modes", Tensor::vector_int64(Ints{1, 6, 0})}}),
            "nodes_modes is int64, expected uint8");
  EXPECT_EQ(refusal({{"nodes_splits", Tensor::zeros(DataType::kFloat64, {3})}}),
            "nodes_splits is float64, but input 0 (X) is float32: both must be of one type");
  EXPECT_EQ(refusal({{"leaf_weights", reals({3}, {1, 2, 4})}}),
            "leaf_weights has 3 values, but leaf_targetids has 4: expected as many");
  EXPECT_EQ(refusal({{"leaf_targetids", Ints{0, 1, 1, 2}}}),
            "leaf_targetids has the value 2, expected 0 to 1");
  EXPECT_EQ(refusal({{"aggregate_function", std::int64_t{4}}}),
            "aggregate_function is 4, expected 0 to 3");
  EXPECT_EQ(refusal({{"post_transform", std::int64_t{-1}}}),
            "post_transform is -1, expected 0 to 4");
  EXPECT_EQ(refusal({{"nodes_featureids", Ints{0, 2, 0}}}),
            "nodes_featureids has 2, but samples have 2 features");
}

TEST(TreeEnsembles, ShapesThatAreNotKnownYet) {
  const auto types = [](std::string_view op, const ir::AttributeMap& attributes,
                        const std::optional<ir::Shape>& shape, std::size_t outputs) {
    ir::Graph g;
    ir::Node node{"n", std::string(ir::kMlDomain), std::string(op), {}, {}, attributes};
    node.inputs.push_back(g.add_input("x", {DataType::kFloat32, shape}));
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
  EXPECT_EQ(types("TreeEnsembleRegressor", regressor(), free, 1), "float32[N,1] ");
  EXPECT_EQ(types("TreeEnsembleRegressor", regressor(), std::nullopt, 1), "float32[?,1] ");
  EXPECT_EQ(types("TreeEnsembleClassifier", classifier(1, 2), free, 2), "int64[N] float32[N,2] ");
  EXPECT_EQ(types("TreeEnsemble", ensemble(), free, 1), "float32[N,2] ");
}

}  // namespace
}  // namespace lathe::ops
