#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>
#include <vector>

#include "base/progress.h"
#include "report/chart.h"
#include "report/format.h"
#include "report/markup.h"
#include "report/page_sections.h"

namespace lathe::report {
namespace {

// More bars than this are more than one reads; the table has them all.
constexpr std::size_t kMostBars = 48;

bool measured(double value) { return std::isfinite(value) && value >= 0; }

double longest(const LayerTiming& layer) {
  return std::max(measured(layer.float_ms) ? layer.float_ms : -1,
                  measured(layer.int8_ms) ? layer.int8_ms : -1);
}

// Indices of the slowest layers, in network order.
std::vector<std::size_t> slowest(std::span<const LayerTiming> layers, std::size_t count) {
  std::vector<std::size_t> order(layers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return longest(layers[a]) > longest(layers[b]);
  });
  order.resize(std::min(count, order.size()));
  std::sort(order.begin(), order.end());
  return order;
}

struct Totals {
  double float_ms = 0;
  double int8_ms = 0;
  bool has_float = false;
  bool has_int8 = false;
  std::size_t slower = 0;  // layers that take longer in int8
  std::size_t compared = 0;
};

Totals add_up(std::span<const LayerTiming> layers) {
  Totals totals;
  for (const LayerTiming& layer : layers) {
    const bool has_float = measured(layer.float_ms);
    const bool has_int8 = measured(layer.int8_ms);
    if (has_float) totals.float_ms += layer.float_ms;
    if (has_int8) totals.int8_ms += layer.int8_ms;
    totals.has_float = totals.has_float || has_float;
    totals.has_int8 = totals.has_int8 || has_int8;
    if (has_float && has_int8) {
      ++totals.compared;
      if (layer.int8_ms > layer.float_ms) ++totals.slower;
    }
  }
  return totals;
}

std::string lead(std::size_t count, const Totals& totals) {
  std::string text =
      count == 1 ? std::string("One layer takes") : fmt::format("{} layers take", count);
  if (totals.has_float) text += fmt::format(" {} in float", format_ms(totals.float_ms));
  if (totals.has_float && totals.has_int8) text += " and";
  if (totals.has_int8) text += fmt::format(" {} in int8", format_ms(totals.int8_ms));
  text += ".";
  if (totals.compared > 0 && totals.slower > 0) {
    text += fmt::format(" Of {} measured in both, {} {} slower in int8.", totals.compared,
                        totals.slower, totals.slower == 1 ? "is" : "are");
  }
  return text;
}

std::string bars(std::span<const LayerTiming> layers, const Totals& totals) {
  const bool all = layers.size() <= kMostBars;
  BarChart chart{.title = all ? std::string("Time of each layer, in network order")
                              : fmt::format("Time of the {} slowest of {} layers, in network order",
                                            kMostBars, layers.size()),
                 .format = ValueFormat::kMilliseconds};
  if (totals.has_float) chart.series.emplace_back("float");
  if (totals.has_int8) chart.series.emplace_back("int8");
  for (const std::size_t index : slowest(layers, kMostBars)) {
    const LayerTiming& layer = layers[index];
    BarRow row{.label = layer.name.empty() ? fmt::format("#{}", index + 1) : layer.name,
               .note = layer.op_type};
    if (totals.has_float) row.values.push_back(layer.float_ms);
    if (totals.has_int8) row.values.push_back(layer.int8_ms);
    chart.rows.push_back(std::move(row));
  }
  return to_svg(chart);
}

std::string time_cells(double milliseconds, const std::string& kernel) {
  return fmt::format(
      "<td>{}</td><td class=\"text\"><code>{}</code></td>",
      measured(milliseconds) ? escape_markup(format_ms(milliseconds)) : std::string(kNoValue),
      escape_markup(kernel));
}

// "2.1×" where int8 is faster, with a word where it is slower.
std::string speedup(const LayerTiming& layer) {
  if (!measured(layer.float_ms) || !measured(layer.int8_ms) || layer.int8_ms == 0) {
    return std::string(kNoValue);
  }
  const std::string ratio = format_ratio(layer.float_ms / layer.int8_ms);
  if (layer.int8_ms <= layer.float_ms) return ratio;
  return fmt::format("<span class=\"worse\">{} slower</span>",
                     format_ratio(layer.int8_ms / std::max(layer.float_ms, 1e-12)));
}

std::string table(std::span<const LayerTiming> layers, const Totals& totals) {
  const bool both = totals.has_float && totals.has_int8;
  std::string head =
      "<th scope=\"col\">layer</th><th scope=\"col\" class=\"text\">operator</th>"
      "<th scope=\"col\">MACs</th>";
  if (totals.has_float) {
    head += "<th scope=\"col\">float</th><th scope=\"col\" class=\"text\">kernel</th>";
  }
  if (totals.has_int8) {
    head += "<th scope=\"col\">int8</th><th scope=\"col\" class=\"text\">kernel</th>";
  }
  if (both) head += "<th scope=\"col\">speed-up</th>";
  std::string rows;
  for (const LayerTiming& layer : layers) {
    const bool has_macs = std::isfinite(layer.macs) && layer.macs > 0;
    rows += fmt::format(
        "<tr><th scope=\"row\" class=\"name\">{}</th><td class=\"text\">{}</td><td>{}</td>",
        escape_markup(layer.name), escape_markup(layer.op_type),
        has_macs ? format_count(layer.macs) : std::string(kNoValue));
    if (totals.has_float) rows += time_cells(layer.float_ms, layer.float_kernel);
    if (totals.has_int8) rows += time_cells(layer.int8_ms, layer.int8_kernel);
    if (both) rows += fmt::format("<td>{}</td>", speedup(layer));
    rows += "</tr>\n";
  }
  std::string total = "<th scope=\"row\">total</th><td></td><td></td>";
  if (totals.has_float) total += fmt::format("<td>{}</td><td></td>", format_ms(totals.float_ms));
  if (totals.has_int8) total += fmt::format("<td>{}</td><td></td>", format_ms(totals.int8_ms));
  if (both) {
    total += fmt::format("<td>{}</td>", totals.int8_ms > 0
                                            ? format_ratio(totals.float_ms / totals.int8_ms)
                                            : std::string(kNoValue));
  }
  return fmt::format(
      "<details><summary>All {} as a table</summary>\n<div class=\"wide\"><table>\n"
      "<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n<tfoot><tr>{}</tr></tfoot></table></div>"
      "</details>\n",
      layers.size() == 1 ? std::string("of it") : fmt::format("{} layers", layers.size()), head,
      rows, total);
}

}  // namespace

std::string layer_section(std::span<const LayerTiming> layers) {
  const Totals totals = add_up(layers);
  if (!totals.has_float && !totals.has_int8) return {};
  return section("layers", "Where the time goes", lead(layers.size(), totals),
                 bars(layers, totals) + table(layers, totals));
}

}  // namespace lathe::report
