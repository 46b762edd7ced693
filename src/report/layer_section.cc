#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>
#include <vector>

#include "base/progress.h"
#include "base/words.h"
#include "report/chart.h"
#include "report/markup.h"
#include "report/page_sections.h"

namespace lathe::report {
namespace {

using measure::LayerTimes;

// More bars than this are more than one reads; the table has them all.
constexpr std::size_t kMostBars = 48;

bool measured(double value) { return std::isfinite(value) && value >= 0; }

// A layer's time in the variant, NaN where it has none.
double time_of(const LayerTimes& layer, std::size_t variant) {
  if (variant >= layer.variants.size() || !measured(layer.variants[variant].ms)) return kUnknown;
  return layer.variants[variant].ms;
}

// A variant of which at least one layer was measured.
struct Measured {
  std::size_t index = 0;  // among all variants
  std::string name;
  double total_ms = 0;
  // Of the layers that the first variant has too.
  std::size_t compared = 0;
  std::size_t slower = 0;
};

std::vector<Measured> add_up(const measure::VariantComparison& comparison) {
  std::vector<Measured> all;
  for (std::size_t i = 0; i < comparison.variants.size(); ++i) {
    Measured sum{.index = i, .name = comparison.variants[i].name};
    bool any = false;
    for (const LayerTimes& layer : comparison.layers) {
      const double ms = time_of(layer, i);
      if (!measured(ms)) continue;
      any = true;
      sum.total_ms += ms;
      const double first = time_of(layer, 0);
      if (!measured(first)) continue;
      ++sum.compared;
      if (ms > first) ++sum.slower;
    }
    if (any) all.push_back(std::move(sum));
  }
  return all;
}

// Indices of the slowest layers, in network order.
std::vector<std::size_t> slowest(std::span<const LayerTimes> layers, std::size_t count) {
  const auto longest = [&](std::size_t layer) {
    double most = -1;
    for (std::size_t i = 0; i < layers[layer].variants.size(); ++i) {
      if (const double ms = time_of(layers[layer], i); measured(ms)) most = std::max(most, ms);
    }
    return most;
  };
  std::vector<std::size_t> order(layers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return longest(a) > longest(b); });
  order.resize(std::min(count, order.size()));
  std::sort(order.begin(), order.end());
  return order;
}

std::string lead(std::size_t count, std::span<const Measured> variants) {
  std::vector<double> totals;
  for (const Measured& variant : variants) totals.push_back(variant.total_ms);
  const TimeUnit unit = time_unit(totals);
  std::string text = count == 1 ? std::string("One layer takes")
                                : counted(static_cast<std::int64_t>(count), "layer") + " take";
  for (std::size_t i = 0; i < variants.size(); ++i) {
    if (i > 0) text += i + 1 == variants.size() ? " and" : ",";
    text += fmt::format(" {} in {}", format_ms(variants[i].total_ms, unit), variants[i].name);
  }
  text += ".";
  for (const Measured& variant : variants) {
    if (variant.index == 0 || variant.slower == 0) continue;
    text += fmt::format(" Of {} measured in both, {} {} slower in {} than in {}.", variant.compared,
                        variant.slower, variant.slower == 1 ? "is" : "are", variant.name,
                        variants[0].name);
  }
  return text;
}

std::string bars(std::span<const LayerTimes> layers, std::span<const Measured> variants) {
  const bool all = layers.size() <= kMostBars;
  BarChart chart{.title = all ? std::string("Time of each layer, in network order")
                              : fmt::format("Time of the {} slowest of {} layers, in network order",
                                            kMostBars, layers.size()),
                 .format = ValueFormat::kMilliseconds};
  for (const Measured& variant : variants) chart.series.push_back(variant.name);
  for (const std::size_t index : slowest(layers, kMostBars)) {
    const LayerTimes& layer = layers[index];
    BarRow row{.label = layer.name.empty() ? fmt::format("#{}", index + 1) : layer.name,
               .note = layer.op_type};
    for (const Measured& variant : variants) row.values.push_back(time_of(layer, variant.index));
    chart.rows.push_back(std::move(row));
  }
  return to_svg(chart);
}

// "2.1×" where it is faster than before, with a word where it is slower.
std::string speedup(double before, double after) {
  if (!measured(before) || !measured(after) || after == 0) return std::string(kNoValue);
  if (after <= before) return format_ratio(before / after);
  return fmt::format("<span class=\"worse\">{} slower</span>",
                     format_ratio(after / std::max(before, 1e-12)));
}

std::string heading(std::string_view text, bool is_text, std::string_view hint = {}) {
  return fmt::format(
      "<th scope=\"col\"{}>{}{}</th>", is_text ? " class=\"text\"" : "", escape_markup(text),
      hint.empty() ? std::string() : fmt::format("<span class=\"hint\">{}</span>", hint));
}

// Times of all columns share a unit, which the head names.
class LayerTable {
 public:
  LayerTable(std::span<const LayerTimes> layers, std::span<const Measured> variants)
      : layers_(layers), variants_(variants) {
    std::vector<double> totals;
    for (const Measured& variant : variants) totals.push_back(variant.total_ms);
    unit_ = time_unit(totals);
  }

