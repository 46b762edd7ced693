// One self-contained HTML page of what a bench measured: ratios, latency, throughput and memory as
// charts, every number in a table, what failed and why, and the machine. Like the other page it
// opens from disk, without network and without scripts, and escapes all text.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "measure/bench.h"

namespace lathe::report {

struct BenchPage {
  std::string title = {};
  measure::BenchReport report = {};
  // What best_batches gave for `report.results`; nothing where no bound was given.
  std::vector<measure::BestBatch> best_batches = {};
  std::vector<std::pair<std::string, std::string>> system = {};  // name and value
  std::string command = {};                                      // that reproduces it
  std::string generated_at = {};
};

// The answer in words: "openvino is 1.12 times as fast as native, over 4 models." Empty where
// nothing was measured.
std::string headline(const BenchPage& page);

std::string to_html(const BenchPage& page);

}  // namespace lathe::report
