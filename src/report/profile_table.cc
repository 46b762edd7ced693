#include "report/profile_table.h"

#include <algorithm>
#include <fmt/ranges.h>
#include <functional>
#include <numeric>

#include "base/progress.h"
#include "base/words.h"
#include "report/fitting_table.h"
#include "report/format.h"
#include "report/utf8.h"

namespace lathe::report {
namespace {

using measure::ModelProfile;
using measure::ProfiledGroup;
using measure::ProfiledStep;
using measure::Work;

constexpr int kNameWidth = 30;
constexpr int kOperatorWidth = 20;
constexpr int kKernelWidth = 26;

std::string rate_cell(double rate) { return rate > 0 ? format_rate(rate) : std::string(); }

std::string share_cell(double share) { return share > 0 ? format_share(share) : std::string(); }

// The columns that nodes and groups have in common.
void add_work_columns(std::vector<FittingColumn>& columns, const ModelProfile& profile,
                      std::span<const Work* const> rows, const TimeUnit& unit) {
  const auto add = [&](std::string title, int importance,
                       const std::function<std::string(const Work&)>& cell) {
    FittingColumn column{{std::move(title), Align::kRight}, {}, importance};
    for (const Work* work : rows) column.cells.push_back(cell(*work));
    columns.push_back(std::move(column));
  };
  add(fmt::format("p50 {}", unit.name), 0,
      [&](const Work& work) { return format_time(work.ms, unit); });
  add("share", 0, [](const Work& work) { return format_share(work.share); });
  add("GFLOP/s", 5, [](const Work& work) { return rate_cell(work.gflops()); });
  add("moved", 2, [](const Work& work) { return format_bytes(work.bytes); });
  add("GB/s", 4, [](const Work& work) { return rate_cell(work.gb_per_s()); });
  if (profile.roofline)
    add("roofline", 6, [](const Work& work) { return share_cell(work.roofline_share()); });
}

TimeUnit unit_of(std::span<const Work* const> rows) {
  std::vector<double> times;
  for (const Work* work : rows) times.push_back(work->ms);
  return time_unit(times);
}

// What the rows that are not shown take together.
std::string rest_line(std::string_view what, std::span<const Work* const> all, std::size_t shown) {
  if (shown >= all.size()) return {};
  Work rest;
  for (std::size_t i = shown; i < all.size(); ++i) rest += *all[i];
  return fmt::format(
      "and {}: {}, {}; --all shows all\n",
      counted(std::ssize(all) - static_cast<std::ptrdiff_t>(shown), fmt::format("more {}", what)),
      format_ms(rest.ms), format_share(rest.share));
}

std::string node_table(const ModelProfile& profile, std::size_t top, bool bold_header, int width) {
  const std::vector<std::size_t> order = longest_steps(profile);
  std::vector<const Work*> all;
  for (const std::size_t i : order) all.push_back(&profile.steps[i].work);
  const std::size_t shown = top == 0 ? all.size() : std::min(top, all.size());
  const std::span<const Work* const> rows = std::span(all).first(shown);
  std::vector<FittingColumn> columns;
  const auto add = [&](Column column, int importance,
                       const std::function<std::string(const ProfiledStep&)>& cell) {
    FittingColumn& added = columns.emplace_back(FittingColumn{std::move(column), {}, importance});
    for (std::size_t i = 0; i < shown; ++i) added.cells.push_back(cell(profile.steps[order[i]]));
  };
  add({"node", Align::kLeft, kNameWidth, Ellipsis::kMiddle}, 0,
      [](const ProfiledStep& step) { return step.step.name; });
  add({"operator", Align::kLeft, kOperatorWidth}, 0,
      [](const ProfiledStep& step) { return step.step.op_type; });
  add({"kernel", Align::kLeft, kKernelWidth}, 3,
      [](const ProfiledStep& step) { return step.step.kernel; });
  add_work_columns(columns, profile, rows, unit_of(rows));
  if (profile.roofline) {
    add({"bound"}, 1,
        [](const ProfiledStep& step) { return std::string(measure::bound_name(step.bound)); });
  }
  return fitting_table(std::move(columns), "--json and --html have", bold_header, width) +
         rest_line("node", all, shown);
}

std::string group_table(std::string_view what, const ModelProfile& profile,
                        std::span<const ProfiledGroup> groups, std::span<const std::size_t> order,
                        std::size_t top, bool bold_header, int width) {
  std::vector<const Work*> all;
  for (const std::size_t i : order) all.push_back(&groups[i].work);
  const std::size_t shown = top == 0 ? all.size() : std::min(top, all.size());
  const std::span<const Work* const> rows = std::span(all).first(shown);
  std::vector<FittingColumn> columns;
  columns.push_back({{std::string(what), Align::kLeft, kNameWidth, Ellipsis::kMiddle}, {}, 0});
  columns.push_back({{"nodes", Align::kRight}, {}, 3});
  for (std::size_t i = 0; i < shown; ++i) {
    columns[0].cells.push_back(groups[order[i]].name);
    columns[1].cells.push_back(std::to_string(groups[order[i]].steps));
  }
  add_work_columns(columns, profile, rows, unit_of(rows));
  return fitting_table(std::move(columns), "--json and --html have", bold_header, width) +
         rest_line(what, all, shown);
}

std::string whole_lines(const ProfileTitle& title, const ModelProfile& profile) {
  const std::array times{profile.p50_ms, profile.min_ms, profile.mean_ms};
  const TimeUnit unit = time_unit(times);
  std::string text = fmt::format(
      "{}, {}, {}, batch {}: {} an inference, the median of {} ({} at least, {} on average)\n",
      title.model, title.backend, counted(profile.threads, "thread"), profile.batch,
      format_ms(profile.p50_ms, unit), grouped(profile.inferences), format_ms(profile.min_ms, unit),
      format_ms(profile.mean_ms, unit));
  text += fmt::format("outside of the nodes: {}, {}\n", format_ms(profile.outside_ms),
                      format_share(profile.outside_ms / profile.total.ms));
  const Work& total = profile.total;
  if (total.macs > 0) {
    text += fmt::format("multiply-accumulates: {}, {} GFLOP/s\n", format_count(total.macs),
                        format_rate(total.gflops()));
  }
  text += fmt::format("moved by the nodes: {}, {} GB/s\n", format_bytes(total.bytes),
                      format_rate(total.gb_per_s()));
  if (profile.roofline) {
    text += fmt::format("roofline: {} of what the machine could do, which is {}\n",
                        format_share(total.roofline_share()), format_ms(total.attainable_ms));
  }
  const std::vector<std::string> interpreted = interpreted_lines(profile);
  text += fmt::format("reference evaluator: {}\n",
                      interpreted.empty() ? std::string("nothing runs in it")
                                          : format_share(total.interpreter_ms / total.ms));
  for (const std::string& line : interpreted) text += "  " + line + "\n";
  for (const std::string& note : profile.notes) text += fmt::format("note: {}\n", note);
  return text;
}

std::string peak_lines(const ModelProfile& profile) {
  if (!profile.roofline) return {};
  std::vector<std::string> parts;
  for (const auto& [label, value] : describe(*profile.roofline))
    parts.push_back(fmt::format("{} {}", label, value));
  return fmt::format(
      "Peaks measured with {}: {}.\nRoofline: the share of the least time that a node could take, "
      "by its multiply-adds at the peak of their type or by the bytes that it moves, read from the "
      "nearest memory that holds them.\n",
      counted(profile.roofline->threads, "thread"), fmt::join(parts, ", "));
}

std::vector<std::size_t> by_time(std::size_t count, const std::function<double(std::size_t)>& ms) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return ms(a) > ms(b); });
  return order;
}

}  // namespace

