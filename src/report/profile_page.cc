#include "report/profile_page.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/progress.h"
#include "base/words.h"
#include "report/chart.h"
#include "report/format.h"
#include "report/markup.h"
#include "report/page_sections.h"

namespace lathe::report {
namespace {

using measure::ModelProfile;
using measure::ProfiledGroup;
using measure::ProfiledStep;
using measure::Work;

constexpr std::size_t kMostGroupBars = 24;
constexpr std::size_t kMostNodeBars = 40;

std::string profile_figure(std::string_view name, std::string_view value, std::string_view remark) {
  return fmt::format(
      "<div class=\"figure\"><dt>{}</dt><dd class=\"now\">{}</dd><dd class=\"was\">{}</dd></div>\n",
      escape_markup(name), escape_markup(value), escape_markup(remark));
}

std::string profile_figures(const ModelProfile& profile) {
  const Work& total = profile.total;
  const TimeUnit unit = time_unit(std::array{profile.p50_ms, profile.min_ms});
  std::string content =
      profile_figure("An inference", format_ms(profile.p50_ms, unit),
                     fmt::format("median of {}; {} at least; {} outside of nodes",
                                 grouped(profile.inferences), format_ms(profile.min_ms, unit),
                                 format_share(profile.outside_ms / std::max(total.ms, 1e-12))));
  if (total.macs > 0) {
    content += profile_figure("Arithmetic", format_rate(total.gflops()) + " GFLOP/s",
                              format_count(total.macs) + " multiply-accumulates");
  }
  content += profile_figure("Memory", format_rate(total.gb_per_s()) + " GB/s",
                            format_bytes(total.bytes) + " read and written");
  if (profile.roofline) {
    content += profile_figure(
        "Of the roofline", format_share(total.roofline_share()),
        fmt::format("the machine could do it in {}", format_ms(total.attainable_ms)));
  }
  content += profile_figure("Reference evaluator",
                            format_share(total.interpreter_ms / std::max(total.ms, 1e-12)),
                            "of the time, for want of kernels");
  return fmt::format("<dl class=\"figures\">\n{}</dl>\n", content);
}

std::string interpreter_section(const ModelProfile& profile) {
  const std::vector<std::string> lines = interpreted_lines(profile);
  if (lines.empty()) return {};
  std::string content;
  for (const std::string& line : lines)
    content += fmt::format("<p class=\"note\">{}</p>\n", escape_markup(line));
  return section("interpreter", "In the reference evaluator",
                 "These nodes have no kernel, and take many times as long as they would with one.",
                 content);
}

// What stands behind the bars that are shown is added up in one more.
std::string group_bars(const std::string& title, std::span<const ProfiledGroup> groups) {
  BarChart chart{.title = title, .series = {"time"}, .format = ValueFormat::kMilliseconds};
  const std::vector<std::size_t> order = longest_groups(groups);
  ProfiledGroup rest;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const ProfiledGroup& group = groups[order[i]];
    if (i < kMostGroupBars || order.size() == kMostGroupBars + 1) {
      chart.rows.push_back(
          {.label = group.name, .note = format_share(group.work.share), .values = {group.work.ms}});
      continue;
    }
    ++rest.steps;
    rest.work += group.work;
  }
  if (rest.steps > 0) {
    chart.rows.push_back({.label = fmt::format("{} others", rest.steps),
                          .note = format_share(rest.work.share),
                          .values = {rest.work.ms},
                          .style = 5});
  }
  return to_svg(chart);
}

std::string operator_section(const ModelProfile& profile) {
  if (profile.operators.empty()) return {};
  return section("operators", "By operator", {}, group_bars("Time by operator", profile.operators));
}

std::string layer_bars_section(const ModelProfile& profile) {
  if (profile.layers.size() < 2) return {};
  return section("layers", "By layer", fmt::format("A layer: {}.", describe(profile.layer_rule)),
                 group_bars("Time by layer", profile.layers));
}

std::string node_bars(const ModelProfile& profile) {
  std::vector<std::size_t> order = longest_steps(profile);
  const bool all = order.size() <= kMostNodeBars;
  order.resize(std::min(order.size(), kMostNodeBars));
  std::sort(order.begin(), order.end());
  BarChart chart{.title = all ? std::string("Time of each node, in order of execution")
                              : fmt::format("Time of the {} longest of {} nodes, in order of "
                                            "execution",
                                            kMostNodeBars, profile.steps.size()),
                 .series = {"time"},
                 .format = ValueFormat::kMilliseconds};
  if (profile.roofline) chart.series.emplace_back("what the machine could do it in");
  for (const std::size_t i : order) {
    const ProfiledStep& step = profile.steps[i];
    BarRow row{.label = step.step.name.empty() ? fmt::format("#{}", i + 1) : step.step.name,
               .note = step.step.op_type,
               .values = {step.work.ms}};
    if (profile.roofline) row.values.push_back(step.work.attainable_ms);
    chart.rows.push_back(std::move(row));
  }
  return to_svg(chart);
}

// Levels that are about as fast share a line.
std::vector<RooflineChart::Roof> slopes_of(const measure::Roofline& roofline) {
  constexpr double kAlike = 1.25;
  std::vector<RooflineChart::Roof> slopes;
  std::string names;
  for (std::size_t i = 0; i < roofline.levels.size(); ++i) {
    const measure::MemoryLevel& level = roofline.levels[i];
    names += (names.empty() ? "" : ", ") + level.name;
    const bool shared =
        i + 1 < roofline.levels.size() && level.gb_per_s < kAlike * roofline.levels[i + 1].gb_per_s;
    if (shared) continue;
    slopes.push_back(
        {fmt::format("{}, {} GB/s", names, format_rate(level.gb_per_s)), level.gb_per_s});
    names.clear();
  }
  return slopes;
}

std::string roofline_section(const ModelProfile& profile) {
  if (!profile.roofline) return {};
  const measure::Roofline& roofline = *profile.roofline;
  RooflineChart chart{.title = "Nodes that multiply, below what can be reached"};
  bool is_used[3] = {false, false, false};
  for (const ProfiledStep& step : profile.steps) {
    if (step.work.macs == 0 || step.work.bytes == 0 || step.work.ms == 0) continue;
    const std::size_t ceiling = step.step.multiplies == ir::DataType::kInt8       ? 1
                                : step.step.multiplies == ir::DataType::kBFloat16 ? 2
                                                                                  : 0;
    is_used[ceiling] = true;
    chart.points.push_back({.label = step.step.name.empty() ? step.step.op_type : step.step.name,
                            .intensity = 2 * step.work.macs / step.work.bytes,
                            .gflops = step.work.gflops(),
                            .weight = step.work.ms,
                            .ceiling = ceiling});
  }
  if (chart.points.empty()) return {};
  if (is_used[0])
    chart.ceilings.push_back(
        {fmt::format("float32, {} GFLOP/s", format_rate(roofline.float32_gflops)),
         roofline.float32_gflops});
  if (is_used[1]) {
    chart.ceilings.push_back({fmt::format("int8 by {}, {} GOP/s", roofline.int8_instructions,
                                          format_rate(roofline.int8_gops)),
                              roofline.int8_gops});
    if (roofline.int8_vector_gops < roofline.int8_gops) {
      chart.ceilings.push_back(
          {fmt::format("int8 by vectors, {} GOP/s", format_rate(roofline.int8_vector_gops)),
           roofline.int8_vector_gops});
    }
  }
  if (is_used[2])
    chart.ceilings.push_back(
        {fmt::format("bfloat16, {} GFLOP/s", format_rate(roofline.bf16_gflops)),
         roofline.bf16_gflops});
  chart.slopes = slopes_of(roofline);
  return section(
      "roofline", "Against the roofline",
      fmt::format(
          "Each mark is a node, its area the time that it takes{}. Nodes that multiply no "
          "matrices have no place here: the table has their bytes per second.",
          is_used[0] && is_used[1] ? "; round ones multiply float32, square ones int8" : ""),
      fmt::format("<div class=\"single\">\n{}</div>\n", to_svg(chart)));
}

std::string head(std::initializer_list<std::pair<std::string_view, bool>> titles) {
  std::string text;
  for (const auto& [title, is_text] : titles) {
    text += fmt::format("<th scope=\"col\"{}>{}</th>", is_text ? " class=\"text\"" : "",
                        escape_markup(title));
  }
  return text;
}

std::string number(const std::string& text) {
  return fmt::format("<td>{}</td>", text.empty() ? std::string(kNoValue) : escape_markup(text));
}

std::string node_row(const ProfiledStep& step, const TimeUnit& unit, bool with_roofline) {
  const Work& work = step.work;
  std::string row = fmt::format(
      "<tr><th scope=\"row\" class=\"name\">{}<span class=\"hint\">{}</span></th>"
      "<td class=\"text\">{}</td><td class=\"text\"><code>{}</code>{}</td>",
      escape_markup(step.step.name), escape_markup(step.layer), escape_markup(step.step.op_type),
      escape_markup(step.step.kernel),
      step.step.missing.empty()
          ? std::string()
          : fmt::format("<span class=\"hint\">{}</span>", escape_markup(step.step.missing)));
  row += number(format_time(work.ms, unit)) + number(format_time(step.min_ms, unit)) +
         number(format_time(step.mean_ms, unit)) + number(format_share(work.share)) +
         number(work.macs > 0 ? format_count(work.macs) : "") +
         number(work.macs > 0 ? format_rate(work.gflops()) : "") +
         number(format_bytes(work.bytes)) +
         number(work.bytes > 0 ? format_rate(work.gb_per_s()) : "");
  if (with_roofline) {
    row += number(work.attainable_ms > 0 ? format_share(work.roofline_share()) : "") +
           fmt::format("<td class=\"text\">{}</td>", measure::bound_name(step.bound));
  }
  return row + "</tr>\n";
}

std::string node_section(const ModelProfile& profile) {
  if (profile.steps.empty()) return {};
  const bool with_roofline = profile.roofline.has_value();
  std::vector<double> times;
  for (const ProfiledStep& step : profile.steps) times.push_back(step.work.ms);
  const TimeUnit unit = time_unit(times);
  std::string titles = head({{"node", true},
                             {"operator", true},
                             {"kernel", true},
                             {fmt::format("p50 {}", unit.name), false},
                             {"min", false},
                             {"mean", false},
                             {"share", false},
                             {"MACs", false},
                             {"GFLOP/s", false},
                             {"moved", false},
                             {"GB/s", false}});
  if (with_roofline) titles += head({{"roofline", false}, {"bound", true}});
  std::string rows;
  for (const ProfiledStep& step : profile.steps) rows += node_row(step, unit, with_roofline);
  return section(
      "nodes", "Where the time goes", {},
      node_bars(profile) +
          fmt::format("<details><summary>All {} as a table</summary>\n<div class=\"wide\"><table "
                      "class=\"dense\">\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody></table>"
                      "</div></details>\n",
                      counted(std::ssize(profile.steps), "node"), titles, rows));
}

std::string profile_method_section(const ModelProfile& profile) {
  std::string text = fmt::format(
      "The model ran {} times on random inputs after a warm-up, and each node was timed each time. "
      "Times are medians; shares are of their sum. What fused nodes compute together is one row, "
      "named after the first. Moved bytes count what a node reads and writes, weights included, "
      "once each.",
      grouped(profile.inferences));
  if (profile.roofline) {
    text += fmt::format(
        " The roofline of a node is the least time that it could take on this machine with {}: its "
        "multiply-adds at the measured peak of their type, or its bytes read from the nearest of "
        "the caches that holds them all, or from memory, whichever takes longer. Writing is slower "
        "than reading, so memory-bound nodes do not quite reach it.",
        counted(profile.roofline->threads, "thread"));
  }
  std::string content = fmt::format("<p class=\"note\">{}</p>\n", escape_markup(text));
  for (const std::string& note : profile.notes)
    content += fmt::format("<p class=\"note\">{}</p>\n", escape_markup(note));
  return section("method", "How it was measured", {}, content);
}

std::vector<std::pair<std::string, std::string>> machine_of(const ProfilePage& page) {
  auto system = page.system;
  if (page.profile.roofline) {
    for (const auto& [label, value] : describe(*page.profile.roofline))
      system.emplace_back(fmt::format("Peak, {}", label), value);
  }
  return system;
}

}  // namespace

std::string to_html(const ProfilePage& page) {
  const ModelProfile& profile = page.profile;
  std::string html =
      open_page(fmt::format("lathe profile {}", page.title.model), headline(page.title, profile),
                fmt::format("{} {}, {}, batch {}.", page.title.backend, profile.backend_version,
                            counted(profile.threads, "thread"), profile.batch));
  html += profile_figures(profile);
  html += "</header>\n<main>\n";
  html += interpreter_section(profile);
  html += operator_section(profile);
  html += layer_bars_section(profile);
  html += node_section(profile);
  html += roofline_section(profile);
  html += profile_method_section(profile);
  html += system_section(machine_of(page));
  if (!page.command.empty()) html += command_section(std::span(&page.command, 1));
  return html + close_page(page.generated_at);
}

}  // namespace lathe::report
