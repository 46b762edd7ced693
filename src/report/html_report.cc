#include "report/html_report.h"

#include <fmt/format.h>

#include "report/markup.h"
#include "report/page_sections.h"

namespace lathe::report {

namespace {

// No line ends between a number and its unit.
std::string keep_units(std::string text) {
  constexpr std::string_view kSpace = "\u00a0";
  for (const std::string_view unit : {" %", " ms", " µs"}) {
    for (std::size_t at = text.find(unit); at != std::string::npos; at = text.find(unit, at)) {
      text.replace(at, 1, kSpace);
    }
  }
  return text;
}

}  // namespace

std::string section(std::string_view id, std::string_view heading, std::string_view lead,
                    std::string_view content) {
  const std::string paragraph =
      lead.empty() ? std::string()
                   : fmt::format("<p class=\"lead\">{}</p>\n", keep_units(escape_markup(lead)));
  return fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}{}</section>\n", escape_markup(id),
                     escape_markup(heading), paragraph, content);
}

std::string system_section(std::span<const std::pair<std::string, std::string>> system) {
  if (system.empty()) return {};
  std::string items;
  for (const auto& [name, value] : system) {
    items += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_markup(name), escape_markup(value));
  }
  return section("system", "Measured on", {},
                 fmt::format("<dl class=\"system\">\n{}</dl>\n", items));
}

std::string command_section(std::span<const std::string> commands) {
  if (commands.empty()) return {};
  std::string lines;
  for (const std::string& command : commands) {
    lines += fmt::format("<code>{}</code>", escape_markup(command));
  }
  return section("commands", "Do it again", {}, fmt::format("<pre>{}</pre>\n", lines));
}

std::string open_page(std::string_view title, std::string_view answer, std::string_view summary) {
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"generator\" content=\"Lathe {}\">\n<title>{}</title>\n<style>\n{}</style>\n"
      "</head>\n<body>\n<header>\n",
      LATHE_VERSION, escape_markup(title), page_style());
  if (!answer.empty()) page += fmt::format("<p class=\"kicker\">{}</p>\n", escape_markup(title));
  page += fmt::format("<h1>{}</h1>\n", escape_markup(answer.empty() ? title : answer));
  if (!summary.empty()) {
    page += fmt::format("<p class=\"summary\">{}</p>\n", escape_markup(summary));
  }
  return page;
}

std::string close_page(std::string_view generated_at) {
  return fmt::format(
      "</main>\n<footer>{} by Lathe {}.</footer>\n</body>\n</html>\n",
      generated_at.empty() ? "Made" : fmt::format("Made {}", escape_markup(generated_at)),
      LATHE_VERSION);
}

std::string to_html(const Report& report) {
  const std::string title = report.title.empty() ? std::string("Lathe report") : report.title;
  std::string page = open_page(title, headline(report), report.summary);
  page += key_figures(report.comparison.variants);
  page += "</header>\n<main>\n";
  page += variant_section(report.comparison.variants);
  page += tradeoff_section(report.comparison.variants);
  page += layer_section(report.comparison);
  if (report.history) page += history_section(*report.history);
  page += example_section(report.comparison);
  page += system_section(report.system);
  page += command_section(report.commands);
  return page + close_page(report.generated_at);
}

Status write_html(const Report& report, const Path& path) {
  return write_file_atomic(path, to_html(report));
}

}  // namespace lathe::report
