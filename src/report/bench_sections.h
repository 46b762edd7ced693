// The parts of the page of a bench, one function each. A part with nothing to show is an empty
// string.
#pragma once

#include <span>
#include <string>

#include "measure/bench.h"
#include "report/bench_labels.h"

namespace lathe::report {

// How fast rows are against those that they are compared with.
std::string ratio_section(const measure::BenchReport& report, const BenchLabels& labels);
// Latency, throughput and memory, as bars; nothing where batches differ.
std::string bar_section(const measure::BenchReport& report, const BenchLabels& labels);
// The same over the size of a batch, as lines.
std::string batch_section(const measure::BenchReport& report, const BenchLabels& labels,
                          std::span<const measure::BestBatch> best_batches);
// Every number, and what compiling decided.
std::string number_section(const measure::BenchReport& report, const BenchLabels& labels);
std::string failure_section(const measure::BenchReport& report, const BenchLabels& labels);
// What the numbers mean.
std::string method_section();

}  // namespace lathe::report
