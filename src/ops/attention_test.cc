// Attention and what goes with it: RotaryEmbedding, CausalConvWithState, LinearAttention,
// Attention, FlexAttention.
#include <climits>
#include <cmath>
#include <gmock/gmock.h>

#include "ops/infer_operator.h"
#include "ops/run_operator.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Tensor;
using testing::Each;
using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;
using Ints = std::vector<std::int64_t>;

const Dim kB = Dim::symbol("B");
const Dim kS = Dim::symbol("S");
const InferredInput kOpen(DataType::kFloat32, std::nullopt);

ir::Attribute number(std::int64_t value) { return value; }

TEST(RotaryEmbedding, TurnsPairs) {
  // One head of four elements at two places, turned by 0 and by a quarter.
  const Tensor x = floats({1, 2, 4}, {1, 2, 3, 4, 1, 2, 3, 4});
  const Tensor cos = floats({2, 2}, {1, 1, 0, 0});
  const Tensor sin = floats({2, 2}, {0, 0, 1, 1});
  const auto at = [&](std::int64_t first, std::int64_t second, std::int64_t interleaved) {
    return run_floats("RotaryEmbedding", {x, cos, sin, ints({1, 2}, {first, second})},
                      {{"num_heads", number(1)}, {"interleaved", number(interleaved)}});
  };
  EXPECT_THAT(at(0, 1, 0), ElementsAre(1, 2, 3, 4, -3, -4, 1, 2));
  EXPECT_THAT(at(1, 0, 1), ElementsAre(-2, 1, -4, 3, 1, 2, 3, 4));
  // Two heads, of which the first pair is turned.
  EXPECT_THAT(run_floats("RotaryEmbedding",
                         {floats({1, 2, 1, 4}, {1, 2, 3, 4, 5, 6, 7, 8}), floats({1, 1, 1}, {0}),
                          floats({1, 1, 1}, {1})},
                         {{"rotary_embedding_dim", number(2)}}),
              ElementsAre(-2, 1, 3, 4, -6, 5, 7, 8));
}

TEST(RotaryEmbedding, InfersAndRefuses) {
  const ir::Shape x{kB, 3, kS, 8};
  EXPECT_EQ(inferred("RotaryEmbedding", {x, kOpen, kOpen}), "float32[B,3,S,8]");
  EXPECT_EQ(inferred("RotaryEmbedding", {x, ir::Shape{kB, kS, 4}, ir::Shape{kB, kS, 3}}),
            "input 2 (sin_cache) has shape [B,S,3], expected [batch_size,sequence_length,4]");
  EXPECT_EQ(inferred("RotaryEmbedding", {x, ir::Shape{9, 4}, kOpen}),
            "input 1 (cos_cache) has shape [9,4], expected [batch_size,sequence_length,4]");
  EXPECT_EQ(inferred("RotaryEmbedding", {ir::Shape{kB, kS, 9}, kOpen, kOpen}),
            "num_heads is missing, which inputs of rank 3 need");
  EXPECT_EQ(
      inferred("RotaryEmbedding", {ir::Shape{kB, kS, 9}, kOpen, kOpen}, {{"num_heads", number(2)}}),
      "hidden_size is 9, expected a multiple of 2 heads");
  EXPECT_EQ(
      inferred("RotaryEmbedding", {ir::Shape{kB, kS, 9}, kOpen, kOpen}, {{"num_heads", number(3)}}),
      "heads have 3 elements, expected an even number");
  for (const std::int64_t rotated : {std::int64_t{-2}, std::int64_t{3}, std::int64_t{10}}) {
    EXPECT_EQ(
        inferred("RotaryEmbedding", {x, kOpen, kOpen}, {{"rotary_embedding_dim", number(rotated)}}),
        fmt::format("rotary_embedding_dim is {}, expected an even number up to 8", rotated));
  }
  const auto at = [](std::int64_t position) {
    return refusal_of("RotaryEmbedding", {floats({1, 1, 1, 2}, {1, 2}), floats({3, 1}, {1, 2, 3}),
                                          floats({3, 1}, {1, 2, 3}), ints({1, 1}, {position})});
  };
  EXPECT_EQ(at(3), "position_ids has the value 3, expected 0 to 2");
  EXPECT_EQ(at(-1), "position_ids has the value -1, expected 0 to 2");
}

