#include "base/cgroup.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/system_file.h"

namespace lathe {
namespace {

// Version 1 writes "no limit" as the largest multiple of a page.
constexpr std::int64_t kNoMemoryLimit = std::int64_t{1} << 60;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool contains(const std::vector<std::string_view>& parts, std::string_view part) {
  return std::find(parts.begin(), parts.end(), part) != parts.end();
}

// mountinfo writes blanks and backslashes as \040 and \134.
std::string unescape(std::string_view text) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) &&
        octal(text[i + 3])) {
      plain +=
          static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + text[i + 3] - '0');
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// The part of a hierarchy of groups that is mounted, and where.
struct Mount {
  std::string group;
  std::string folder;
};

// Of the hierarchy that has `controller`; an empty one stands for version 2.
std::optional<Mount> find_mount(std::string_view mountinfo, std::string_view controller) {
  for (const std::string_view line : split(mountinfo, '\n')) {
    // ID PARENT DEVICE GROUP FOLDER OPTIONS [TAG...] - TYPE SOURCE OPTIONS
    const auto words = split_words(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (dash - words.begin() < 6 || words.end() - dash < 4) continue;
    const bool found = controller.empty()
                           ? dash[1] == "cgroup2"
                           : dash[1] == "cgroup" && contains(split(dash[3], ','), controller);
    if (found) return Mount{unescape(words[3]), unescape(words[4])};
  }
  return std::nullopt;
}

// The group of this process in that hierarchy.
std::optional<std::string> find_group(std::string_view membership, std::string_view controller) {
  for (const std::string_view line : split(membership, '\n')) {
    // ID:CONTROLLERS:GROUP
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const bool found = controller.empty() ? line.substr(0, first) == "0" && controllers.empty()
                                          : contains(split(controllers, ','), controller);
    if (found) return std::string(line.substr(second + 1));
  }
  return std::nullopt;
}

// Folders of the process's group and those around it, innermost first.
std::vector<Path> group_folders(const Path& root, std::string_view mountinfo,
                                std::string_view membership, std::string_view controller) {
  const auto mount = find_mount(mountinfo, controller);
  const auto group = find_group(membership, controller);
  if (!mount || !group) return {};
  // A container sees its own group mounted, but may be told the group's name outside.
  std::string below = *group;
  const std::string base = mount->group == "/" ? "" : mount->group;
  if (below.compare(0, base.size(), base) == 0) below.erase(0, base.size());
  if (below.find("/..") != std::string::npos) below.clear();
  const Path top = root / Path(mount->folder).relative_path();
  std::vector<Path> folders;
  for (; !below.empty() && below != "/"; below.erase(below.rfind('/'))) {
    if (below.front() != '/') break;
    folders.push_back(top / below.substr(1));
  }
  folders.push_back(top);
  return folders;
}

template <typename T>
void tighten(std::optional<T>& limit, T other) {
  limit = limit ? std::min(*limit, other) : other;
}

void tighten_cores(CgroupLimits& limits, std::string_view quota, std::string_view period) {
  const auto allowed = parse_integer(quota);  // "max" and -1 mean no limit
  const auto of = parse_integer(period);
  if (!allowed || !of || *allowed <= 0 || *of <= 0) return;
  tighten(limits.cores, static_cast<double>(*allowed) / static_cast<double>(*of));
}

void tighten_memory(CgroupLimits& limits, const std::optional<std::string>& text) {
  const auto bytes = parse_integer(text.value_or(""));
  if (bytes && *bytes > 0 && *bytes < kNoMemoryLimit) tighten(limits.memory_bytes, *bytes);
}

}  // namespace

CgroupLimits cgroup_limits(const Path& root) {
  const std::string mountinfo = read_system_file(root / "proc/self/mountinfo").value_or("");
  const std::string membership = read_system_file(root / "proc/self/cgroup").value_or("");
  CgroupLimits limits;
  for (const Path& folder : group_folders(root, mountinfo, membership, "")) {
    const std::string text = read_system_file(folder / "cpu.max").value_or("");
    if (const auto words = split_words(text); words.size() == 2) {
      tighten_cores(limits, words[0], words[1]);
    }
    tighten_memory(limits, read_system_file(folder / "memory.max"));
  }
  for (const Path& folder : group_folders(root, mountinfo, membership, "cpu")) {
    tighten_cores(limits, read_system_file(folder / "cpu.cfs_quota_us").value_or(""),
                  read_system_file(folder / "cpu.cfs_period_us").value_or(""));
  }
  for (const Path& folder : group_folders(root, mountinfo, membership, "memory")) {
    tighten_memory(limits, read_system_file(folder / "memory.limit_in_bytes"));
  }
  return limits;
}

}  // namespace lathe
