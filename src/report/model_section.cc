#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <vector>

#include "base/progress.h"
#include "report/comparison.h"
#include "report/format.h"
#include "report/markup.h"
#include "report/page_sections.h"

namespace lathe::report {
namespace {

// One row of the table: a quantity, where to find it, how to show and compare it.
struct Quantity {
  const char* name;
  const char* hint;
  std::function<double(const ModelSummary&)> value;
  std::function<std::string(double)> show;
  std::function<Change(const ModelSummary&, const ModelSummary&, double, double)> compare;
};

auto ratio(Direction direction) {
  return [direction](const ModelSummary&, const ModelSummary&, double before, double after) {
    return compare_ratio(before, after, direction);
  };
}

Change accuracy(const ModelSummary& first, const ModelSummary& second, double before,
                double after) {
  return compare_accuracy(before, after, std::min(first.samples, second.samples));
}

std::vector<Quantity> quantities() {
  const auto bytes = [](double value) { return format_bytes(value); };
  const auto count = [](double value) { return format_count(value); };
  const auto percent = [](double value) { return format_percent(value); };
  const auto time = [](double value) { return format_ms(value); };
  const auto rate = [](double value) { return format_integer(value); };
  const Direction size{"smaller", "larger"};
  const Direction amount{"fewer", "more"};
  const Direction speed{"faster", "slower"};
  using Model = const ModelSummary&;
  return {
      {"Top-1 accuracy", "the first guess is right", [](Model m) { return m.top1; }, percent,
       accuracy},
      {"Top-5 accuracy", "one of the first five guesses is right", [](Model m) { return m.top5; },
       percent, accuracy},
      {"File size", "", [](Model m) { return known(m.size_bytes); }, bytes, ratio(size)},
      {"Parameters", "", [](Model m) { return known(m.parameters); }, count, ratio(amount)},
      {"Multiply-accumulates", "for one image", [](Model m) { return known(m.macs); }, count,
       ratio(amount)},
      {"Working memory", "arena for activations", [](Model m) { return known(m.arena_bytes); },
       bytes, ratio(size)},
      {"Latency, median", "half of all runs take no longer", [](Model m) { return m.p50_ms; }, time,
       ratio(speed)},
      {"Latency, p90", "nine of ten runs take no longer", [](Model m) { return m.p90_ms; }, time,
       ratio(speed)},
      {"Latency, p99", "99 of 100 runs take no longer", [](Model m) { return m.p99_ms; }, time,
       ratio(speed)},
      {"Latency, mean", "", [](Model m) { return m.mean_ms; }, time, ratio(speed)},
      {"Images per second", "", [](Model m) { return m.images_per_s; }, rate,
       ratio({"lower", "higher", false})},
      {"Test images",
       "that accuracy was measured on",
       [](Model m) { return known(m.samples); },
       rate,
       {}},
  };
}

std::string change_markup(const Change& change) {
  if (change.verdict == Verdict::kNeutral) return escape_markup(change.text);
  // The mark says in shape what the colour says.
  const bool better = change.verdict == Verdict::kBetter;
  return fmt::format("<span class=\"{0}\">{1}\u00a0<span aria-label=\"{0}\">{2}</span></span>",
                     better ? "better" : "worse", escape_markup(change.text), better ? "✓" : "!");
}

std::string table_row(const Quantity& quantity, std::span<const ModelSummary> models) {
  std::string cells;
  bool any = false;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const double value = quantity.value(models[i]);
    any = any || std::isfinite(value);
    std::string change;
    if (i > 0 && quantity.compare && std::isfinite(value)) {
      const double before = quantity.value(models[0]);
      change = change_markup(quantity.compare(models[0], models[i], before, value));
    }
    cells += "<td>" +
             (std::isfinite(value) ? escape_markup(quantity.show(value)) : std::string(kNoValue));
    if (models.size() == 2) {
      cells += "</td>";
      if (i == 1) cells += fmt::format("<td class=\"change\">{}</td>", change);
    } else {
      if (!change.empty()) cells += fmt::format("<span class=\"below\">{}</span>", change);
      cells += "</td>";
    }
  }
  if (!any) return {};
  std::string name = escape_markup(quantity.name);
  if (*quantity.hint != '\0') {
    name += fmt::format(" <span class=\"hint\">{}</span>", escape_markup(quantity.hint));
  }
  return fmt::format("<tr><th scope=\"row\">{}</th>{}</tr>\n", name, cells);
}

std::string file_note(std::span<const ModelSummary> models) {
  std::string files;
  for (const ModelSummary& model : models) {
    if (model.file.empty()) continue;
    files += fmt::format("{}{}: <code>{}</code>", files.empty() ? "" : "; ",
                         escape_markup(model.name), escape_markup(model.file));
  }
  return files.empty() ? files : fmt::format("<p class=\"note\">{}.</p>\n", files);
}

// How far accuracies can be trusted, in a sentence.
std::string margin_note(std::span<const ModelSummary> models) {
  for (const ModelSummary& model : models) {
    const double margin = accuracy_margin(model.top1, model.samples);
    if (!std::isfinite(margin)) continue;
    return fmt::format(
        "<p class=\"note\">An accuracy measured on {} images is known to about ±{:.2f} points "
        "(95 % confidence).{}</p>\n",
        escape_markup(format_integer(static_cast<double>(model.samples))), margin * 100,
        models.size() > 1 ? " Changes are marked as better (✓) or worse (!) only where an accuracy "
                            "moves by more than chance and anything else by more than 2 %."
                          : "");
  }
  return {};
}

std::string figure(std::string_view name, const std::string& now, const std::string& before,
                   const Change& change) {
  std::string was;
  if (!before.empty()) was = "was " + escape_markup(before);
  if (!change.text.empty()) was += (was.empty() ? "" : ", ") + change_markup(change);
  return fmt::format(
      "<div class=\"figure\"><dt>{}</dt><dd class=\"now\">{}</dd><dd class=\"was\">{}</dd></div>\n",
      escape_markup(name), escape_markup(now), was);
}

}  // namespace

