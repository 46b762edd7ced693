// Aligned tables for the terminal, no wider than it is.
//
//   TextTable table({{"model"}, {"top-1", Align::kRight}, {"size", Align::kRight}});
//   table.add_row({"float32", "91.2 %", "198 KB"});
//   table.add_separator();
//   table.add_row({"int8", "91.1 %", "55 KB"});
//   std::fputs(table.to_string(stdout_is_terminal()).c_str(), stdout);
//
// Where a table is too wide, names are cut, then text is wrapped at spaces, and where that does not
// do either each row becomes a paragraph of its own, a line for each cell.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/utf8.h"

namespace lathe::report {

enum class Align { kLeft, kRight, kCenter };

struct Column {
  std::string title;
  Align align = Align::kLeft;
  // Names: where room is short cells are cut to this with "…" before anything else gives way. A
  // path (with a '/') loses its beginning, others what `cut` says. 0: text, which is wrapped.
  int cut_to = 0;
  Ellipsis cut = Ellipsis::kEnd;
};

// The columns that standard output has room for: COLUMNS where that is a positive number, else the
// terminal's; 0 where there is no terminal, and thus no limit.
int output_width();

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
  // How wide it is with names cut as far as columns say, and nothing wrapped.
  [[nodiscard]] int cut_width() const;
  // Lines that end in '\n' and carry no blanks before it, none wider than `width`, which counts as
  // 20 where it is less; 0: as wide as they are. With `bold_header` the titles are bold.
  [[nodiscard]] std::string to_string(bool bold_header = false, int width = output_width()) const;

 private:
  using Widths = std::vector<int>;
  // What each column takes where nothing is cut.
  [[nodiscard]] Widths natural_widths() const;
  // The same within `width`, or nothing where columns cannot give way so far.
  [[nodiscard]] std::optional<Widths> fitting_widths(int width) const;
  [[nodiscard]] std::vector<std::string> cell_lines(std::string_view cell, std::size_t column,
                                                    int width) const;
  [[nodiscard]] std::string lines_of(const std::vector<std::string>& cells,
                                     const Widths& widths) const;
  [[nodiscard]] std::string as_grid(const Widths& widths, bool bold_header) const;
  [[nodiscard]] std::string as_paragraphs(int width, bool bold_header) const;

  std::vector<Column> columns_;
  std::vector<std::optional<std::vector<std::string>>> rows_;  // nullopt is a separator
};

// Whether standard output is a terminal that shows styles (NO_COLOR unset, TERM not "dumb").
bool stdout_is_terminal();

// Cells that `text` takes on a terminal: 0 for combining marks, 2 for East Asian wide characters
// and emoji, 1 for the others.
int display_width(std::string_view text);

}  // namespace lathe::report
