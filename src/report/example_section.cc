#include <cmath>
#include <cstdint>
#include <fmt/format.h>

#include "report/format.h"
#include "report/markup.h"
#include "report/page_sections.h"

namespace lathe::report {
namespace {

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
  if (what.empty()) return {};
  const std::string name = who.empty() ? std::string() : fmt::format("{}: ", who);
  if (example.truth.empty()) return name + escape_markup(what);
  const bool right = what == example.truth;
  return fmt::format("{0}<span class=\"{1}\">{2}\u00a0<span aria-label=\"{3}\">{4}</span></span>",
                     name, right ? "better" : "worse", escape_markup(what),
                     right ? "right" : "wrong", right ? "✓" : "✗");
}

std::string caption(const Example& example) {
  std::string text;
  const bool agree = example.predicted_float == example.predicted_int8;
  if (agree || example.predicted_float.empty() || example.predicted_int8.empty()) {
    text =
        said({}, example.predicted_int8.empty() ? example.predicted_float : example.predicted_int8,
             example);
  } else {
    text = said("float", example.predicted_float, example) + "<br>" +
           said("int8", example.predicted_int8, example);
  }
  std::string hint;
  if (!example.truth.empty() && example.predicted_float != example.truth &&
      example.predicted_int8 != example.truth) {
    hint = "it is: " + escape_markup(example.truth);
  }
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

std::string lead(std::span<const Example> examples) {
  std::size_t right = 0;
  std::size_t judged = 0;
  std::size_t differ = 0;
  for (const Example& example : examples) {
    const std::string& prediction =
        example.predicted_int8.empty() ? example.predicted_float : example.predicted_int8;
    if (!example.truth.empty() && !prediction.empty()) {
      ++judged;
      if (prediction == example.truth) ++right;
    }
    if (!example.predicted_float.empty() && !example.predicted_int8.empty() &&
        example.predicted_float != example.predicted_int8) {
      ++differ;
    }
  }
  std::string text;
  if (judged > 0) text = fmt::format("{} of these {} are right.", right, judged);
  if (differ > 0) {
    text += fmt::format(" On {} of them float and int8 disagree.", differ);
  }
  return text;
}

}  // namespace

std::string example_section(std::span<const Example> examples) {
  if (examples.empty()) return {};
  std::string items;
  for (const Example& example : examples) {
    items += fmt::format("<li><figure>{}<figcaption>{}</figcaption></figure></li>\n",
                         picture(example), caption(example));
  }
  return section("examples", "Test images", lead(examples),
                 fmt::format("<ul class=\"examples\">\n{}</ul>\n", items));
}

}  // namespace lathe::report
