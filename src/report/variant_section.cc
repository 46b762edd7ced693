#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>

#include "base/progress.h"
#include "report/markup.h"
#include "report/page_sections.h"
#include "report/quantities.h"

namespace lathe::report {
namespace {

using measure::Variant;

std::string change_markup(const Change& change) {
  if (change.verdict == Verdict::kNeutral) return escape_markup(change.text);
  // The mark says in shape what the colour says.
  const bool better = change.verdict == Verdict::kBetter;
  return fmt::format("<span class=\"{0}\">{1}\u00a0<span aria-label=\"{0}\">{2}</span></span>",
                     better ? "better" : "worse", escape_markup(change.text), better ? "✓" : "!");
}

std::string table_row(const Quantity& quantity, const QuantityFormatter& formatter,
                      std::span<const Variant> variants) {
  std::string cells;
  bool any = false;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const bool present = std::isfinite(quantity.value(variants[i]));
    any = any || present;
    const std::string change =
        i > 0 && present ? change_markup(quantity.change(variants[0], variants[i])) : std::string();
    cells += "<td>" + escape_markup(formatter.show(quantity, variants[i]));
    if (variants.size() == 2) {
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

std::string note(const std::string& text) {
  return text.empty() ? text : fmt::format("<p class=\"note\">{}</p>\n", text);
}

std::string file_note(std::span<const Variant> variants) {
  std::string files;
  for (const Variant& variant : variants) {
    if (variant.model.empty()) continue;
    files += fmt::format("{}{}: <code>{}</code>", files.empty() ? "" : "; ",
                         escape_markup(variant.name), escape_markup(variant.model));
  }
  return files.empty() ? files : note(files + ".");
}

// How far accuracies can be trusted, a sentence or two each.
std::string accuracy_notes(std::span<const Variant> variants) {
  std::string notes;
  for (const Variant& variant : variants) {
    const double margin = accuracy_margin(variant.top1, variant.samples);
    if (!std::isfinite(margin)) continue;
    notes = note(fmt::format(
        "An accuracy measured on {} samples is known to about ±{:.2f} points (95 % confidence).",
        format_integer(static_cast<double>(variant.samples)), margin * 100));
    break;
  }
  for (const Variant& variant : variants) {
    if (&variant != &variants[0])
      notes += note(escape_markup(explain_accuracy(variants[0], variant)));
  }
  if (variants.size() > 1 && !notes.empty()) {
    notes += note(
        "Changes are marked as better (✓) or worse (!) only where the interval of an accuracy's "
        "change leaves zero out, and anything else moves by more than 2 %.");
  }
  return notes;
}

// Why parameters differ where no layer was changed.
std::string folding_note(std::span<const Variant> variants) {
  std::string names;
  for (const Variant& variant : variants) {
    const bool folded = variant.batch_normalizations >= 0 &&
                        variant.batch_normalizations < variants[0].batch_normalizations;
    if (folded) names += (names.empty() ? "" : ", ") + variant.name;
  }
  if (names.empty()) return {};
  return note(
      fmt::format("Batch normalization of {} is folded into the layers before it, whose weights "
                  "and biases hold "
                  "what it computed, which leaves {} fewer parameters.",
                  escape_markup(variants[0].name), escape_markup(names)));
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

std::string key_figures(std::span<const Variant> variants) {
  if (variants.empty()) return {};
  const Variant& first = variants.front();
  const Variant& last = variants.back();
  const bool compared = variants.size() > 1;
  std::string figures;
  const auto add = [&](const char* name, double before, double after, auto show, Change change) {
    if (!std::isfinite(after)) return;
    const bool both = compared && std::isfinite(before);
    figures += figure(name, show(after), both ? show(before) : std::string(),
                      both ? std::move(change) : Change{});
  };
  const Direction size{"smaller", "larger", true, true};
  const TimeUnit unit = time_unit(std::array{typical_ms(first), typical_ms(last)});
  add("File size", known(first.size_bytes), known(last.size_bytes), format_bytes,
      compare_ratio(known(first.size_bytes), known(last.size_bytes), size));
  add(
      "Median latency", typical_ms(first), typical_ms(last),
      [&](double ms) { return format_ms(ms, unit); },
      compare_ratio(typical_ms(first), typical_ms(last), {"faster", "slower"}));
  add(
      "Top-1 accuracy", first.top1, last.top1, [](double v) { return format_percent(v); },
      compare_top(first, last));
  add("Working memory", known(first.arena_bytes), known(last.arena_bytes), format_bytes,
      compare_ratio(known(first.arena_bytes), known(last.arena_bytes), size));
  if (figures.empty()) return {};
  return fmt::format("<dl class=\"figures\">\n{}</dl>\n", figures);
}

std::string variant_section(std::span<const Variant> variants) {
  const QuantityFormatter formatter(variants);
  std::string rows;
  for (const Quantity& quantity : quantities()) rows += table_row(quantity, formatter, variants);
  if (variants.empty() || rows.empty()) return {};
  std::string head = "<td></td>";
  for (const Variant& variant : variants) {
    head += fmt::format("<th scope=\"col\">{}</th>", escape_markup(variant.name));
  }
  if (variants.size() == 2) head += "<th scope=\"col\">change</th>";
  const std::string table = fmt::format(
      "<div class=\"wide\"><table class=\"models\">\n<thead><tr>{}</tr></thead>\n<tbody>\n{}"
      "</tbody></table></div>\n{}",
      head, rows, accuracy_notes(variants) + folding_note(variants) + file_note(variants));
  const char* heading = variants.size() == 1
                            ? "The model"
                            : (variants.size() == 2 ? "Before and after" : "Side by side");
  return section("models", heading, {}, table);
}

}  // namespace lathe::report
