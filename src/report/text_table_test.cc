#include "report/text_table.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/utf8.h"

namespace lathe::report {
namespace {

TEST(TextTableTest, AlignsColumnsAndTrimsLineEnds) {
  TextTable table({{"model"}, {"top-1", Align::kRight}, {"kind", Align::kCenter}, {"note"}});
  table.add_row({"float32", "91.2 %", "a", ""});
  table.add_separator();
  table.add_row({"int8", "9 %", "abcdef"});
  EXPECT_EQ(table.rows(), 2U);
  EXPECT_EQ(table.to_string(),
            "model     top-1   kind   note\n"
            "───────  ──────  ──────  ────\n"
            "float32  91.2 %    a\n"
            "───────  ──────  ──────  ────\n"
            "int8        9 %  abcdef\n");
}

TEST(TextTableTest, BoldHeaderIsTheOnlyStyle) {
  TextTable table({{"a"}});
  table.add_row({"1"});
  EXPECT_EQ(table.to_string(true), "\x1b[1ma\x1b[0m\n─\n1\n");
  EXPECT_EQ(table.to_string().find('\x1b'), std::string::npos);
}

TEST(TextTableTest, WithoutRowsOrColumns) {
  EXPECT_EQ(TextTable({}).to_string(), "");
  EXPECT_EQ(TextTable({{"name"}}).to_string(), "name\n────\n");
}

TEST(TextTableTest, RowsOfTheWrongLength) {
  TextTable table({{"a"}, {"b"}});
  table.add_row({});
  table.add_row({"1", "2", "3"});
  EXPECT_EQ(table.to_string(), "a  b\n─  ─\n\n1  2\n");
}

TEST(TextTableTest, CountsCellsNotBytes) {
  TextTable table({{"name"}, {"x"}});
  table.add_row({"日本", "1"});             // two wide characters
  table.add_row({"e\u0301te\u0301", "2"});  // combining accents
  table.add_row({"Größe", "3"});
  EXPECT_EQ(table.to_string(),
            "name   x\n"
            "─────  ─\n"
            "日本   1\n"
            "e\u0301te\u0301    2\n"
            "Größe  3\n");
}

TEST(TextTableTest, HostileCellsStayInTheirPlace) {
  TextTable table({{"name"}});
  table.add_row({"a\n\x1b[31mred\xff"});
  EXPECT_EQ(table.to_string(), "name\n────────────────────\na\\x0a\\x1b[31mred\\xff\n");
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    all.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return all;
}

void expect_within(const std::string& text, int width) {
  for (const std::string& line : lines(text)) EXPECT_LE(display_width(line), width) << line;
}

TEST(TextTableTest, NamesAreCutOnlyWhereRoomIsShort) {
  TextTable table({{.title = "name", .cut_to = 13}, {"ms", Align::kRight}});
  table.add_row({"block1.conv2.weight", "12"});
  table.add_row({"models/zoo/cnn.onnx", "3"});
  EXPECT_EQ(table.cut_width(), 17);
  EXPECT_EQ(table.to_string(false, 0), table.to_string(false, 23));
  EXPECT_EQ(lines(table.to_string(false, 23))[2], "block1.conv2.weight  12");
  const auto narrow = lines(table.to_string(false, 21));
  EXPECT_EQ(narrow[2], "block1.conv2.wei…  12");
  EXPECT_EQ(narrow[3], "…els/zoo/cnn.onnx   3");  // the end of a path tells more
}

TEST(TextTableTest, TextIsWrappedAtSpaces) {
  TextTable table({{"backend"}, {"why it is not chosen"}});
  table.add_row({"openvino", "its library libopenvino_c.so is not there"});
  table.add_row({"native", "short"});
  EXPECT_EQ(table.to_string(false, 34),
            "backend   why it is not chosen\n"
            "────────  ────────────────────────\n"
            "openvino  its library\n"
            "          libopenvino_c.so is not\n"
            "          there\n"
            "native    short\n");
}

TEST(TextTableTest, RowsBecomeParagraphsWhereNothingElseDoes) {
  TextTable table({{"model"}, {"p50 ms", Align::kRight}, {"note"}, {"none"}});
  table.add_row({"a.onnx", "1.23", "settled in time, and more", ""});
  table.add_separator();
  table.add_row({"averyveryverylongname.onnx", "4", ""});
  EXPECT_EQ(table.to_string(false, 24),
            "a.onnx\n"
            "  p50 ms  1.23\n"
            "  note    settled in\n"
            "          time, and more\n"
            "\n"
            "averyveryverylongname.on\n"
            "nx\n"
            "  p50 ms  4\n");
  EXPECT_EQ(lines(table.to_string(true, 24))[0], "\x1b[1ma.onnx\x1b[0m");
}

TEST(TextTableTest, FitsEveryWidth) {
  TextTable table({{"", Align::kRight},
                   {.title = "node", .cut_to = 32},
                   {"operator"},
                   {"MACs", Align::kRight},
                   {"kernel"}});
  table.add_row({"1", "layer1/block2/conv1/Conv_quantized", "QLinearConv", "115.61 M",
                 "igemm_int8_avx512vnni with two threads"});
  table.add_row({"2", std::string(300, 'n'), "Gemm", "1", std::string(300, 'k')});
  table.add_row({"3", "日本語日本語日本語日本語日本語", "Gemm", "1", "日本語 日本語 日本語"});
  for (int width = 20; width < 200; ++width) expect_within(table.to_string(false, width), width);
  expect_within(table.to_string(false, 1), 20);
}

TEST(TextTableTest, TheWidthIsThatOfColumns) {
  const char* before = std::getenv("COLUMNS");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("COLUMNS", "61", 1);
  EXPECT_EQ(output_width(), 61);
  for (const char* wrong : {"0", "-3", "many", "80x", ""}) {
    ::setenv("COLUMNS", wrong, 1);
    EXPECT_NE(output_width(), 61) << wrong;
    EXPECT_GE(output_width(), 0) << wrong;
  }
  if (before == nullptr) {
    ::unsetenv("COLUMNS");
  } else {
    ::setenv("COLUMNS", kept.c_str(), 1);
  }
}

TEST(Utf8Test, Widths) {
  EXPECT_EQ(display_width(""), 0);
  EXPECT_EQ(display_width("µs ×"), 4);
  EXPECT_EQ(display_width("한글"), 4);
  EXPECT_EQ(display_width("🙂"), 2);
  EXPECT_EQ(display_width("\xff\xfe"), 2);
}

TEST(Utf8Test, RefusesWhatIsNotWellFormed) {
  for (const char* text : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                           "\xf4\x90\x80\x80", "\xf0\x80\x80\x80", "\xff"}) {
    const CodePoint point = decode_utf8(text);
    EXPECT_FALSE(point.valid) << text;
    EXPECT_EQ(point.bytes, 1U) << text;
  }
  EXPECT_EQ(decode_utf8("\U0010ffff").value, 0x10ffffU);
  EXPECT_EQ(decode_utf8("€x").bytes, 3U);
}

TEST(Utf8Test, Shortens) {
  EXPECT_EQ(shorten("abcdef", 6), "abcdef");
  EXPECT_EQ(shorten("abcdef", 4), "abc…");
  EXPECT_EQ(shorten("abcdefgh", 5, Ellipsis::kMiddle), "ab…gh");
  EXPECT_EQ(shorten("日本語", 4), "日…");
  EXPECT_EQ(shorten("abc", 1), "…");
  EXPECT_EQ(shorten("abc", 0), "");
  EXPECT_EQ(shorten("models/cnn.onnx", 9, Ellipsis::kBeginning), "…cnn.onnx");
}

TEST(Utf8Test, Wraps) {
  using testing::ElementsAre;
  EXPECT_THAT(wrap("", 5), ElementsAre(""));
  EXPECT_THAT(wrap("a  b", 5), ElementsAre("a  b"));
  EXPECT_THAT(wrap("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap("abcdefgh ij", 3), ElementsAre("abc", "def", "gh", "ij"));
  EXPECT_THAT(wrap("日本語", 4), ElementsAre("日本", "語"));
  EXPECT_EQ(wrap_lines("one two three\n\nfour\n", 8, 2), "one\n  two\n  three\n\nfour\n");
  EXPECT_EQ(wrap_lines("one two", 0), "one two");
}

}  // namespace
}  // namespace lathe::report
