#include "report/bench_page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>
#include <span>

#include "base/progress.h"
#include "base/words.h"
#include "report/bench_labels.h"
#include "report/bench_sections.h"
#include "report/format.h"
#include "report/markup.h"
#include "report/page_sections.h"

namespace lathe::report {
namespace {

using measure::BenchResult;

// How one backend, or one model, compares over all settings.
struct Comparison {
  std::string name;
  std::string to;
  double log_sum = 0;
  int ratios = 0;
  double low = INFINITY;
  double high = 0;
  std::set<std::string> models = {};

  [[nodiscard]] double mean() const { return std::exp(log_sum / ratios); }
};

std::vector<Comparison> comparisons(const measure::BenchReport& report, const BenchLabels& labels) {
  std::vector<Comparison> all;
  for (const BenchResult& result : report.results) {
    if (!result.ratio) continue;
    const std::string name = labels.backends_vary() ? result.backend : labels.model(result.model);
    const std::string to = labels.backends_vary() ? result.ratio_to : labels.model(result.ratio_to);
    auto found = std::find_if(all.begin(), all.end(),
                              [&](const Comparison& other) { return other.name == name; });
    if (found == all.end()) found = all.insert(all.end(), Comparison{.name = name, .to = to});
    found->log_sum += std::log(result.ratio->median);
    ++found->ratios;
    found->low = std::min(found->low, result.ratio->median);
    found->high = std::max(found->high, result.ratio->median);
    found->models.insert(result.model);
  }
  return all;
}

std::string figure(std::string_view name, std::string_view value, std::string_view remark) {
  return fmt::format(
      "<div class=\"figure\"><dt>{}</dt><dd class=\"now\">{}</dd><dd class=\"was\">{}</dd></div>\n",
      escape_markup(name), escape_markup(value), escape_markup(remark));
}

std::string row_figures(const BenchResult& result) {
  const TimeUnit unit = latency_unit(std::span(&result, 1));
  const TimeUnit loading = time_unit(std::array{result.load_ms, result.first_ms});
  return figure("Median latency", format_ms(result.p50_ms, unit),
                fmt::format("99 % within {}", format_ms(result.p99_ms, unit))) +
         figure("Throughput", format_rate(result.items_per_s) + " items/s",
                fmt::format("{} of batch {}", counted(result.runs, "run"), result.batch)) +
         figure("Loading", format_ms(result.load_ms, loading),
                fmt::format("then {} for the first run", format_ms(result.first_ms, loading))) +
         figure("Peak memory", format_bytes(static_cast<double>(result.peak_rss_bytes)),
                "of the process");
}

std::string figures(const BenchPage& page, const BenchLabels& labels) {
  constexpr std::size_t kMostFigures = 6;
  std::string content;
  if (page.report.results.size() == 1) {
    content = row_figures(page.report.results[0]);
  } else {
    const auto all = comparisons(page.report, labels);
    if (all.size() == 1 && all[0].ratios == 1) return {};  // the headline says it
    for (std::size_t i = 0; i < std::min(all.size(), kMostFigures); ++i) {
      const Comparison& c = all[i];
      const std::string remark = c.ratios == 1
                                     ? fmt::format("as fast as {}", c.to)
                                     : fmt::format("as fast as {}; {} to {}", c.to,
                                                   format_ratio(c.low), format_ratio(c.high));
      content += figure(c.name, format_ratio(c.mean()), remark);
    }
  }
  return content.empty() ? content : fmt::format("<dl class=\"figures\">\n{}</dl>\n", content);
}

// "0.81", "1.12": times as fast.
std::string times(double ratio) {
  return fmt::format("{:.{}f}", ratio, ratio >= 10 ? 0 : (ratio >= 0.1 ? 2 : 3));
}

std::vector<std::pair<std::string, std::string>> system_of(const BenchPage& page) {
  auto system = page.system;
  std::map<std::string, std::string> versions;
  for (const BenchResult& result : page.report.results)
    versions.emplace(result.backend, result.backend_version);
  for (const auto& [backend, version] : versions) system.emplace_back(backend, version);
  return system;
}

}  // namespace

std::string headline(const BenchPage& page) {
  const auto& results = page.report.results;
  if (results.empty()) return {};
  const BenchLabels labels(page.report);
  const auto all = comparisons(page.report, labels);
  if (all.empty()) {
    if (results.size() > 1) return {};
    return fmt::format("{} takes {} with {}.", labels.model(results[0].model),
                       format_ms(results[0].p50_ms), results[0].backend);
  }
  if (all.size() > 3) return {};
  std::vector<std::string> parts;
  parts.reserve(all.size());
  for (const Comparison& c : all) {
    parts.push_back(parts.empty() ? fmt::format("{} is {}", c.name, times(c.mean()))
                                  : fmt::format("{} {}", c.name, times(c.mean())));
  }
  std::string text = parts[0];
  for (std::size_t i = 1; i < parts.size(); ++i)
    text += (i + 1 == parts.size() ? " and " : ", ") + parts[i];
  text += fmt::format(" times as fast as {}", all[0].to);
  if (labels.backends_vary() && all[0].models.size() > 1)
    text += fmt::format(", over {}", counted(static_cast<int>(all[0].models.size()), "model"));
  return text + ".";
}

std::string to_html(const BenchPage& page) {
  const BenchLabels labels(page.report);
  std::string summary = labels.common();
  if (!summary.empty()) summary = "All rows: " + summary + ".";
  std::string html =
      open_page(page.title.empty() ? "Lathe bench" : page.title, headline(page), summary);
  html += figures(page, labels);
  html += "</header>\n<main>\n";
  html += failure_section(page.report, labels);
  html += ratio_section(page.report, labels);
  html += bar_section(page.report, labels);
  html += batch_section(page.report, labels, page.best_batches);
  html += number_section(page.report, labels);
  html += method_section();
  html += system_section(system_of(page));
  if (!page.command.empty()) html += command_section(std::span(&page.command, 1));
  return html + close_page(page.generated_at);
}

}  // namespace lathe::report