std::string format_share(double share) {
  return share > 0 && share < 0.001 ? "below 0.1 %" : format_percent(share, 1);
}

std::vector<std::size_t> longest_steps(const ModelProfile& profile) {
  return by_time(profile.steps.size(), [&](std::size_t i) { return profile.steps[i].work.ms; });
}

std::vector<std::size_t> longest_groups(std::span<const ProfiledGroup> groups) {
  return by_time(groups.size(), [&](std::size_t i) { return groups[i].work.ms; });
}

std::vector<std::string> interpreted_lines(const ModelProfile& profile) {
  constexpr std::size_t kMostNames = 4;
  struct Kind {
    std::string what;
    double share = 0;
    std::vector<std::string> names;
  };
  std::vector<Kind> kinds;
  for (const ProfiledStep& step : profile.steps) {
    if (step.step.missing.empty()) continue;
    const std::string what = fmt::format("{}, {}", step.step.op_type, step.step.missing);
    auto kind = std::find_if(kinds.begin(), kinds.end(),
                             [&](const Kind& other) { return other.what == what; });
    if (kind == kinds.end()) kind = kinds.insert(kinds.end(), Kind{what, 0, {}});
    kind->share += step.work.share;
    kind->names.push_back(step.step.name.empty() ? "unnamed" : step.step.name);
  }
  std::stable_sort(kinds.begin(), kinds.end(),
                   [](const Kind& a, const Kind& b) { return a.share > b.share; });
  std::vector<std::string> lines;
  for (const Kind& kind : kinds) {
    lines.push_back(fmt::format("{}: {} ({})", format_share(kind.share), kind.what,
                                listed(kind.names, kMostNames)));
  }
  return lines;
}

std::string headline(const ProfileTitle& title, const ModelProfile& profile) {
  std::string text = fmt::format("{} takes {}", title.model, format_ms(profile.p50_ms));
  if (!profile.operators.empty()) {
    const ProfiledGroup& first = profile.operators.front();
    text += fmt::format(": {} of it {}", format_percent(first.work.share, 0), first.name);
  }
  return text + ".";
}

std::string profile_text(const ProfileTitle& title, const ModelProfile& profile, std::size_t top,
                         bool bold_header, int width) {
  std::string text = wrap_lines(whole_lines(title, profile), width, 2);
  if (profile.steps.empty()) return text;
  text += "\n" + node_table(profile, top, bold_header, width);
  text += "\n" + group_table("operator", profile, profile.operators,
                             longest_groups(profile.operators), 0, bold_header, width);
  if (profile.layers.empty()) {
    text += wrap_lines(fmt::format("\nNo layers: {}.\n", describe(profile.layer_rule)), width, 2);
  } else {
    text += "\n" + group_table("layer", profile, profile.layers, longest_groups(profile.layers),
                               top, bold_header, width);
    text += wrap_lines(fmt::format("A layer: {}.\n", describe(profile.layer_rule)), width, 2);
  }
  const std::string peaks = peak_lines(profile);
  return peaks.empty() ? text : text + "\n" + wrap_lines(peaks, width, 2);
}

}  // namespace lathe::report
