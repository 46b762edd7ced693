#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "report/format.h"
#include "report/markup.h"
#include "report/page_sections.h"

namespace lathe::report {
namespace {

using measure::Example;
using measure::Variant;

// Images up to this width are drawn with their pixels visible rather than blurred.
constexpr std::uint32_t kSmallImage = 64;

std::string_view media_type(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return "image/png";
  if (bytes.starts_with("\xff\xd8\xff")) return "image/jpeg";
  return {};
}

// The width in a PNG's header, which is its first chunk; large for anything else.
std::uint32_t image_width(std::string_view bytes) {
  if (media_type(bytes) != "image/png" || bytes.size() < 24) return UINT32_MAX;
  std::uint32_t width = 0;
  for (std::size_t i = 16; i < 20; ++i) {
    width = (width << 8) | static_cast<std::uint8_t>(bytes[i]);
  }
  return width;
}

std::string said(std::string_view who, const std::string& what, const Example& example) {
  const std::string name = who.empty() ? std::string() : fmt::format("{}: ", escape_markup(who));
  if (example.truth.empty()) return name + escape_markup(what);
  const bool right = what == example.truth;
  return fmt::format("{0}<span class=\"{1}\">{2}\u00a0<span aria-label=\"{3}\">{4}</span></span>",
                     name, right ? "better" : "worse", escape_markup(what),
                     right ? "right" : "wrong", right ? "✓" : "✗");
}

// What the last variant that says anything says.
std::string answer(const Example& example) {
  for (auto it = example.predicted.rbegin(); it != example.predicted.rend(); ++it) {
    if (!it->empty()) return *it;
  }
  return {};
}

// The answers, each once, with the names of the variants that give it.
std::vector<std::pair<std::string, std::string>> answers(const Example& example,
                                                         std::span<const Variant> variants) {
  std::vector<std::pair<std::string, std::string>> all;
  for (std::size_t i = 0; i < std::min(variants.size(), example.predicted.size()); ++i) {
    const std::string& what = example.predicted[i];
    if (what.empty()) continue;
    const auto same = std::find_if(all.begin(), all.end(),
                                   [&](const auto& other) { return other.first == what; });
    if (same == all.end()) {
      all.emplace_back(what, variants[i].name);
    } else {
      same->second += ", " + variants[i].name;
    }
  }
  return all;
}

std::string caption(const Example& example, std::span<const Variant> variants) {
  std::string text;
  const auto all = answers(example, variants);
  bool any_right = example.truth.empty();
  for (const auto& [what, names] : all) {
    if (!text.empty()) text += "<br>";
    text += said(all.size() > 1 ? names : std::string(), what, example);
    any_right = any_right || what == example.truth;
  }
  std::string hint;
  if (!any_right) hint = "it is: " + escape_markup(example.truth);
  if (std::isfinite(example.confidence) && example.confidence >= 0 && example.confidence <= 1) {
    if (!hint.empty()) hint += "<br>";
    hint += fmt::format("{} sure", format_percent(example.confidence, 0));
  }
  if (!hint.empty()) text += fmt::format(" <span class=\"hint\">{}</span>", hint);
  return text;
}

std::string picture(const Example& example) {
  const std::string_view type = media_type(example.png);
  if (type.empty()) return "<div class=\"blank\"></div>";
  const std::string alt =
      example.truth.empty() ? std::string("test image") : "test image: " + example.truth;
  return fmt::format("<img{} alt=\"{}\" src=\"data:{};base64,{}\">",
                     image_width(example.png) <= kSmallImage ? " class=\"small\"" : "",
                     escape_markup(alt), type, base64(example.png));
}

std::string lead(std::span<const Example> examples, std::span<const Variant> variants) {
  std::size_t right = 0;
  std::size_t judged = 0;
  std::size_t differ = 0;
  for (const Example& example : examples) {
    const std::string prediction = answer(example);
    if (!example.truth.empty() && !prediction.empty()) {
      ++judged;
      if (prediction == example.truth) ++right;
    }
    if (answers(example, variants).size() > 1) ++differ;
  }
  std::string text;
  if (judged > 0) {
    text = fmt::format("{} of these {} {} right{}.", right, judged, right == 1 ? "is" : "are",
                       variants.size() > 1 ? " by " + variants.back().name : "");
  }
  if (differ > 0) {
    text += fmt::format("{}On {} of them {} disagree.", text.empty() ? "" : " ", differ,
                        variants.size() == 2
                            ? fmt::format("{} and {}", variants[0].name, variants[1].name)
                            : std::string("the variants"));
  }
  return text;
}

}  // namespace

std::string example_section(const measure::VariantComparison& comparison) {
  if (comparison.examples.empty()) return {};
  std::string items;
  for (const Example& example : comparison.examples) {
    items += fmt::format("<li><figure>{}<figcaption>{}</figcaption></figure></li>\n",
                         picture(example), caption(example, comparison.variants));
  }
  return section("examples", "Test images", lead(comparison.examples, comparison.variants),
                 fmt::format("<ul class=\"examples\">\n{}</ul>\n", items));
}

}  // namespace lathe::report
