// Operators of ai.onnx.ml that prepare features, and encode labels, categories and maps.
#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/domains.h"
#include "ops/evaluate.h"
#include "ops/infer_shapes.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Datum;
using ir::Tensor;
using ir::Type;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::NanSensitiveFloatEq;
using Floats = std::vector<float>;
using Ints = std::vector<std::int64_t>;
using Words = std::vector<std::string>;

Tensor reals(std::initializer_list<std::int64_t> dims, std::initializer_list<float> values) {
  return Tensor::from_values<float>(dims, values);
}
Tensor ints(std::initializer_list<std::int64_t> values) {
  return Tensor::vector_int64(std::span(values.begin(), values.size()));
}
Tensor words(std::initializer_list<std::string> values) {
  return Tensor::from_values<std::string>({static_cast<std::int64_t>(values.size())}, values);
}

Result<Values> run_values(std::string_view op, const std::vector<Datum>& inputs,
                          ir::AttributeMap attributes) {
  ir::Node node{"n", std::string(ir::kMlDomain), std::string(op), {}, {0}, std::move(attributes)};
  for (std::size_t i = 0; i < inputs.size(); ++i)
    node.inputs.push_back(static_cast<ir::ValueId>(i));
  return evaluate_node(node, inputs);
}

Result<Tensor> run(std::string_view op, const std::vector<Datum>& inputs,
                   ir::AttributeMap attributes = {}) {
  ASSIGN_OR_RETURN(const Values values, run_values(op, inputs, std::move(attributes)));
  return *values.at(0).tensor();
}

std::string error_of(std::string_view op, const std::vector<Datum>& inputs,
                     ir::AttributeMap attributes = {}) {
  const auto result = run_values(op, inputs, std::move(attributes));
  return result.ok() ? "no error" : result.error().message();
}