TEST(CausalConvWithState, LooksBack) {
  const Tensor x = floats({1, 1, 3}, {1, 2, 3});
  const Tensor w = floats({1, 1, 3}, {100, 10, 1});
  auto made = *run_all("CausalConvWithState", {x, w}, {}, "", 2);
  EXPECT_THAT(made[0].to_floats(), ElementsAre(1, 12, 123));
  EXPECT_THAT(made[1].to_floats(), ElementsAre(2, 3));
  made = *run_all("CausalConvWithState",
                  {floats({1, 1, 1}, {3}), w, floats({1}, {0.5F}), floats({1, 1, 2}, {1, 2})}, {},
                  "", 2);
  EXPECT_THAT(made[0].to_floats(), ElementsAre(123.5F));
  EXPECT_THAT(made[1].to_floats(), ElementsAre(2, 3));
  made = *run_all("CausalConvWithState", {floats({1, 1, 2}, {0, -1e30F}), w},
                  {{"activation", std::string("silu")}}, "", 2);
  EXPECT_THAT(made[0].to_floats(), ElementsAre(0, 0));
}

TEST(CausalConvWithState, InfersAndRefuses) {
  const ir::Shape x{kB, 3, kS};
  const auto with = [&](const InferredInput& w, const InferredInput& past,
                        const char* activation = "none") {
    return inferred("CausalConvWithState", {x, w, {}, past},
                    {{"activation", std::string(activation)}}, 2);
  };
  EXPECT_EQ(with(ir::Shape{3, 1, 4}, {}), "float32[B,3,S] float32[B,3,3]");
  EXPECT_EQ(with(kOpen, ir::Shape{2, 3, 5}), "float32[2,3,S] float32[2,3,5]");
  EXPECT_EQ(with(ir::Shape{3, 1, kB}, {}), "float32[B,3,S] float32[B,3,B-1]");
  EXPECT_EQ(with(ir::Shape{3, 1, 0}, {}),
            "input 1 (weight) has shape [3,1,0], expected a kernel of one element or more");
  EXPECT_EQ(with(ir::Shape{3, 2, 4}, {}), "input 1 (weight) has shape [3,2,4], expected [3,1,k]");
  EXPECT_EQ(with(ir::Shape{3, 1, 4}, ir::Shape{2, 3, 4}),
            "input 3 (past_state) has shape [2,3,4], expected [batch_size,3,3]");
  EXPECT_EQ(with(kOpen, {}, "relu"), "activation is 'relu', expected one of none, silu and swish");
}

// One head whose vectors have one element: the state is a number.
std::vector<Tensor> remember(const char* rule, const Tensor& decay, const Tensor& beta) {
  return *run_all("LinearAttention",
                  {floats({1, 2, 1}, {1, 2}), floats({1, 2, 1}, {1, 3}), floats({1, 2, 1}, {5, 7}),
                   floats({1, 1, 1, 1}, {10}), decay, beta},
                  {{"q_num_heads", number(1)},
                   {"kv_num_heads", number(1)},
                   {"update_rule", std::string(rule)},
                   {"scale", 0.5F}},
                  "", 2);
}

TEST(LinearAttention, UpdatesItsState) {
  const Tensor decay = floats({1, 2, 1}, {0, static_cast<float>(std::log(2.0))});
  const Tensor beta = floats({1, 2, 1}, {1, 0.5F});
  auto made = remember("linear", {}, {});
  EXPECT_THAT(made[0].to_floats(), ElementsAre(7.5F, 36)) << "states 15, 36";
  EXPECT_THAT(made[1].to_floats(), ElementsAre(36));
  made = remember("gated", decay, {});
  EXPECT_THAT(made[0].to_floats(), Pointwise(FloatNear(1e-4F), {7.5F, 51.0F})) << "15, 51";
  made = remember("delta", {}, beta);
  EXPECT_THAT(made[0].to_floats(), ElementsAre(2.5F, -7)) << "10 + 5 - 10, 5 + 1.5 * (7 - 15)";
  made = remember("gated_delta", decay, beta);
  EXPECT_THAT(made[0].to_floats(), Pointwise(FloatNear(1e-4F), {2.5F, -24.5F}))
      << "5, 10 + 1.5 * (7 - 30)";
}

