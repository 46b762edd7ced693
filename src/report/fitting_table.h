// A table that leaves out its less important columns where there is no room for them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/text_table.h"

namespace lathe::report {

struct FittingColumn {
  Column column;
  std::vector<std::string> cells = {};  // as many in all columns
  int importance = 0;                   // those with the lowest are left out first; 0 never
};

// No wider than `width` (0: no limit) as far as important columns allow, and below it what was left
// out: "Left out for room: p90; --json has them.", where `elsewhere` is "--json has".
std::string fitting_table(std::vector<FittingColumn> columns, std::string_view elsewhere,
                          bool bold_header, int width);

}  // namespace lathe::report