TEST(ArrayFeatureExtractor, SelectsAlongTheLastAxis) {
  const Tensor x = reals({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_THAT(run("ArrayFeatureExtractor", {x, ints({2, 0, 2})})->to_floats(),
              ElementsAre(3, 1, 3, 6, 4, 6));
  EXPECT_THAT(run("ArrayFeatureExtractor", {words({"a", "b"}), ints({1})})->dims(),
              ElementsAre(1, 1));
  EXPECT_THAT(run("ArrayFeatureExtractor", {x, ints({})})->dims(), ElementsAre(2, 0));
  EXPECT_THAT(
      run("ArrayFeatureExtractor", {Tensor::zeros(DataType::kInt32, {0, 3}), ints({1})})->dims(),
      ElementsAre(0, 1));
  EXPECT_EQ(error_of("ArrayFeatureExtractor", {x, ints({3})}),
            "index 3 is out of range for 3 features");
  EXPECT_EQ(error_of("ArrayFeatureExtractor", {x, ints({-1})}),
            "index -1 is out of range for 3 features");
  EXPECT_EQ(error_of("ArrayFeatureExtractor", {Tensor::scalar(1.0F), ints({0})}),
            "input 0 (X) is a scalar");
}

TEST(Binarizer, ComparesExactly) {
  EXPECT_THAT(run("Binarizer", {reals({4}, {-1, 0, 0.5F, NAN})})->to_floats(),
              ElementsAre(0, 0, 1, 0));
  const std::int64_t large = std::int64_t{1} << 60;
  EXPECT_THAT(
      run("Binarizer", {ints({large, large + 1, INT64_MIN})}, {{"threshold", std::ldexp(1.0F, 60)}})
          ->to_int64s(),
      ElementsAre(0, 1, 0));
  EXPECT_THAT(
      run("Binarizer", {ints({INT64_MIN, INT64_MAX})}, {{"threshold", -INFINITY}})->to_int64s(),
      ElementsAre(1, 1));
  EXPECT_THAT(run("Binarizer", {ints({INT64_MAX})}, {{"threshold", NAN}})->to_int64s(),
              ElementsAre(0));
  EXPECT_THAT(run("Binarizer", {ints({-1, 0})}, {{"threshold", -0.5F}})->to_int64s(),
              ElementsAre(0, 1));
}

TEST(LabelEncoder, MapsKeysToValues) {
  const ir::AttributeMap numbered{{"keys_strings", Words{"b", "a", "b"}},
                                  {"values_int64s", Ints{1, 2, 3}},
                                  {"default_int64", std::int64_t{-9}}};
  EXPECT_THAT(run("LabelEncoder", {words({"a", "b", ""})}, numbered)->to_int64s(),
              ElementsAre(2, 3, -9))
      << "of keys that repeat the last counts";
  EXPECT_THAT(run("LabelEncoder", {reals({3}, {NAN, -0.0F, INFINITY})},
                  {{"keys_floats", Floats{NAN, 0}}, {"values_strings", Words{"none", "zero"}}})
                  ->data<std::string>(),
              ElementsAre("none", "zero", "_Unused"));
  const Tensor keys = Tensor::from_values<double>({2}, {0.5, NAN});
  const Tensor values = Tensor::from_values<std::int16_t>({2}, {5, 6});
  const auto encoded = run("LabelEncoder", {Tensor::from_values<double>({3}, {NAN, 1, 0.5})},
                           {{"keys_tensor", keys}, {"values_tensor", values}});
  EXPECT_EQ(encoded->data_type(), DataType::kInt16);
  EXPECT_THAT(encoded->to_int64s(), ElementsAre(6, -1, 5));
}

TEST(LabelEncoder, Refuses) {
  const Tensor x = ints({1});
  const auto refusal = [&](const ir::AttributeMap& attributes) {
    return error_of("LabelEncoder", {x}, attributes);
  };
  EXPECT_EQ(refusal({{"keys_int64s", Ints{1}}}),
            "there is none of values_floats, values_int64s, values_strings and values_tensor, "
            "expected one");
  EXPECT_EQ(
      refusal({{"keys_int64s", Ints{1}}, {"values_int64s", Ints{1}}, {"values_floats", Floats{1}}}),
      "there are several of values_floats, values_int64s, values_strings and values_tensor, "
      "expected one");
  EXPECT_EQ(refusal({{"keys_int64s", Ints{1, 2}}, {"values_int64s", Ints{1}}}),
            "there are 2 keys, but 1 values: expected as many");
  EXPECT_EQ(refusal({{"keys_strings", Words{"a"}}, {"values_int64s", Ints{1}}}),
            "input 0 (X) is int64, but the keys are string");
  EXPECT_EQ(refusal({{"keys_tensor", Tensor::scalar<std::int64_t>(1)}, {"values_int64s", Ints{1}}}),
            "keys_tensor has shape [], expected a vector");
  EXPECT_EQ(refusal({{"keys_int64s", Ints{1}},
                     {"values_int64s", Ints{1}},
                     {"default_tensor", Tensor::scalar(1.0F)}}),
            "default_tensor is float32[], expected one int64");
  EXPECT_EQ(
      refusal({{"keys_int64s", Ints{1}}, {"values_tensor", Tensor::zeros(DataType::kUint8, {1})}}),
      "values of uint8 are not labels");
}

TEST(CategoryMapper, BothWays) {
  const ir::AttributeMap map{{"cats_int64s", Ints{3, 4}}, {"cats_strings", Words{"a", "b"}}};
  EXPECT_THAT(run("CategoryMapper", {words({"b", "c"})}, map)->to_int64s(), ElementsAre(4, -1));
  EXPECT_THAT(run("CategoryMapper", {ints({3, 5})}, map)->data<std::string>(),
              ElementsAre("a", "_Unused"));
  EXPECT_EQ(error_of("CategoryMapper", {ints({3})}, {{"cats_int64s", Ints{3}}}),
            "cats_int64s has 1 values, but cats_strings has 0: expected as many");
}

TEST(OneHotEncoder, MarksCategories) {
  const ir::AttributeMap two{{"cats_int64s", Ints{-1, 2}}};
  EXPECT_THAT(run("OneHotEncoder", {reals({4}, {-1.9F, 2, NAN, -INFINITY})}, two)->to_floats(),
              ElementsAre(1, 0, 0, 1, 0, 0, 0, 0));
  EXPECT_THAT(run("OneHotEncoder", {Tensor::zeros(DataType::kInt32, {2, 0, 3})}, two)->dims(),
              ElementsAre(2, 0, 3, 2));
  EXPECT_EQ(error_of("OneHotEncoder", {ints({2, 3})},
                     {{"cats_int64s", Ints{2}}, {"zeros", std::int64_t{0}}}),
            "element 1 is of no category, and zeros is 0");
  EXPECT_EQ(error_of("OneHotEncoder", {words({"a"})}, two),
            "input 0 (X) is string, but cats_int64s is given");
  EXPECT_EQ(error_of("OneHotEncoder", {ints({1})}),
            "cats_int64s and cats_strings are both empty, expected one of them");
}

TEST(Imputer, PutsValuesInPlace) {
  const Tensor x = reals({2, 2}, {0, NAN, NAN, 1});
  EXPECT_THAT(
      run("Imputer", {x}, {{"imputed_value_floats", Floats{5, 6}}, {"replaced_value_float", NAN}})
          ->to_floats(),
      ElementsAre(0, 6, 5, 1));
  EXPECT_THAT(run("Imputer", {x}, {{"imputed_value_floats", Floats{5}}})->to_floats(),
              ElementsAre(NanSensitiveFloatEq(5), NanSensitiveFloatEq(NAN),
                          NanSensitiveFloatEq(NAN), NanSensitiveFloatEq(1)));
  const Tensor small = Tensor::from_values<std::int32_t>({2}, {0, 1});
  EXPECT_THAT(run("Imputer", {small},
                  {{"imputed_value_int64s", Ints{7}}, {"replaced_value_int64", INT64_MIN}})
                  ->to_int64s(),
              ElementsAre(0, 1));
  EXPECT_EQ(error_of("Imputer", {small}, {{"imputed_value_int64s", Ints{INT64_MAX}}}),
            "imputed_value_int64s has 9223372036854775807, which does not fit int32");
  EXPECT_EQ(error_of("Imputer", {small}, {{"imputed_value_floats", Floats{1}}}),
            "input 0 (X) is int32, but imputed_value_floats is given");
  EXPECT_EQ(error_of("Imputer", {x}),
            "imputed_value_floats and imputed_value_int64s are both empty, expected one of them");
  EXPECT_EQ(error_of("Imputer", {x}, {{"imputed_value_floats", Floats{1, 2, 3}}}),
            "there are 3 imputed values, expected 1 or one for each feature of [2,2]");
}

TEST(Normalizer, DividesEachSample) {
  const Tensor x = reals({3, 2}, {-3, -1, 3, -4, 0, 0});
  EXPECT_THAT(run("Normalizer", {x})->to_floats(), ElementsAre(3, 1, 1, -4.0F / 3, 0, 0))
      << "by the largest as it is";
  EXPECT_THAT(run("Normalizer", {x}, {{"norm", std::string("L1")}})->to_floats(),
              ElementsAre(-0.75F, -0.25F, 3.0F / 7, -4.0F / 7, 0, 0));
  EXPECT_THAT(run("Normalizer", {ints({3, -4})}, {{"norm", std::string("L2")}})->to_floats(),
              ElementsAre(0.6F, -0.8F));
  EXPECT_EQ(error_of("Normalizer", {x}, {{"norm", std::string("l1")}}),
            "norm is 'l1', expected MAX, L1 or L2");
  EXPECT_EQ(error_of("Normalizer", {Tensor::scalar(1.0F)}),
            "input 0 (X) has shape [], expected [samples,features] or [features]");
  EXPECT_THAT(run("Normalizer", {Tensor::zeros(DataType::kFloat32, {2, 0})})->dims(),
              ElementsAre(2, 0));
}

TEST(Scaler, ShiftsThenScales) {
  const Tensor x = ints({1, 2});
  EXPECT_THAT(
      run("Scaler", {x}, {{"offset", Floats{1, 0}}, {"scale", Floats{3, 0.5F}}})->to_floats(),
      ElementsAre(0, 1));
  EXPECT_THAT(run("Scaler", {Tensor::scalar(3.0)}, {{"scale", Floats{2}}})->to_floats(),
              ElementsAre(6));
  EXPECT_THAT(run("Scaler", {x})->to_floats(), ElementsAre(1, 2));
  EXPECT_EQ(error_of("Scaler", {x}, {{"offset", Floats{1}}, {"scale", Floats{1, 2}}}),
            "offset has 1 values, but scale has 2: expected as many");
  EXPECT_EQ(error_of("Scaler", {x}, {{"offset", Floats{1, 2, 3}}}),
            "offset and scale have 3 values, expected 1 or one for each feature of [2]");
}

TEST(FeatureVectorizer, CutsAndPads) {
  const Tensor a = reals({2, 2}, {1, 2, 3, 4});
  const Tensor b = reals({2, 1}, {5, 6});
  EXPECT_THAT(run("FeatureVectorizer", {a, b}, {{"inputdimensions", Ints{1, 2}}})->to_floats(),
              ElementsAre(1, 5, 0, 3, 6, 0));
  EXPECT_THAT(run("FeatureVectorizer", {a, b})->to_floats(), ElementsAre(1, 2, 5, 3, 4, 6));
  EXPECT_THAT(run("FeatureVectorizer", {ints({1, 2}), ints({3})})->dims(), ElementsAre(1, 3));
  EXPECT_EQ(error_of("FeatureVectorizer", {a, b}, {{"inputdimensions", Ints{1}}}),
            "inputdimensions has 1 values, expected 2, one for each input");
  EXPECT_EQ(error_of("FeatureVectorizer", {a}, {{"inputdimensions", Ints{-1}}}),
            "inputdimensions has the value -1");
  EXPECT_EQ(error_of("FeatureVectorizer", {a, b}, {{"inputdimensions", Ints{INT64_MAX, 1}}}),
            "inputdimensions has the value 1");
  EXPECT_FALSE(run("FeatureVectorizer", {a}, {{"inputdimensions", Ints{INT64_MAX}}}).ok());
  EXPECT_EQ(error_of("FeatureVectorizer", {a, reals({1, 1}, {5})}),
            "input 1 (X) has 1 samples, but others have 2");
}

Datum::Map map_of(Tensor keys, DataType type, std::vector<Datum> values) {
  return {std::move(keys), Type(type, std::nullopt), std::move(values)};
}

TEST(ZipMap, MakesAMapOfEachSample) {
  const ir::AttributeMap labels{{"classlabels_strings", Words{"b", "a", "b"}}};
  const auto zipped = run_values("ZipMap", {reals({2, 3}, {1, 2, 3, 4, 5, 6})}, labels);
  const Datum::Sequence& sequence = *zipped->at(0).sequence();
  ASSERT_EQ(sequence.items.size(), 2U);
  EXPECT_EQ(zipped->at(0).type().to_string(), "seq(map(string,float32[*]))");
  const Datum::Map& second = *sequence.items[1].map();
  EXPECT_THAT(second.keys.data<std::string>(), ElementsAre("a", "b"));
  EXPECT_EQ(second.values[1].tensor()->get_double(0), 6) << "of keys that repeat the last counts";
  const auto one = run_values("ZipMap", {reals({1}, {3})}, {{"classlabels_int64s", Ints{7}}});
  EXPECT_THAT(one->at(0).sequence()->items.at(0).map()->keys.to_int64s(), ElementsAre(7));
  EXPECT_THAT(run_values("ZipMap", {Tensor::zeros(DataType::kFloat32, {0, 3})}, labels)
                  ->at(0)
                  .sequence()
                  ->items,
              IsEmpty());
  EXPECT_EQ(error_of("ZipMap", {reals({1, 2}, {1, 2})}, labels),
            "input 0 (X) has 2 columns, expected one for each of 3 labels");
  EXPECT_EQ(error_of("ZipMap", {reals({1, 2}, {1, 2})}),
            "classlabels_int64s and classlabels_strings are both empty, expected one of them");
}

TEST(CastMap, InTheOrderOfKeys) {
  const Datum::Map real =
      map_of(ints({5, 0, 2}), DataType::kFloat32,
             {Tensor::scalar(1.75F), Tensor::scalar(-2.5F), Tensor::scalar(NAN)});
  EXPECT_THAT(run("CastMap", {real}, {{"cast_to", std::string("TO_STRING")}})->data<std::string>(),
              ElementsAre("-2.500000", "nan", "1.750000"));
  const ir::AttributeMap sparse{{"map_form", std::string("SPARSE")},
                                {"cast_to", std::string("TO_INT64")}};
  const auto wide = [&](std::int64_t length) {
    ir::AttributeMap attributes = sparse;
    attributes.emplace("max_map", length);
    return attributes;
  };
  EXPECT_THAT(run("CastMap", {real}, wide(7))->to_int64s(), ElementsAre(-2, 0, 0, 0, 0, 1, 0));
  EXPECT_EQ(error_of("CastMap", {real}, wide(5)), "key 5 is out of range for max_map 5");
  EXPECT_EQ(error_of("CastMap", {real}, wide(0)), "max_map is 0, expected 1 or more");
  const Datum::Map text =
      map_of(ints({1, 0}), DataType::kString,
             {Tensor::scalar<std::string>("9007199254740993"), Tensor::scalar<std::string>("1e2")});
  EXPECT_THAT(run("CastMap", {text}, {{"cast_to", std::string("TO_INT64")}})->to_int64s(),
              ElementsAre(100, 9007199254740993));
  EXPECT_THAT(run("CastMap", {text})->dims(), ElementsAre(1, 2));
  const Datum::Map wrong =
      map_of(ints({3}), DataType::kString, {Tensor::scalar<std::string>("two")});
  EXPECT_EQ(error_of("CastMap", {wrong}), "the value of key 3: is 'two', which is no number");
  EXPECT_EQ(error_of("CastMap", {map_of(ints({3}), DataType::kFloat32, {ints({1, 2})})}),
            "the value of key 3 is no float32[*]");
  EXPECT_EQ(error_of("CastMap", {real}, {{"cast_to", std::string("TO_DOUBLE")}}),
            "cast_to is 'TO_DOUBLE', expected TO_FLOAT, TO_STRING or TO_INT64");
  EXPECT_EQ(error_of("CastMap", {real}, {{"map_form", std::string("dense")}}),
            "map_form is 'dense', expected DENSE or SPARSE");
  EXPECT_THAT(error_of("CastMap", {reals({1}, {1})}), HasSubstr("input 0 (X): is float32[1]"));
}

TEST(DictVectorizer, LooksTheVocabularyUp) {
  const Datum::Map map = map_of(words({"c", "a"}), DataType::kInt64,
                                {Tensor::scalar<std::int64_t>(7), Tensor::scalar<std::int64_t>(8)});
  const auto found =
      run("DictVectorizer", {map}, {{"string_vocabulary", Words{"a", "b", "c", "a"}}});
  EXPECT_THAT(found->dims(), ElementsAre(1, 4));
  EXPECT_THAT(found->to_int64s(), ElementsAre(8, 0, 7, 8));
  EXPECT_EQ(error_of("DictVectorizer", {map}, {{"int64_vocabulary", Ints{1}}}),
            "int64_vocabulary has 1 values and string_vocabulary 0, expected string_vocabulary "
            "alone");
  EXPECT_EQ(error_of("DictVectorizer", {map_of(words({"a"}), DataType::kInt64, {reals({1}, {1})})},
                     {{"string_vocabulary", Words{"a"}}}),
            "the value of key a is no int64[*]");
}

TEST(FeatureOperators, ShapesThatAreNotKnownYet) {
  const auto type = [](std::string_view op, const ir::AttributeMap& attributes,
                       std::vector<Type> inputs) {
    ir::Graph g;
    std::vector<ir::ValueId> ids;
    for (Type& input : inputs) ids.push_back(g.add_input("x", std::move(input)));
    g.set_outputs({g.add(op, ids, attributes, "n", ir::kMlDomain)});
    const Status inferred = infer_shapes(g);
    return inferred.ok() ? g.type(g.outputs()[0]).to_string() : inferred.error().message();
  };
  const Type free(DataType::kFloat32, ir::Shape{ir::Dim::symbol("N"), ir::Dim::symbol("F")});
  const Type unknown(DataType::kFloat32, std::nullopt);
  const Type two(DataType::kInt64, ir::Shape{1, 2});
  EXPECT_EQ(type("ArrayFeatureExtractor", {}, {free, two}), "float32[N,2]");
  EXPECT_EQ(type("ArrayFeatureExtractor", {}, {unknown, two}), "float32[*]");
  EXPECT_EQ(type("FeatureVectorizer", {}, {free, free}), "float32[N,2*F]");
  EXPECT_EQ(type("FeatureVectorizer", {{"inputdimensions", Ints{3}}}, {unknown}), "float32[?,3]");
  EXPECT_EQ(type("OneHotEncoder", {{"cats_int64s", Ints{1, 2}}}, {free}), "float32[N,F,2]");
  EXPECT_EQ(type("OneHotEncoder", {{"cats_int64s", Ints{1, 2}}}, {unknown}), "float32[*]");
  EXPECT_EQ(type("Scaler", {{"scale", Floats{1, 2}}}, {free}), "float32[N,F]");
  EXPECT_EQ(type("Imputer", {{"imputed_value_floats", Floats{1, 2}}}, {unknown}), "float32[*]");
  EXPECT_EQ(type("ZipMap", {{"classlabels_int64s", Ints{1, 2}}}, {unknown}),
            "seq(map(int64,float32[*]))");
  const Type map = Type::map(DataType::kInt64, Type(DataType::kString, std::nullopt));
  EXPECT_EQ(type("CastMap", {}, {map}), "float32[1,?]");
  EXPECT_EQ(type("DictVectorizer", {{"int64_vocabulary", Ints{1, 2}}}, {map}), "string[1,2]");
}

}  // namespace
}  // namespace lathe::ops
