// Operators on strings: StringConcat, StringNormalizer, StringSplit, RegexFullMatch.
#include "ops/text.h"

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
using Dims = std::vector<std::int64_t>;
using Words = std::vector<std::string>;

Tensor words(const Words& values) {
  const std::int64_t count = std::ssize(values);
  return Tensor::from_values<std::string>(std::span(&count, 1), values);
}

Words texts_of(const Result<Tensor>& tensor) {
  if (!tensor.ok()) return {tensor.error().message()};
  const auto texts = tensor->data<std::string>();
  return {texts.begin(), texts.end()};
}

std::string inferred(std::string_view op, const ir::TensorType& type,
                     ir::AttributeMap attributes = {}) {
  ir::Graph g;
  const ir::ValueId x = g.add_input("x", type);
  g.set_outputs({g.add(op, std::span(&x, 1), std::move(attributes))});
  const Status status = infer_shapes(g);
  return status.ok() ? g.type(g.outputs()[0]).to_string() : status.error().message();
}

TEST(Text, CodePoints) {
  EXPECT_EQ(first_code_point("a").value, 'a');
  EXPECT_EQ(first_code_point("\u65e5x").bytes, 3U);
  for (const char* broken : {"\x80", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80"}) {
    EXPECT_EQ(first_code_point(broken).value, -1);
    EXPECT_EQ(first_code_point(broken).bytes, 1U);
  }
  EXPECT_TRUE(is_white_space(0x3000));
  EXPECT_FALSE(is_white_space(-1));
  EXPECT_FALSE(is_white_space(0x200B));
}

TEST(StringConcat, Broadcasts) {
  const Tensor column = Tensor::from_values<std::string>({2, 1}, {"x", "y"});
  const auto both = run("StringConcat", {words({"a", "b"}), column});
  EXPECT_THAT(texts_of(both), ElementsAre("ax", "bx", "ay", "by"));
  EXPECT_EQ(both->dims(), (Dims{2, 2}));
  EXPECT_THAT(refusal_of("StringConcat", {words({"a", "b"}), words({"a", "b", "c"})}),
              HasSubstr("cannot be broadcast together"));
}

TEST(StringConcat, MakesNoMoreTextThanFits) {
  const Tensor column = Tensor::zeros(DataType::kString, {10000, 1});
  const Tensor row = words(Words(10000));
  EXPECT_EQ(refusal_of("StringConcat", {column, row}), "string[10000,10000] is too much text");
  Tensor megabytes = words(Words(8));
  for (std::string& text : megabytes.mutable_data<std::string>()) text.assign(1 << 20, 'x');
  EXPECT_EQ(refusal_of("StringConcat", {Tensor::zeros(DataType::kString, {1000, 1}), megabytes}),
            "string[1000,8] is too much text");
}

TEST(StringNormalizer, ChangesCaseAndLeavesOutWords) {
  const Tensor x = words({"Monday", "tuesday", "", "Stra\u00dfe", "\u00c9\u03a9"});
  const auto with = [&](const char* action, const Words& stop, bool exact) {
    return texts_of(run("StringNormalizer", {x},
                        {{"case_change_action", std::string(action)},
                         {"stopwords", stop},
                         {"locale", std::string("nowhere")},
                         {"is_case_sensitive", std::int64_t{exact}}}));
  };
  EXPECT_THAT(with("UPPER", {}, false),
              ElementsAre("MONDAY", "TUESDAY", "", "STRA\u00dfE", "\u00c9\u03a9"));
  EXPECT_THAT(with("LOWER", {"MONDAY"}, false),
              ElementsAre("tuesday", "", "stra\u00dfe", "\u00e9\u03c9"));
  EXPECT_THAT(with("NONE", {"monday", "tuesday", "\u00c9\u03a9"}, true),
              ElementsAre("Monday", "", "Stra\u00dfe"));
  EXPECT_THAT(texts_of(run("StringNormalizer", {words({"a", "A"})}, {{"stopwords", Words{"a"}}})),
              ElementsAre(""));
  EXPECT_EQ(run("StringNormalizer", {Tensor::zeros(DataType::kString, {1, 0})})->dims(),
            (Dims{1, 1}));
}

TEST(StringNormalizer, TextThatIsNoUtf8) {
  const Tensor broken = words({"ok", "a\xff"});
  EXPECT_THAT(texts_of(run("StringNormalizer", {broken})), ElementsAre("ok", "a\xff"));
  EXPECT_EQ(
      refusal_of("StringNormalizer", {broken}, {{"case_change_action", std::string("LOWER")}}),
      "a string is not UTF-8 at byte 1");
  EXPECT_EQ(refusal_of("StringNormalizer", {broken}, {{"stopwords", Words{"x"}}}),
            "a string is not UTF-8 at byte 1");
  EXPECT_EQ(refusal_of("StringNormalizer", {words({"a"})}, {{"stopwords", Words{"\xc3"}}}),
            "stopwords: a string is not UTF-8 at byte 0");
  const auto exact = run("StringNormalizer", {broken},
                         {{"stopwords", Words{"a\xff"}}, {"is_case_sensitive", std::int64_t{1}}});
  EXPECT_THAT(texts_of(exact), ElementsAre("ok"));
}

TEST(StringNormalizer, ShapesAndRefusals) {
  const ir::Dim n = ir::Dim::symbol("N");
  const auto of = [](std::optional<ir::Shape> shape) {
    return inferred("StringNormalizer", {DataType::kString, std::move(shape)});
  };
  EXPECT_EQ(of(ir::Shape{3}), "string[?]");
  EXPECT_EQ(of(ir::Shape{n, 3}), "string[1,?]");
  EXPECT_EQ(of(std::nullopt), "string[*]");
  EXPECT_THAT(of(ir::Shape{}), HasSubstr("input 0 (X) has shape [], expected [C] or [1,C]"));
  EXPECT_THAT(of(ir::Shape{2, 3}), HasSubstr("has shape [2,3], expected [C] or [1,C]"));
  EXPECT_EQ(refusal_of("StringNormalizer", {words({"a"})},
                       {{"case_change_action", std::string("lower")}}),
            "case_change_action is 'lower', expected LOWER, UPPER or NONE");
}

std::vector<Tensor> split(const Tensor& x, const char* delimiter,
                          std::optional<std::int64_t> most = {}) {
  ir::AttributeMap attributes;
  if (delimiter != nullptr) attributes.emplace("delimiter", std::string(delimiter));
  if (most) attributes.emplace("maxsplit", *most);
  auto outputs = run_all("StringSplit", {x}, std::move(attributes), "", 2);
  EXPECT_TRUE(outputs.ok()) << outputs.error().message();
  return outputs.ok() ? *std::move(outputs) : std::vector<Tensor>(2);
}

TEST(StringSplit, AtADelimiter) {
  const auto parts = split(words({"a.com", "a.b.c", ""}), ".");
  EXPECT_EQ(parts[0].dims(), (Dims{3, 3}));
  EXPECT_THAT(texts_of(parts[0]), ElementsAre("a", "com", "", "a", "b", "c", "", "", ""));
  EXPECT_THAT(parts[1].to_int64s(), ElementsAre(2, 3, 1));
  EXPECT_THAT(texts_of(split(words({"a.b.c"}), ".", 1)[0]), ElementsAre("a", "b.c"));
  EXPECT_THAT(texts_of(split(words({"a.b.c"}), ".", 0)[0]), ElementsAre("a.b.c"));
  EXPECT_THAT(texts_of(split(words({"a.b"}), ".", INT64_MIN)[0]), ElementsAre("a", "b"));
  EXPECT_THAT(texts_of(split(words({"aaaa"}), "aa")[0]), ElementsAre("", "", ""));
}

TEST(StringSplit, AtWhiteSpace) {
  for (const char* none : {static_cast<const char*>(nullptr), ""}) {
    EXPECT_THAT(texts_of(split(words({"  a \t b\u3000c "}), none)[0]), ElementsAre("a", "b", "c"));
    EXPECT_THAT(texts_of(split(words({"  a  b c  "}), none, 1)[0]), ElementsAre("a", "b c"));
    EXPECT_THAT(texts_of(split(words({"  a  b c  "}), none, 0)[0]), ElementsAre("a  b c"));
    EXPECT_EQ(split(words({" ", ""}), none)[0].dims(), (Dims{2, 0}));
    EXPECT_THAT(texts_of(split(words({"\xff a"}), none)[0]), ElementsAre("\xff", "a"));
  }
  EXPECT_EQ(split(Tensor::zeros(DataType::kString, {2, 0}), nullptr)[0].dims(), (Dims{2, 0, 0}));
  EXPECT_EQ(split(Tensor::scalar(std::string("a b")), nullptr)[0].dims(), (Dims{2}));
}

TEST(StringSplit, PadsNoMoreThanFits) {
  Words many(20000);
  many[0].assign(20000, '.');
  EXPECT_EQ(refusal_of("StringSplit", {words(many)}, {{"delimiter", std::string(".")}}, 2),
            "20000 strings of 20001 parts are too many");
}

TEST(RegexFullMatch, WholeStrings) {
  const auto matches = [](const Words& x, const char* pattern) {
    const auto y = run("RegexFullMatch", {words(x)}, {{"pattern", std::string(pattern)}});
    EXPECT_TRUE(y.ok()) << y.error().message();
    return y->to_int64s();
  };
  EXPECT_THAT(matches({"abc", "xabc", "ab", ""}, "a.c"), ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(matches({"\u00e4", "\xff", std::string("a\0b", 3)}, "."), ElementsAre(1, 0, 0));
  EXPECT_THAT(matches({"", "a"}, ""), ElementsAre(1, 0));
  EXPECT_EQ(refusal_of("RegexFullMatch", {words({"a"})}), "attribute 'pattern' is missing");
  EXPECT_EQ(refusal_of("RegexFullMatch", {words({"a"})}, {{"pattern", std::string("(a")}}),
            "pattern: missing ): (a");
  EXPECT_THAT(refusal_of("RegexFullMatch", {words({"a"})}, {{"pattern", std::string("(a)\\1")}}),
              HasSubstr("pattern: invalid escape"));
  EXPECT_EQ(inferred("RegexFullMatch", {DataType::kString, ir::Shape{2, ir::Dim::symbol("N")}},
                     {{"pattern", std::string("a")}}),
            "bool[2,N]");
}

// RE2 takes time that grows with text and pattern, and memory that is bounded.
TEST(RegexFullMatch, HostilePatterns) {
  std::string text(10000, 'a');
  text.back() = '!';
  const Tensor x = words({text});
  const auto with = [&](const std::string& pattern) {
    return refusal_of("RegexFullMatch", {x}, {{"pattern", pattern}});
  };
  EXPECT_EQ(with("(a*)*(a|aa)+"), "ok");
  EXPECT_THAT(with("((a{1000}){1000}){1000}"), HasSubstr("pattern: "));
  EXPECT_THAT(with("(\\pL{900}){900}"), HasSubstr("pattern: "));
  EXPECT_THAT(with(std::string(20000, '(')), HasSubstr("pattern: "));
  EXPECT_EQ(with("(.*a.{20})+"), "ok");
  EXPECT_THAT(with("\xff"), HasSubstr("pattern: invalid UTF-8"));
}

}  // namespace
}  // namespace lathe::ops
