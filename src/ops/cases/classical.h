// One good call of each operator of ai.onnx.ml that is on tensors alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/domains.h"
#include "ops/operator_case.h"

namespace lathe::ops {

inline std::vector<OperatorCase> classical_cases() {
  using ir::Tensor;
  using Floats = std::vector<float>;
  using Ints = std::vector<std::int64_t>;
  using Words = std::vector<std::string>;
  const Tensor samples = Tensor::from_values<float>({3, 2}, {-1, 0.5F, 1, 2, 0, -2});
  const Tensor numbers = Tensor::from_values<std::int64_t>({2, 2}, {1, 2, 3, 4});
  const Tensor words = Tensor::from_values<std::string>({3}, {"a", "b", "c"});
  const ir::AttributeMap tree{
      {"nodes_treeids", Ints{0, 0, 0}},      {"nodes_nodeids", Ints{0, 1, 2}},
      {"nodes_featureids", Ints{1, 0, 0}},   {"nodes_modes", Words{"BRANCH_LEQ", "LEAF", "LEAF"}},
      {"nodes_values", Floats{0.25F, 0, 0}}, {"nodes_truenodeids", Ints{1, 0, 0}},
      {"nodes_falsenodeids", Ints{2, 0, 0}}};
  const auto with = [](ir::AttributeMap attributes, const ir::AttributeMap& more) {
    attributes.insert(more.begin(), more.end());
    return attributes;
  };
  const ir::AttributeMap votes{{"class_treeids", Ints{0, 0}},
                               {"class_nodeids", Ints{1, 2}},
                               {"class_ids", Ints{0, 1}},
                               {"class_weights", Floats{1, 2}},
                               {"classlabels_strings", Words{"no", "yes"}}};
  const ir::AttributeMap targets{{"target_treeids", Ints{0, 0}},
                                 {"target_nodeids", Ints{1, 2}},
                                 {"target_ids", Ints{0, 0}},
                                 {"target_weights", Floats{1, 2}},
                                 {"n_targets", std::int64_t{1}}};
  const ir::AttributeMap ensemble{{"n_targets", std::int64_t{2}},
                                  {"tree_roots", Ints{0}},
                                  {"nodes_featureids", Ints{1}},
                                  {"nodes_modes", Tensor::from_values<std::uint8_t>({1}, {0})},
                                  {"nodes_splits", Tensor::from_values<float>({1}, {0.25F})},
                                  {"nodes_truenodeids", Ints{0}},
                                  {"nodes_trueleafs", Ints{1}},
                                  {"nodes_falsenodeids", Ints{1}},
                                  {"nodes_falseleafs", Ints{1}},
                                  {"leaf_targetids", Ints{0, 1}},
                                  {"leaf_weights", Tensor::from_values<float>({2}, {1, 2})}};
  const ir::AttributeMap vectors{{"kernel_type", std::string("RBF")},
                                 {"kernel_params", Floats{0.5F, 0, 3}},
                                 {"support_vectors", Floats{1, 2, -1, 0.5F, 0, 0}},
                                 {"coefficients", Floats{0.5F, 1, -1}},
                                 {"rho", Floats{0.25F}}};
  std::vector<OperatorCase> cases{
      {"ArrayFeatureExtractor",
       {samples, Tensor::from_values<std::int64_t>({1, 2}, {1, 0})},
       {},
       ir::kMlDomain},
      {"Binarizer", {samples}, {{"threshold", 0.25F}}, ir::kMlDomain},
      {"CategoryMapper",
       {words},
       {{"cats_int64s", Ints{5, 6}}, {"cats_strings", Words{"a", "c"}}},
       ir::kMlDomain},
      {"FeatureVectorizer", {samples, samples}, {{"inputdimensions", Ints{2, 1}}}, ir::kMlDomain},
      {"Imputer", {samples}, {{"imputed_value_floats", Floats{7, 8}}}, ir::kMlDomain},
      {"LabelEncoder",
       {numbers},
       {{"keys_int64s", Ints{1, 3}}, {"values_strings", Words{"one", "three"}}},
       ir::kMlDomain},
      {.op = "LinearClassifier",
       .inputs = {samples},
       .attributes = {{"coefficients", Floats{1, 2, -1, 0.5F, 0, 3}},
                      {"intercepts", Floats{0, 1, -1}},
                      {"classlabels_ints", Ints{3, 1, 2}}},
       .domain = ir::kMlDomain,
       .outputs = 2},
      {"LinearRegressor", {samples}, {{"coefficients", Floats{1, 2}}}, ir::kMlDomain},
      {"Normalizer", {samples}, {{"norm", std::string("L2")}}, ir::kMlDomain},
      {"OneHotEncoder", {numbers}, {{"cats_int64s", Ints{1, 2, 3, 4}}}, ir::kMlDomain},
      {.op = "SVMClassifier",
       .inputs = {samples},
       .attributes =
           with(vectors, {{"vectors_per_class", Ints{2, 1}}, {"classlabels_ints", Ints{4, 5}}}),
       .domain = ir::kMlDomain,
       .outputs = 2},
      {"SVMRegressor", {samples}, with(vectors, {{"n_supports", std::int64_t{3}}}), ir::kMlDomain},
      {"Scaler", {samples}, {{"offset", Floats{1, 2}}, {"scale", Floats{0.5F, 2}}}, ir::kMlDomain},
      {"TreeEnsemble", {samples}, ensemble, ir::kMlDomain},
      {.op = "TreeEnsembleClassifier",
       .inputs = {samples},
       .attributes = with(tree, votes),
       .domain = ir::kMlDomain,
       .outputs = 2},
      {"TreeEnsembleRegressor", {samples}, with(tree, targets), ir::kMlDomain}};
  return cases;
}

}  // namespace lathe::ops
