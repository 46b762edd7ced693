#include "report/text_table.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

#include "report/utf8.h"

namespace lathe::report {
namespace {

constexpr std::string_view kGap = "  ";

std::string visible(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const CodePoint next = decode_utf8(text);
    if (next.valid && !is_control(next.value)) {
      out += text.substr(0, next.bytes);
    } else {
      for (const char byte : text.substr(0, next.bytes)) {
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
      }
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::string prepare(std::string_view cell, const Column& column) {
  std::string text = visible(cell);
  return column.max_width > 0 ? shorten(text, column.max_width) : text;
}

std::string aligned(const std::string& text, int width, Align align) {
  const int space = std::max(0, width - display_width(text));
  const int left = align == Align::kLeft ? 0 : (align == Align::kRight ? space : space / 2);
  return fmt::format("{:{}}{}{:{}}", "", left, text, "", space - left);
}

std::string line(const std::vector<std::string>& cells, const std::vector<Column>& columns,
                 const std::vector<int>& widths) {
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += kGap;
    out += aligned(i < cells.size() ? cells[i] : std::string(), widths[i], columns[i].align);
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

}  // namespace

TextTable::TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (Column& column : columns_) column.title = prepare(column.title, column);
}

void TextTable::add_row(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = prepare(cells[i], columns_[i]);
  rows_.emplace_back(std::move(cells));
}

void TextTable::add_separator() { rows_.emplace_back(std::nullopt); }

std::size_t TextTable::rows() const {
  return static_cast<std::size_t>(
      std::count_if(rows_.begin(), rows_.end(), [](const auto& row) { return row.has_value(); }));
}

std::string TextTable::to_string(bool bold_header) const {
  if (columns_.empty()) return {};
  std::vector<std::string> titles;
  std::vector<int> widths;
  for (const Column& column : columns_) {
    titles.push_back(column.title);
    widths.push_back(display_width(column.title));
  }
  for (const auto& row : rows_) {
    for (std::size_t i = 0; row && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], display_width((*row)[i]));
    }
  }
  std::string rule;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (i > 0) rule += kGap;
    for (int j = 0; j < widths[i]; ++j) rule += "─";
  }

  const std::string header = line(titles, columns_, widths);
  std::string out = bold_header ? "\x1b[1m" + header + "\x1b[0m" : header;
  out += '\n' + rule + '\n';
  for (const auto& row : rows_) {
    out += row ? line(*row, columns_, widths) : rule;
    out += '\n';
  }
  return out;
}

bool stdout_is_terminal() {
  if (isatty(STDOUT_FILENO) == 0) return false;
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return (no_color == nullptr || *no_color == '\0') && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

}  // namespace lathe::report
