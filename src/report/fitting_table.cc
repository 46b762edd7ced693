#include "report/fitting_table.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "report/utf8.h"

namespace lathe::report {
namespace {

TextTable table_of(const std::vector<FittingColumn>& columns) {
  std::vector<Column> titles;
  std::size_t rows = 0;
  for (const FittingColumn& column : columns) {
    titles.push_back(column.column);
    rows = std::max(rows, column.cells.size());
  }
  TextTable table(std::move(titles));
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<std::string> cells;
    for (const FittingColumn& column : columns)
      cells.push_back(row < column.cells.size() ? column.cells[row] : std::string());
    table.add_row(std::move(cells));
  }
  return table;
}

int rank(const FittingColumn& column) {
  return column.importance == 0 ? std::numeric_limits<int>::max() : column.importance;
}

}  // namespace

std::string fitting_table(std::vector<FittingColumn> columns, std::string_view elsewhere,
                          bool bold_header, int width) {
  std::string left_out;
  while (width > 0 && table_of(columns).cut_width() > width) {
    const auto least = std::min_element(
        columns.begin(), columns.end(),
        [](const FittingColumn& a, const FittingColumn& b) { return rank(a) < rank(b); });
    if (least->importance == 0) break;
    left_out += (left_out.empty() ? "" : ", ") + least->column.title;
    columns.erase(least);
  }
  std::string text = table_of(columns).to_string(bold_header, width);
  if (!left_out.empty()) {
    text +=
        wrap_lines(fmt::format("Left out for room: {}; {} them.\n", left_out, elsewhere), width, 2);
  }
  return text;
}

}  // namespace lathe::report
