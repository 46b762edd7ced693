// One good call of each operator on text. Those on sequences and optionals take or make what is no
// tensor, or take anything; sequence_test.cc damages their operands.
#pragma once

#include <string>
#include <vector>

#include "ops/operator_case.h"

namespace lathe::ops {

inline std::vector<OperatorCase> sequences_cases() {
  using ir::Tensor;
  using Ints = std::vector<std::int64_t>;
  const Tensor words = Tensor::from_values<std::string>({3}, {"a b", "", "c"});
  return {
      {"StringConcat", {words, Tensor::from_values<std::string>({2, 1}, {"x", "y"})}},
      {"StringNormalizer",
       {words},
       {{"case_change_action", std::string("UPPER")},
        {"stopwords", std::vector<std::string>{"C"}}}},
      {.op = "StringSplit", .inputs = {words}, .outputs = 2},
      {"RegexFullMatch", {words}, {{"pattern", std::string("a.*|c")}}},
      {"TfIdfVectorizer",
       {Tensor::from_values<std::int64_t>({2, 3}, {1, 2, 3, 3, 2, 1})},
       {{"mode", std::string("TFIDF")},
        {"min_gram_length", std::int64_t{1}},
        {"max_gram_length", std::int64_t{2}},
        {"max_skip_count", std::int64_t{1}},
        {"ngram_counts", Ints{0, 1}},
        {"ngram_indexes", Ints{2, 0}},
        {"pool_int64s", Ints{3, 1, 2}}}},
  };
}

}  // namespace lathe::ops