TEST(LinearAttention, InfersAndRefuses) {
  const ir::AttributeMap heads{{"q_num_heads", number(4)},
                               {"kv_num_heads", number(2)},
                               {"update_rule", std::string("linear")}};
  const auto with = [&](std::vector<InferredInput> inputs, ir::AttributeMap changed = {}) {
    changed.insert(heads.begin(), heads.end());
    return inferred("LinearAttention", inputs, std::move(changed), 2);
  };
  const ir::Shape q{kB, kS, 12};
  const ir::Shape k{kB, kS, 6};
  const ir::Shape v{kB, kS, 10};
  EXPECT_EQ(with({q, k, v}), "float32[B,S,20] float32[B,2,3,5]");
  EXPECT_EQ(with({kOpen, k, kOpen}), "float32[B,S,?] float32[B,2,3,?]");
  EXPECT_EQ(with({q, k, v, {DataType::kFloat16, ir::Shape{2, 2, 3, 5}}}),
            "float32[2,S,20] float16[2,2,3,5]");
  EXPECT_EQ(with({q, v, v}), "heads of queries have 3 elements, those of keys 5");
  EXPECT_EQ(with({q, k, v, ir::Shape{2, 2, 3, 4}}),
            "input 3 (past_state) has shape [2,2,3,4], expected [batch_size,2,3,5]");
  EXPECT_EQ(with({q, k, v}, {{"q_num_heads", number(3)}}),
            "there are 3 heads of queries, expected a multiple of the 2 of keys");
  EXPECT_EQ(with({q, k, v}, {{"kv_num_heads", number(0)}}), "kv_num_heads is 0");
  EXPECT_EQ(with({q, k, v}, {{"q_num_heads", number(INT64_MAX)}}),
            "q_num_heads is 9223372036854775807");
  EXPECT_EQ(with({q, k, v}, {{"update_rule", std::string("gated")}}),
            "input 4 (decay) is missing, which update_rule 'gated' needs");
  EXPECT_EQ(with({q, k, v, {}, ir::Shape{kB, kS, 3}}, {{"update_rule", std::string("gated")}}),
            "input 4 (decay) has shape [B,S,3], expected 2 or 6 in the end");
  EXPECT_EQ(with({q, k, v}, {{"update_rule", std::string("x")}}),
            "update_rule is 'x', expected one of linear, gated, delta and gated_delta");
}

// Keys without length look all alike: each query gets the mean of the values that it sees, which
// are 1, 2, 4 and 8.
class Seen {
 public:
  explicit Seen(std::int64_t queries) : queries_(queries) {}
  Tensor mask;
  Tensor valid;
  ir::AttributeMap attributes;

  [[nodiscard]] Result<std::vector<Tensor>> run() const {
    return run_all("Attention",
                   {Tensor::zeros(DataType::kFloat32, {1, 1, queries_, 2}),
                    Tensor::zeros(DataType::kFloat32, {1, 1, 4, 2}),
                    floats({1, 1, 4, 1}, {1, 2, 4, 8}),
                    mask,
                    {},
                    {},
                    valid},
                   attributes);
  }
  [[nodiscard]] std::vector<float> means() const {
    const auto made = run();
    EXPECT_TRUE(made.ok()) << made.error().message();
    return made->at(0).to_floats();
  }
  [[nodiscard]] std::string refusal() const {
    const auto made = run();
    return made.ok() ? "ok" : made.error().message();
  }

 private:
  std::int64_t queries_;
};

