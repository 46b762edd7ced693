#include "report/text_table.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <numeric>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace lathe::report {
namespace {

constexpr std::string_view kGap = "  ";
constexpr int kGapWidth = 2;
constexpr int kLeastWidth = 20;  // of a table, where a terminal claims to be narrower
constexpr int kLeastName = 12;   // that cut names keep at least
constexpr int kLeastText = 16;   // that wrapped text keeps at least

std::string aligned(const std::string& text, int width, Align align) {
  const int space = std::max(0, width - display_width(text));
  const int left = align == Align::kLeft ? 0 : (align == Align::kRight ? space : space / 2);
  return fmt::format("{:{}}{}{:{}}", "", left, text, "", space - left);
}

std::string bold(const std::string& text, bool is_bold) {
  return is_bold && !text.empty() ? "\x1b[1m" + text + "\x1b[0m" : text;
}

int longest_word(std::string_view text) {
  int longest = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    longest = std::max(longest, display_width(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return longest;
}

int total(const std::vector<int>& widths) {
  return std::accumulate(widths.begin(), widths.end(), 0) +
         kGapWidth * (static_cast<int>(widths.size()) - 1);
}

// Takes cells away from the widest column that is above its least, until all fit or none is.
void narrow(std::vector<int>& widths, const std::vector<int>& least, int width) {
  while (total(widths) > width) {
    int* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (widths[i] > least[i] && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
    }
    if (widest == nullptr) return;
    --*widest;
  }
}

}  // namespace

int output_width() {
  if (const char* columns = std::getenv("COLUMNS")) {
    const std::string_view text = columns;
    int width = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), width);
    if (failed == std::errc() && end == text.data() + text.size() && width > 0) return width;
  }
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  return known ? size.ws_col : 0;
}

TextTable::TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (Column& column : columns_) column.title = visible(column.title);
}

void TextTable::add_row(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) cell = visible(cell);
  rows_.emplace_back(std::move(cells));
}

void TextTable::add_separator() { rows_.emplace_back(std::nullopt); }

std::size_t TextTable::rows() const {
  return static_cast<std::size_t>(
      std::count_if(rows_.begin(), rows_.end(), [](const auto& row) { return row.has_value(); }));
}

TextTable::Widths TextTable::natural_widths() const {
  Widths widths;
  for (const Column& column : columns_) widths.push_back(display_width(column.title));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; row && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], display_width((*row)[i]));
  }
  return widths;
}

int TextTable::cut_width() const {
  Widths widths = natural_widths();
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (columns_[i].cut_to > 0)
      widths[i] =
          std::min(widths[i], std::max(columns_[i].cut_to, display_width(columns_[i].title)));
  }
  return total(widths);
}

std::optional<TextTable::Widths> TextTable::fitting_widths(int width) const {
  Widths widths = natural_widths();
  Widths least = widths;
  const auto let_names_shrink_to = [&](auto cells) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const Column& column = columns_[i];
      if (column.cut_to > 0)
        least[i] = std::min(least[i], std::max(cells(column), display_width(column.title)));
    }
    narrow(widths, least, width);
  };
  let_names_shrink_to([](const Column& column) { return column.cut_to; });
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (columns_[i].align != Align::kLeft || columns_[i].cut_to > 0) continue;
    int room = std::max(kLeastText, longest_word(columns_[i].title));
    for (const auto& row : rows_) {
      if (row) room = std::max(room, longest_word((*row)[i]));
    }
    least[i] = std::min(least[i], room);
  }
  narrow(widths, least, width);
  let_names_shrink_to([](const Column&) { return kLeastName; });
  if (total(widths) > width) return std::nullopt;
  return widths;
}

std::vector<std::string> TextTable::cell_lines(std::string_view cell, std::size_t column,
                                               int width) const {
  if (columns_[column].cut_to == 0) return wrap(cell, width);
  const bool path = cell.find('/') != std::string_view::npos;
  return {shorten(cell, width, path ? Ellipsis::kBeginning : columns_[column].cut)};
}

std::string TextTable::lines_of(const std::vector<std::string>& cells, const Widths& widths) const {
  std::vector<std::vector<std::string>> parts;
  std::size_t height = 1;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    parts.push_back(cell_lines(cells[i], i, widths[i]));
    height = std::max(height, parts.back().size());
  }
  std::string out;
  for (std::size_t at = 0; at < height; ++at) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line += kGap;
      line += aligned(at < parts[i].size() ? parts[i][at] : std::string(), widths[i],
                      columns_[i].align);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    if (at > 0) out += '\n';
    out += line;
  }
  return out;
}

std::string TextTable::as_grid(const Widths& widths, bool bold_header) const {
  std::string rule;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (i > 0) rule += kGap;
    for (int j = 0; j < widths[i]; ++j) rule += "─";
  }
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  std::string out = bold(lines_of(titles, widths), bold_header) + '\n' + rule + '\n';
  for (const auto& row : rows_) {
    out += row ? lines_of(*row, widths) : rule;
    out += '\n';
  }
  return out;
}

std::string TextTable::as_paragraphs(int width, bool bold_header) const {
  int title_width = 0;
  for (std::size_t i = 1; i < columns_.size(); ++i)
    title_width = std::max(title_width, display_width(columns_[i].title));
  title_width = std::min(title_width, width / 2 - 2 * kGapWidth);
  const int indent = 2 * kGapWidth + title_width;
  std::string out;
  for (const auto& row : rows_) {
    if (!row) continue;
    if (!out.empty()) out += '\n';
    if (!(*row)[0].empty()) {
      for (const std::string& part : wrap((*row)[0], width)) out += bold(part, bold_header) + '\n';
    }
    for (std::size_t i = 1; i < columns_.size(); ++i) {
      if ((*row)[i].empty()) continue;
      std::string title =
          aligned(shorten(columns_[i].title, title_width), title_width, Align::kLeft);
      for (const std::string& part : wrap((*row)[i], width - indent)) {
        out += fmt::format("{}{}{}{}\n", kGap, title, kGap, part);
        title.assign(static_cast<std::size_t>(title_width), ' ');
      }
    }
  }
  return out;
}

std::string TextTable::to_string(bool bold_header, int width) const {
  if (columns_.empty()) return {};
  if (width <= 0) return as_grid(natural_widths(), bold_header);
  width = std::max(width, kLeastWidth);
  const std::optional<Widths> widths = fitting_widths(width);
  return widths ? as_grid(*widths, bold_header) : as_paragraphs(width, bold_header);
}

bool stdout_is_terminal() {
  if (isatty(STDOUT_FILENO) == 0) return false;
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return (no_color == nullptr || *no_color == '\0') && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

}  // namespace lathe::report