std::string key_figures(std::span<const ModelSummary> models) {
  if (models.empty()) return {};
  const ModelSummary& first = models.front();
  const ModelSummary& last = models.back();
  const bool compared = models.size() > 1;
  std::string figures;
  const auto add = [&](const char* name, double before, double after, auto show, Change change) {
    if (!std::isfinite(after)) return;
    const bool both = compared && std::isfinite(before);
    figures += figure(name, show(after), both ? show(before) : std::string(),
                      both ? std::move(change) : Change{});
  };
  add("File size", known(first.size_bytes), known(last.size_bytes), format_bytes,
      compare_ratio(known(first.size_bytes), known(last.size_bytes), {"smaller", "larger"}));
  add("Median latency", typical_ms(first), typical_ms(last), format_ms,
      compare_ratio(typical_ms(first), typical_ms(last), {"faster", "slower"}));
  add(
      "Top-1 accuracy", first.top1, last.top1, [](double v) { return format_percent(v); },
      accuracy(first, last, first.top1, last.top1));
  add("Working memory", known(first.arena_bytes), known(last.arena_bytes), format_bytes,
      compare_ratio(known(first.arena_bytes), known(last.arena_bytes), {"smaller", "larger"}));
  if (figures.empty()) return {};
  return fmt::format("<dl class=\"figures\">\n{}</dl>\n", figures);
}

std::string model_section(std::span<const ModelSummary> models) {
  std::string rows;
  for (const Quantity& quantity : quantities()) rows += table_row(quantity, models);
  if (models.empty() || rows.empty()) return {};
  std::string head = "<td></td>";
  for (const ModelSummary& model : models) {
    head += fmt::format("<th scope=\"col\">{}</th>", escape_markup(model.name));
  }
  if (models.size() == 2) head += "<th scope=\"col\">change</th>";
  const std::string table = fmt::format(
      "<div class=\"wide\"><table class=\"models\">\n<thead><tr>{}</tr></thead>\n<tbody>\n{}"
      "</tbody></table></div>\n{}",
      head, rows, margin_note(models) + file_note(models));
  return section("models", models.size() > 1 ? "Before and after" : "The model", {}, table);
}

}  // namespace lathe::report
