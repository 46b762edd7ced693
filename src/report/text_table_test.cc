#include "report/text_table.h"

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

TEST(TextTableTest, LongCellsAreCut) {
  TextTable table({{.title = "name", .max_width = 6}});
  table.add_row({"abcdef"});
  table.add_row({"abcdefg"});
  EXPECT_EQ(table.to_string(), "name\n──────\nabcdef\nabcde…\n");
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
}

}  // namespace
}  // namespace lathe::report
