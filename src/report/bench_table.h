// What a bench measured, for a terminal and for spreadsheets.
#pragma once

#include <span>
#include <string>

#include "measure/bench.h"
#include "report/text_table.h"

namespace lathe::report {

// A table of the results: what all rows share stands above it, times share a unit, and where
// `width` (0: no limit) is short the less important columns are left out. Below it what needs
// saying: medians that did not settle, what compiling decided, the best batches, and rows that
// failed with their reasons.
std::string bench_text(const measure::BenchReport& report,
                       std::span<const measure::BestBatch> best_batches, bool bold_header,
                       int width = output_width());

// Every number of every result, one line each, with the keys of the JSON in the first line
// (RFC 4180). Failed rows have their reason in the last column.
std::string bench_csv(const measure::BenchReport& report);

}  // namespace lathe::report