  [[nodiscard]] std::string markup() const {
    std::string rows;
    for (const LayerTimes& layer : layers_) rows += row(layer);
    return fmt::format(
        "<details><summary>All {} as a table</summary>\n<div class=\"wide\"><table>\n"
        "<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n<tfoot><tr>{}</tr></tfoot></table></div>"
        "</details>\n",
        layers_.size() == 1 ? std::string("of it")
                            : counted(static_cast<std::int64_t>(layers_.size()), "layer"),
        head(), rows, totals());
  }

 private:
  // Whether a variant is compared with the first; not where that has no layer measured.
  [[nodiscard]] bool compared(const Measured& variant) const {
    return variant.index > 0 && variants_[0].index == 0;
  }

  [[nodiscard]] std::string head() const {
    std::string text = heading("layer", false) + heading("operator", true) + heading("MACs", false);
    for (const Measured& variant : variants_) {
      text += heading(variant.name, false, unit_.name);
      if (compared(variant)) text += heading("speed-up", false);
      text += heading("kernel", true);
    }
    return text;
  }

  [[nodiscard]] std::string row(const LayerTimes& layer) const {
    const bool has_macs = std::isfinite(layer.macs) && layer.macs > 0;
    std::string text = fmt::format(
        "<tr><th scope=\"row\" class=\"name\">{}</th><td class=\"text\">{}</td><td>{}</td>",
        escape_markup(layer.name), escape_markup(layer.op_type),
        has_macs ? format_count(layer.macs) : std::string(kNoValue));
    for (const Measured& variant : variants_) {
      const double ms = time_of(layer, variant.index);
      text += fmt::format("<td>{}</td>", format_time(ms, unit_));
      if (compared(variant)) text += fmt::format("<td>{}</td>", speedup(time_of(layer, 0), ms));
      text += fmt::format(
          "<td class=\"text\"><code>{}</code></td>",
          measured(ms) ? escape_markup(layer.variants[variant.index].kernel) : std::string());
    }
    return text + "</tr>\n";
  }

  [[nodiscard]] std::string totals() const {
    std::string text = "<th scope=\"row\">total</th><td></td><td></td>";
    for (const Measured& variant : variants_) {
      text += fmt::format("<td>{}</td>", format_time(variant.total_ms, unit_));
      if (compared(variant))
        text += fmt::format("<td>{}</td>", speedup(variants_[0].total_ms, variant.total_ms));
      text += "<td></td>";
    }
    return text;
  }

  std::span<const LayerTimes> layers_;
  std::span<const Measured> variants_;
  TimeUnit unit_;
};

}  // namespace

std::string layer_section(const measure::VariantComparison& comparison) {
  const std::vector<Measured> variants = add_up(comparison);
  if (variants.empty()) return {};
  return section(
      "layers", "Where the time goes", lead(comparison.layers.size(), variants),
      bars(comparison.layers, variants) + LayerTable(comparison.layers, variants).markup());
}

}  // namespace lathe::report
