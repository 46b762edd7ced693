// What Attention and FlexAttention share: one query at a time, in double precision.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "ops/attention_heads.h"

namespace lathe::ops {

// Attribute softmax_precision: nothing where it is absent.
Result<std::optional<ir::DataType>> softmax_precision(const Attributes& attributes);

// Attribute scale, or 1 / sqrt(head size) where it is absent.
double attention_scale(const Attributes& attributes, std::int64_t head_size);

// The products of queries and keys, times the scale. Several heads of queries may share one of
// keys: those that follow each other.
class AttentionProducts {
 public:
  // Keys have their heads apart; queries that do not pack `packed_heads`.
  AttentionProducts(const ir::Tensor& queries, std::int64_t packed_heads, const ir::Tensor& keys,
                    double scale);

  // The head of keys, and of values, that a head of queries looks at.
  [[nodiscard]] std::int64_t key_head(std::int64_t head) const {
    return head / (query_layout_.heads / key_layout_.heads);
  }
  // Those of one query: one for each key.
  void row(std::int64_t batch, std::int64_t head, std::int64_t query, std::span<double> row) const;

 private:
  ir::Tensor queries_;
  ir::Tensor keys_;
  HeadLayout query_layout_;
  HeadLayout key_layout_;
  double scale_;
};

// Rounded to the precision before and behind, where there is one.
void softmax_in_place(std::span<double> row, std::optional<ir::DataType> precision);

// The sum of values, each times its probability; those of probability 0 add nothing, whatever they
// are. Values are float64 with their heads apart.
void sum_values(std::span<const double> probabilities, const ir::Tensor& values, std::int64_t batch,
                std::int64_t head, std::span<double> sum);

}  // namespace lathe::ops
