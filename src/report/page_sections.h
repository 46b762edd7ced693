// The parts of the HTML page, one function each. A part with nothing to show is an empty string.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "report/html_report.h"

namespace lathe::report {

// Everything about looks: the page's own CSS and that of the charts.
std::string page_style();

// The begin of a page up to its open <header>: title, and below it `answer` as the headline;
// without an answer the title is the headline. `summary` may be empty. All are text.
std::string open_page(std::string_view title, std::string_view answer, std::string_view summary);
// The end of a page from its open <main> on.
std::string close_page(std::string_view generated_at);

// Size, latency, accuracy and memory of the last variant in large figures, against the first.
std::string key_figures(std::span<const measure::Variant> variants);
// All that was measured of each variant, one row per quantity.
std::string variant_section(std::span<const measure::Variant> variants);
// Accuracy against size and latency, and the spread of latencies.
std::string tradeoff_section(std::span<const measure::Variant> variants);
std::string history_section(const History& history);
std::string layer_section(const measure::VariantComparison& comparison);
std::string example_section(const measure::VariantComparison& comparison);
std::string system_section(std::span<const std::pair<std::string, std::string>> system);
std::string command_section(std::span<const std::string> commands);

// A <section> with a heading and a paragraph below it, which may be empty; `content` is markup,
// the others are text.
std::string section(std::string_view id, std::string_view heading, std::string_view lead,
                    std::string_view content);

}  // namespace lathe::report