TEST(Attention, SeesWhatMasksLeave) {
  EXPECT_THAT(Seen(2).means(), ElementsAre(3.75F, 3.75F));
  Seen masked(2);
  masked.mask = truths({2, 4}, {true, false, true, false, false, false, false, true});
  EXPECT_THAT(masked.means(), ElementsAre(2.5F, 8));
  masked.mask = truths({2, 3}, {true, false, true, false, false, false});
  EXPECT_THAT(masked.means(), ElementsAre(2.5F, 0)) << "it ends early, and hides a whole row";
  masked.mask = floats({1, 4}, {0, -INFINITY, 0, static_cast<float>(std::log(2.0))});
  EXPECT_THAT(masked.means(), Pointwise(FloatNear(1e-5F), {5.25F, 5.25F}));
  masked.mask = Tensor::from_values<std::int64_t>({1, 1, 2, 4}, {0, 0, 0, 0, 0, 99, 0, 0});
  EXPECT_THAT(masked.means(), ElementsAre(3.75F, 2));
}

TEST(Attention, LooksBackAndAhead) {
  Seen causal(4);
  causal.attributes = {{"is_causal", number(1)}};
  EXPECT_THAT(causal.means(), Pointwise(FloatNear(1e-5F), {1.0F, 1.5F, 7.0F / 3, 3.75F}));
  causal.attributes["left_window_size"] = number(1);
  EXPECT_THAT(causal.means(), ElementsAre(1, 1.5F, 3, 6));
  causal.attributes = {{"left_window_size", number(0)}, {"right_window_size", number(1)}};
  EXPECT_THAT(causal.means(), ElementsAre(1.5F, 3, 6, 8));
  causal.attributes = {{"left_window_size", number(INT64_MAX)},
                       {"right_window_size", number(INT64_MAX)}};
  EXPECT_THAT(causal.means(), Each(3.75F));
  // With fewer keys than queries the first queries see none.
  causal.attributes = {{"is_causal", number(1)}};
  causal.valid = ints({1}, {2});
  EXPECT_THAT(causal.means(), ElementsAre(0, 0, 1, 1.5F));
  causal.attributes = {{"left_window_size", number(0)}};
  EXPECT_THAT(causal.means(), ElementsAre(1.5F, 1.5F, 1.5F, 2));
}

TEST(Attention, AppendsToTheCache) {
  const auto made = run_all("Attention",
                            {Tensor::zeros(DataType::kFloat32, {1, 2, 2}),
                             Tensor::zeros(DataType::kFloat32, {1, 2, 1}),
                             floats({1, 2, 1}, {4, 8}),
                             {},
                             Tensor::zeros(DataType::kFloat32, {1, 1, 1, 1}),
                             floats({1, 1, 1, 1}, {1})},
                            {{"q_num_heads", number(2)},
                             {"kv_num_heads", number(1)},
                             {"is_causal", number(1)},
                             {"qk_matmul_output_mode", number(3)}},
                            "", 4);
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_THAT(made->at(0).dims(), ElementsAre(1, 2, 2));
  EXPECT_THAT(made->at(0).to_floats(),
              Pointwise(FloatNear(1e-5F), {2.5F, 2.5F, 13.0F / 3, 13.0F / 3}));
  EXPECT_THAT(made->at(2).dims(), ElementsAre(1, 1, 3, 1));
  EXPECT_THAT(made->at(2).to_floats(), ElementsAre(1, 4, 8));
  EXPECT_THAT(made->at(3).dims(), ElementsAre(1, 2, 2, 3));
  EXPECT_FLOAT_EQ(made->at(3).to_floats()[0], 0.5F);
  EXPECT_EQ(made->at(3).to_floats()[2], 0);
}

// What is hidden may be anything.
TEST(Attention, HiddenValuesAddNothing) {
  const auto y = run("Attention", {floats({1, 1, 1, 1}, {0}),
                                   floats({1, 1, 2, 1}, {0, NAN}),
                                   floats({1, 1, 2, 1}, {3, NAN}),
                                   {},
                                   {},
                                   {},
                                   ints({1}, {1})});
  ASSERT_TRUE(y.ok());
  EXPECT_TRUE(std::isnan(y->to_floats()[0])) << "but a score that is no number hides all";
  EXPECT_THAT(run_floats("Attention", {floats({1, 1, 1, 1}, {0}),
                                       floats({1, 1, 2, 1}, {0, 0}),
                                       floats({1, 1, 2, 1}, {3, NAN}),
                                       {},
                                       {},
                                       {},
                                       ints({1}, {1})}),
              ElementsAre(3));
}

