#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/infer_shapes.h"
#include "ops/run_operator.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;
using Ints = std::vector<std::int64_t>;
using Words = std::vector<std::string>;

// 1-grams 2 and 3, 2-grams (5, 4) and (3, 2).
ir::AttributeMap attributes(ir::AttributeMap changes = {}) {
  ir::AttributeMap all{{"mode", std::string("TF")},
                       {"min_gram_length", std::int64_t{1}},
                       {"max_gram_length", std::int64_t{2}},
                       {"max_skip_count", std::int64_t{0}},
                       {"ngram_counts", Ints{0, 2}},
                       {"ngram_indexes", Ints{0, 1, 2, 3}},
                       {"pool_int64s", Ints{2, 3, 5, 4, 3, 2}}};
  for (auto& [name, value] : changes) all.insert_or_assign(name, std::move(value));
  return all;
}

const Tensor kRow = Tensor::vector_int64(Ints{3, 2, 3, 9, 2});

std::vector<float> counts(ir::AttributeMap changes = {}, const Tensor& x = kRow) {
  return run_floats("TfIdfVectorizer", {x}, attributes(std::move(changes)));
}

TEST(TfIdfVectorizer, CountsGrams) {
  EXPECT_THAT(counts(), ElementsAre(2, 2, 0, 1));
  EXPECT_THAT(counts({{"min_gram_length", std::int64_t{2}}}), ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(counts({{"max_gram_length", std::int64_t{1}}}), ElementsAre(2, 2, 0, 0));
  EXPECT_THAT(counts({{"max_gram_length", INT64_MAX}}), ElementsAre(2, 2, 0, 1));
  // (3, 2) is there at distances 1, 2 and 4; single tokens are counted once.
  EXPECT_THAT(counts({{"max_skip_count", std::int64_t{1}}}), ElementsAre(2, 2, 0, 2));
  EXPECT_THAT(counts({{"max_skip_count", INT64_MAX}}), ElementsAre(2, 2, 0, 3));
  EXPECT_THAT(counts({{"min_gram_length", INT64_MAX}, {"max_gram_length", INT64_MAX}}),
              ElementsAre(0, 0, 0, 0));
}

TEST(TfIdfVectorizer, WeighsByGram) {
  const std::vector<float> weights{0.5F, 3, 7, 10};
  const auto with = [&](const char* mode) {
    return counts(
        {{"mode", std::string(mode)}, {"weights", weights}, {"ngram_indexes", Ints{3, 2, 1, 0}}});
  };
  EXPECT_THAT(with("TF"), ElementsAre(1, 0, 2, 2));
  EXPECT_THAT(with("IDF"), ElementsAre(10, 0, 3, 0.5F));
  EXPECT_THAT(with("TFIDF"), ElementsAre(10, 0, 6, 1));
  EXPECT_THAT(counts({{"mode", std::string("IDF")}}), ElementsAre(1, 1, 0, 1));
  // Grams that share a column.
  EXPECT_THAT(counts({{"ngram_indexes", Ints{1, 1, 1, 1}}}), ElementsAre(0, 5));
}

TEST(TfIdfVectorizer, StringsAndShapes) {
  ir::AttributeMap text = attributes({{"pool_strings", Words{"2", "3", "5", "4", "3", "2"}}});
  text.erase("pool_int64s");
  const Tensor rows = Tensor::from_values<std::string>({2, 2}, {"3", "2", "", "5"});
  const auto y = run("TfIdfVectorizer", {rows}, text);
  ASSERT_TRUE(y.ok()) << y.error().message();
  EXPECT_EQ(y->dims(), (Ints{2, 4}));
  EXPECT_THAT(y->to_floats(), ElementsAre(1, 1, 0, 1, 0, 0, 0, 0));
  EXPECT_EQ(refusal_of("TfIdfVectorizer", {rows}, attributes()),
            "input 0 (X) is string[2,2], but the pool is of integers");
  EXPECT_EQ(refusal_of("TfIdfVectorizer", {kRow}, text),
            "input 0 (X) is int64[5], but the pool is of strings");
  EXPECT_EQ(refusal_of("TfIdfVectorizer", {Tensor::scalar(std::int64_t{2})}, attributes()),
            "input 0 (X) has shape [], expected [C] or [N,C]");
  EXPECT_EQ(run("TfIdfVectorizer", {Tensor::zeros(DataType::kInt32, {3, 0})}, attributes())->dims(),
            (Ints{3, 4}));
  EXPECT_EQ(run("TfIdfVectorizer", {Tensor::zeros(DataType::kInt32, {0, 3})}, attributes())->dims(),
            (Ints{0, 4}));

  ir::Graph g;
  const ir::ValueId x =
      g.add_input("x", {DataType::kInt64, ir::Shape{ir::Dim::symbol("N"), ir::Dim()}});
  g.set_outputs({g.add("TfIdfVectorizer", std::span(&x, 1), attributes())});
  ASSERT_TRUE(infer_shapes(g).ok());
  EXPECT_EQ(g.type(g.outputs()[0]).to_string(), "float32[N,4]");
}

TEST(TfIdfVectorizer, HostileAttributes) {
  const auto with = [](ir::AttributeMap changes) {
    return refusal_of("TfIdfVectorizer", {kRow}, attributes(std::move(changes)));
  };
  EXPECT_EQ(with({{"mode", std::string("tf")}}), "mode is 'tf', expected TF, IDF or TFIDF");
  EXPECT_EQ(with({{"min_gram_length", std::int64_t{0}}}),
            "min_gram_length is 0, expected 1 or more");
  EXPECT_EQ(with({{"max_gram_length", std::int64_t{-1}}}),
            "max_gram_length is -1, but min_gram_length is 1");
  EXPECT_EQ(with({{"max_skip_count", INT64_MIN}}),
            "max_skip_count is -9223372036854775808, expected 0 or more");
  EXPECT_EQ(with({{"ngram_counts", Ints{}}}), "ngram_counts is empty");
  EXPECT_EQ(with({{"ngram_counts", Ints{2, 0}}}),
            "ngram_counts has 0 behind 2, expected rising numbers up to 6, the size of the pool");
  EXPECT_EQ(with({{"ngram_counts", Ints{0, 7}}}),
            "ngram_counts has 6 behind 7, expected rising numbers up to 6, the size of the pool");
  EXPECT_EQ(with({{"ngram_counts", Ints{INT64_MIN, 2}}}),
            "ngram_counts has the value -9223372036854775808, expected 0 or more");
  EXPECT_EQ(with({{"ngram_counts", Ints{0, 1}}}), "ngram_counts leaves 5 items for n-grams of 2");
  EXPECT_EQ(with({{"ngram_indexes", Ints{0, 1, 2}}}), "ngram_indexes has 3 values for 4 n-grams");
  EXPECT_EQ(with({{"ngram_indexes", Ints{0, 1, 2, -1}}}),
            "ngram_indexes has the value -1, expected 0 to 1099511627775");
  EXPECT_EQ(with({{"ngram_indexes", Ints{0, 1, 2, INT64_MAX}}}),
            "ngram_indexes has the value 9223372036854775807, expected 0 to 1099511627775");
  EXPECT_THAT(with({{"ngram_indexes", Ints{0, 1, 2, std::int64_t{1} << 39}}}),
              HasSubstr("is larger than the limit"));
  EXPECT_EQ(with({{"weights", std::vector<float>{1, 2}}}),
            "weights has 2 values, ngram_indexes has 4");
  EXPECT_EQ(with({{"pool_strings", Words{"a"}}}), "needs either pool_int64s or pool_strings");
  EXPECT_EQ(with({{"pool_int64s", Ints{}}}), "needs either pool_int64s or pool_strings");
}

}  // namespace
}  // namespace lathe::ops
