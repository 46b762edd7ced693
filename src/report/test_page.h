// What tests of pages look for.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <regex>
#include <string>

namespace lathe::report {

inline std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

// Elements in balance, nothing fetched from outside, no number that is none.
inline void expect_sound(const std::string& page) {
  EXPECT_TRUE(page.starts_with("<!DOCTYPE html>"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
  for (const std::string element :
       {"section", "table", "tr",   "td",  "th",   "p",      "dl",     "dt", "dd", "svg", "text",
        "g",       "title", "span", "div", "main", "header", "footer", "h1", "h2", "pre", "code"}) {
    EXPECT_EQ(count(page, "<" + element + " ") + count(page, "<" + element + ">"),
              count(page, "</" + element + ">"))
        << element;
  }
  EXPECT_FALSE(std::regex_search(page, std::regex("(src|href)=\"")));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("<script")));
  const std::regex not_a_number("[^a-z](nan|inf)[^a-z]", std::regex::icase);
  EXPECT_FALSE(std::regex_search(page.substr(page.find("<body>")), not_a_number));
}

}  // namespace lathe::report