TEST(Attention, Infers) {
  const ir::Shape q{kB, 4, kS, 6};
  const ir::Shape k{kB, 2, 5, 6};
  const ir::Shape v{kB, 2, 5, 7};
  EXPECT_EQ(inferred("Attention", {q, k, v}, {}, 4),
            "float32[B,4,S,7] float32[B,2,5,6] float32[B,2,5,7] float32[B,4,S,5]");
  EXPECT_EQ(inferred("Attention",
                     {q, k, {DataType::kFloat16, v}, {}, kOpen, {DataType::kFloat16, std::nullopt}},
                     {}, 4),
            "float32[B,4,S,7] float32[B,2,?,6] float16[B,2,?,7] float32[B,4,S,?]");
  EXPECT_EQ(inferred("Attention", {q, k, v, {}, ir::Shape{3, 2, kS, 6}, kOpen}, {}, 2),
            "float32[3,4,S,7] float32[3,2,S+5,6]");
  EXPECT_EQ(inferred("Attention", {kOpen, kOpen, kOpen}, {}, 2), "float32[*] float32[?,?,?,?]");
  EXPECT_EQ(inferred("Attention", {ir::Shape{kB, kS, 12}, kOpen, ir::Shape{kB, 5, 8}},
                     {{"q_num_heads", number(4)}, {"kv_num_heads", number(2)}}, 4),
            "float32[B,S,16] float32[B,2,5,3] float32[B,2,5,4] float32[B,4,S,5]");
}

TEST(Attention, Refuses) {
  const ir::Shape q{2, 4, 3, 6};
  const ir::Shape k{2, 2, 5, 6};
  const auto with = [&](const InferredInput& mask, ir::AttributeMap attributes = {}) {
    return inferred("Attention", {q, k, k, mask}, std::move(attributes));
  };
  EXPECT_EQ(with(ir::Shape{3, 6}),
            "input 3 (attn_mask) has shape [3,6], which cannot be broadcast to [2,4,3,5]");
  EXPECT_EQ(with(ir::Shape{2, 5}),
            "input 3 (attn_mask) has shape [2,5], which cannot be broadcast to [2,4,3,5]");
  EXPECT_EQ(with(ir::Shape{1, 1, 1, 1, 1}),
            "input 3 (attn_mask) has shape [1,1,1,1,1], which cannot be broadcast to [2,4,3,5]");
  EXPECT_EQ(with({}, {{"q_num_heads", number(3)}}),
            "input 0 (Q) has shape [2,4,3,6], expected "
            "[batch_size,3,q_sequence_length,head_size]");
  EXPECT_EQ(with({}, {{"softcap", -1.0F}}), "softcap is -1");
  EXPECT_EQ(with({}, {{"softmax_precision", number(7)}}),
            "softmax_precision is 7, expected 1, 10, 11 or 16");
  EXPECT_EQ(with({}, {{"qk_matmul_output_mode", number(4)}}),
            "qk_matmul_output_mode is 4, expected 0 to 3");
  EXPECT_EQ(with({}, {{"left_window_size", number(-2)}}),
            "left_window_size is -2, expected -1 or more");
  EXPECT_EQ(with({}, {{"right_window_size", number(INT64_MIN)}}),
            "right_window_size is -9223372036854775808, expected -1 or more");
  EXPECT_EQ(inferred("Attention", {q, ir::Shape{2, 3, 5, 6}, kOpen}),
            "there are 4 heads of queries, expected a multiple of the 3 of keys");
  EXPECT_EQ(inferred("Attention", {q, k, ir::Shape{2, 2, 4, 6}}),
            "input 2 (V) has shape [2,2,4,6], expected [2,2,5,v_head_size]");
  EXPECT_EQ(inferred("Attention", {ir::Shape{2, 3}, kOpen, kOpen}),
            "input 0 (Q) has shape [2,3], expected "
            "[batch_size,q_num_heads,q_sequence_length,head_size]");
  EXPECT_EQ(inferred("Attention", {ir::Shape{2, 3, 4}, kOpen, kOpen}),
            "q_num_heads is missing, which inputs of rank 3 need");
  EXPECT_EQ(inferred("Attention", {q, k, k, {}, k}),
            "past_key and past_value are not there together");
  EXPECT_EQ(inferred("Attention", {q, k, k, {}, k, k, {DataType::kInt64, ir::Shape{2}}}),
            "past_key and nonpad_kv_seqlen are there both");
  Seen hostile(1);
  hostile.valid = ints({1}, {5});
  EXPECT_EQ(hostile.refusal(), "nonpad_kv_seqlen has the value 5, expected 0 to 4");
  hostile.valid = ints({1}, {INT64_MIN});
  EXPECT_EQ(hostile.refusal(),
            "nonpad_kv_seqlen has the value -9223372036854775808, expected 0 to 4");
}

