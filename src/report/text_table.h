// Aligned tables for the terminal.
//
//   TextTable table({{"model"}, {"top-1", Align::kRight}, {"size", Align::kRight}});
//   table.add_row({"float32", "91.2 %", "198 KB"});
//   table.add_separator();
//   table.add_row({"int8", "91.1 %", "55 KB"});
//   std::fputs(table.to_string(stdout_is_terminal()).c_str(), stdout);
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lathe::report {

enum class Align { kLeft, kRight, kCenter };

struct Column {
  std::string title;
  Align align = Align::kLeft;
  // Longer cells are cut with "…"; 0 means never.
  int max_width = 0;
};

// Cells are UTF-8. Control characters (line ends, escape sequences out of a hostile model's names)
// and bytes that are no UTF-8 are shown as "\xNN", so that a cell never leaves its place.
class TextTable {
 public:
  explicit TextTable(std::vector<Column> columns);

  // Missing cells are empty; cells beyond the columns are dropped.
  void add_row(std::vector<std::string> cells);
  // A line across the table, e.g. before totals.
  void add_separator();

  [[nodiscard]] std::size_t rows() const;
  // Lines that end in '\n' and carry no blanks before it. With `bold_header` the titles are bold.
  [[nodiscard]] std::string to_string(bool bold_header = false) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::optional<std::vector<std::string>>> rows_;  // nullopt is a separator
};

// Whether standard output is a terminal that shows styles (NO_COLOR unset, TERM not "dumb").
bool stdout_is_terminal();

// Cells that `text` takes on a terminal: 0 for combining marks, 2 for East Asian wide characters
// and emoji, 1 for the others.
int display_width(std::string_view text);

}  // namespace lathe::report
