#include "engine/slow_steps.h"

#include <algorithm>
#include <fmt/ranges.h>

namespace lathe::engine {
namespace {

constexpr std::size_t kMostGroups = 8;  // that are told
constexpr std::size_t kMostNames = 3;   // of each

// Calls visit(slot) for what the step reads and writes.
template <typename Visit>
void for_each_slot(const Plan& plan, const Step& step, const Visit& visit) {
  for (const auto* slots : {&step.inputs, &step.outputs})
    for (const SlotId slot : *slots) visit(plan.slots[static_cast<std::size_t>(slot)]);
}

std::int64_t elements(const Slot& slot) { return ir::element_count(slot.dims).value_or(0); }

double work_of(const Plan& plan, const Step& step) {
  auto work = static_cast<double>(step.macs);
  for_each_slot(plan, step, [&](const Slot& slot) { work += static_cast<double>(elements(slot)); });
  return work;
}

// Slow steps of one operator for one reason.
struct Group {
  std::string what;
  std::vector<std::string> names;

  [[nodiscard]] std::string describe() const {
    const std::size_t shown = std::min(names.size(), kMostNames);
    std::string text = fmt::format(
        "{} ({}", what,
        fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
    if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
    return text + ")";
  }
};

std::string in_percent(double share) {
  return share > 0 && share < 0.01 ? "below 1 %" : fmt::format("{:.0f} %", 100 * share);
}

}  // namespace

std::int64_t bytes_moved(const Plan& plan, const Step& step) {
  std::int64_t bytes = 0;
  for_each_slot(plan, step, [&](const Slot& slot) {
    bytes += elements(slot) * ir::bits_per_element(slot.data_type) / 8;
  });
  return bytes;
}

double slow_share(const Plan& plan) {
  double all = 0;
  double slow = 0;
  for (const Step& step : plan.steps) {
    const double work = work_of(plan, step);
    all += work;
    if (is_slow(step)) slow += work;
  }
  return all > 0 ? slow / all : 0;
}

std::string describe_slow_steps(const Plan& plan) {
  std::vector<Group> groups;
  std::size_t count = 0;
  for (const Step& step : plan.steps) {
    if (!is_slow(step)) continue;
    ++count;
    std::string what = fmt::format("{}, {}", step.op_type, step.missing);
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const Group& other) { return other.what == what; });
    if (group == groups.end()) group = groups.insert(groups.end(), Group{std::move(what), {}});
    group->names.push_back(step.name);
  }
  if (groups.empty()) return {};
  std::vector<std::string> parts;
  for (const Group& group : groups) {
    if (parts.size() == kMostGroups) {
      parts.push_back(fmt::format("and {} more operators", groups.size() - kMostGroups));
      break;
    }
    parts.push_back(group.describe());
  }
  return fmt::format("{} ({} of the work) {} in the reference evaluator, which is slow: {}",
                     count == 1 ? "1 node" : fmt::format("{} nodes", count),
                     in_percent(slow_share(plan)), count == 1 ? "runs" : "run",
                     fmt::join(parts, "; "));
}

}  // namespace lathe::engine