// Queries and keys without elements are as many as a file likes.
TEST(Attention, OfNothing) {
  const Tensor many = Tensor::zeros(DataType::kFloat32, {1, 1, 1 << 30, 0});
  const auto y = run("Attention", {many, many, many});
  ASSERT_TRUE(y.ok()) << y.error().message();
  EXPECT_EQ(y->num_elements(), 0);
  const std::int64_t heads = std::int64_t{1} << 31;
  EXPECT_EQ(inferred("Attention",
                     {ir::Shape{1, 0, heads}, ir::Shape{1, 0, 1}, ir::Shape{1, 0, heads << 19}},
                     {{"q_num_heads", number(heads)}, {"kv_num_heads", number(1)}}),
            "2147483648 heads of 1125899906842624 elements are too many");
}

ir::Subgraph modifier(std::string_view op, ir::AttributeMap attributes = {}) {
  ir::Graph body;
  const ir::ValueId scores = body.add_input("scores", {DataType::kFloat32, std::nullopt});
  body.set_outputs({body.add(op, std::vector{scores}, std::move(attributes), "changed")});
  return {std::make_shared<const ir::Graph>(std::move(body)), {}};
}

TEST(FlexAttention, GraphsChangeScoresAndProbabilities) {
  const std::vector<Tensor> inputs{floats({1, 2, 1, 1}, {1, -1}), floats({1, 1, 2, 1}, {0, 99}),
                                   floats({1, 1, 2, 1}, {2, 4})};
  const auto with = [&](ir::AttributeMap attributes) {
    return run_floats("FlexAttention", inputs, std::move(attributes), "ai.onnx.preview");
  };
  EXPECT_THAT(with({}), ElementsAre(4, 2));
  EXPECT_THAT(with({{"scale", 0.0F}}), ElementsAre(3, 3));
  EXPECT_THAT(with({{"score_mod", modifier("Abs")}}), ElementsAre(4, 4));
  EXPECT_THAT(with({{"scale", 0.0F}, {"prob_mod", modifier("Neg")}}), ElementsAre(-3, -3));
}

TEST(FlexAttention, InfersAndRefuses) {
  const ir::Shape q{kB, 4, kS, 6};
  const ir::Shape k{kB, 2, 5, 6};
  const auto with = [&](ir::AttributeMap attributes) {
    return inferred("FlexAttention", {q, k, k}, std::move(attributes), 1, "ai.onnx.preview");
  };
  EXPECT_EQ(with({{"score_mod", modifier("Relu")}}), "float32[B,4,S,6]");
  EXPECT_EQ(with({{"score_mod", modifier("Shape")}}),
            "score_mod: its graph makes int64[4] of float32[B,4,S,5], expected the same type");
  EXPECT_EQ(with({{"prob_mod", modifier("Transpose", {{"perm", Ints{0, 1, 3, 2}}})}}),
            "float32[B,4,S,6]")
      << "which may be of the same extents";
  EXPECT_THAT(with({{"prob_mod", modifier("Transpose", {{"perm", Ints{0, 3, 2, 1}}})}}),
              HasSubstr("prob_mod: its graph makes float32[B,5,S,4] of"));
  EXPECT_THAT(with({{"score_mod", modifier("Relu")}, {"softmax_precision", number(11)}}),
              HasSubstr("is declared float32[*], but comes out as float64"));
  EXPECT_EQ(with({{"softmax_precision", number(2)}}),
            "softmax_precision is 2, expected 1, 10, 11 or 16");
}

}  // namespace
}  // namespace lathe::ops
