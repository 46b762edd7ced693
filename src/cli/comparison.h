// Before and after: what a technique did to a model, as a table, as JSON and as a page.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "report/html_report.h"

namespace lathe::cli {

struct ComparisonOptions {
  std::string before_file;
  std::string after_file;
  std::string before_name = "float32";
  std::string after_name = "int8";
  int threads = 1;            // of the latency measurement
  double seconds = 1;         // of each latency measurement
  std::size_t examples = 12;  // test images on the page
  bool quiet = false;
};

// Accuracy on `test`, size, latency and per-layer times of both files.
Result<report::Report> compare_models(const ir::Graph& before, const ir::Graph& after,
                                      std::shared_ptr<const data::Dataset> test,
                                      const ComparisonOptions& options);

std::string comparison_table(const report::Report& report);
nlohmann::json comparison_json(const report::Report& report);

}  // namespace lathe::cli
