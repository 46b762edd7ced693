#include "report/bench_sections.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/words.h"
#include "report/format.h"
#include "report/markup.h"
#include "report/page_sections.h"

namespace lathe::report {
namespace {

using measure::BenchResult;

// A cell of two lines.
std::string cell(const std::string& text, const std::string& hint = {}) {
  return hint.empty() ? fmt::format("<td>{}</td>", escape_markup(text))
                      : fmt::format("<td>{}<span class=\"hint\">{}</span></td>",
                                    escape_markup(text), escape_markup(hint));
}

// Times of a column share a unit, which its title names.
struct Units {
  TimeUnit latency;
  TimeUnit load;
  TimeUnit first;
};

Units units_of(std::span<const BenchResult> results) {
  std::vector<double> load;
  std::vector<double> first;
  for (const BenchResult& result : results) {
    load.push_back(result.load_ms);
    first.push_back(result.first_ms);
  }
  return {latency_unit(results), time_unit(load), time_unit(first)};
}

std::string number_row(const BenchResult& r, const BenchLabels& labels, const Units& units) {
  std::vector<std::string> names;
  if (labels.models_vary() || !labels.backends_vary()) names.push_back(labels.model(r.model));
  if (labels.backends_vary()) names.push_back(r.backend);
  if (const std::string setting = labels.setting(r); !setting.empty()) names.push_back(setting);
  std::string row = fmt::format(
      "<tr><th scope=\"row\" class=\"name\">{}<span class=\"hint\">{}</span></th>",
      escape_markup(names[0]),
      escape_markup(fmt::format("{}", fmt::join(names.begin() + 1, names.end(), ", "))));
  const auto latency = [&](double ms) { return format_time(ms, units.latency); };
  row += cell(latency(r.p50_ms), r.stable ? "" : "not settled");
  row += cell(latency(r.p90_ms));
  row += cell(latency(r.p95_ms));
  row += cell(latency(r.p99_ms));
  row += cell(latency(r.min_ms));
  row += cell(latency(r.mean_ms), "± " + format_time(r.stddev_ms, units.latency, 2));
  row += cell(format_rate(r.items_per_s));
  const std::string ratio = format_spread(r.ratio);
  const std::size_t spread = ratio.find(" (");
  row += spread == std::string::npos
             ? cell(ratio)
             : cell(ratio.substr(0, spread), ratio.substr(spread + 2, ratio.size() - spread - 3));
  row += cell(format_time(r.load_ms, units.load));
  row += cell(format_time(r.first_ms, units.first));
  row += cell(format_rate(static_cast<double>(r.peak_rss_bytes) / 1e6));
  row += cell(r.gflops > 0 ? format_rate(r.gflops) : std::string());
  row += cell(format_integer(static_cast<double>(r.runs)), counted(r.rounds, "round"));
  return row + "</tr>\n";
}

std::string notes(const measure::BenchReport& report, const BenchLabels& labels) {
  std::string text;
  for (const BenchResult& result : report.results) {
    for (const std::string& note : result.notes) {
      const std::string line = fmt::format("<p class=\"note\">{}, {}: {}</p>\n",
                                           escape_markup(labels.model(result.model)),
                                           escape_markup(result.backend), escape_markup(note));
      if (text.find(line) == std::string::npos) text += line;
    }
  }
  return text;
}

}  // namespace

std::string number_section(const measure::BenchReport& report, const BenchLabels& labels) {
  if (report.results.empty()) return {};
  const Units units = units_of(report.results);
  const struct {
    const char* title;
    std::string_view unit;
  } columns[] = {{"p50", units.latency.name},
                 {"p90", units.latency.name},
                 {"p95", units.latency.name},
                 {"p99", units.latency.name},
                 {"min", units.latency.name},
                 {"mean", units.latency.name},
                 {"items/s", ""},
                 {"as fast", ""},
                 {"load", units.load.name},
                 {"first", units.first.name},
                 {"RSS", "MB"},
                 {"GFLOP/s", ""},
                 {"runs", ""}};
  std::string head = "<td></td>";
  for (const auto& [title, unit] : columns) {
    head += fmt::format("<th scope=\"col\">{}{}</th>", title,
                        unit.empty() ? "" : fmt::format(" <span class=\"hint\">{}</span>", unit));
  }
  std::string rows;
  for (const BenchResult& result : report.results) rows += number_row(result, labels, units);
  return section(
      "numbers", "Every number", {},
      fmt::format(
          "<div class=\"wide\"><table class=\"dense\">\n<thead><tr>{}</tr></thead>\n<tbody>\n{}"
          "</tbody></table></div>\n{}",
          head, rows, notes(report, labels)));
}

std::string failure_section(const measure::BenchReport& report, const BenchLabels& labels) {
  if (report.failures.empty()) return {};
  std::string rows;
  for (const measure::BenchFailure& failure : report.failures) {
    const engine::CompileOptions& options = failure.row.options;
    rows += fmt::format(
        "<tr><th scope=\"row\" class=\"name\">{}<span class=\"hint\">{}, {}, batch {}</span></th>"
        "<td class=\"text reason\">{}</td></tr>\n",
        escape_markup(labels.model(failure.row.model.string())), escape_markup(failure.row.backend),
        counted(options.threads, "thread"), options.batch, escape_markup(failure.reason.message()));
  }
  return section(
      "failures", "Could not be measured", {},
      fmt::format("<div class=\"wide\"><table>\n<tbody>\n{}</tbody></table></div>\n", rows));
}

std::string method_section() {
  return section(
      "method", "How it was measured", {},
      "<p class=\"note\">Each row ran in a process of its own, on random inputs: loaded, warmed "
      "up, then measured in rounds, a little of every row in turn, until the medians of its rounds "
      "agreed within 1 % (95 % confidence interval) or its time was over. Percentiles are over all "
      "runs. A ratio compares rounds that were measured next to each other: the median over the "
      "pairs, and the range that 80 % of them lie in. Loading is reading the file and compiling "
      "it; peak memory is the resident set of the whole process after warming up.</p>\n");
}

}  // namespace lathe::report
