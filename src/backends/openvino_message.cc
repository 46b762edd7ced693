#include "backends/openvino_message.h"

#include <algorithm>
#include <array>
#include <fmt/ranges.h>
#include <span>
#include <string>
#include <vector>

namespace lathe::engine::openvino {
namespace {

constexpr std::size_t kLongest = 400;

bool starts_with_any(std::string_view line, std::span<const std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view beginning) { return line.starts_with(beginning); });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const auto line = trimmed(text.substr(0, end)); !line.empty()) lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// "my.own.Magic, Det-21" as {"my.own.Magic", "Det"}: operators of ONNX carry their version.
std::vector<std::string_view> operator_names(std::string_view list) {
  std::vector<std::string_view> names;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    std::string_view name = trimmed(list.substr(0, end));
    const std::size_t dash = name.rfind('-');
    if (dash != std::string_view::npos &&
        name.find_first_not_of("0123456789", dash + 1) == std::string_view::npos) {
      name = name.substr(0, dash);
    }
    if (!name.empty()) names.push_back(name);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return names;
}

// What stands between `before` and `after`, or nothing.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + before.size());
  const std::size_t end = text.find(after);
  return end == std::string_view::npos ? std::string_view{} : text.substr(0, end);
}

// "node conv1 (Conv)" out of "While validating ONNX node '<Node(Conv): conv1>'", or "node conv1"
// out of "with friendly_name 'conv1'"; empty where no node is spoken of.
std::string node_of(std::string_view text) {
  const std::string_view node = between(text, "ONNX node '<Node(", ">'");
  if (const std::size_t divider = node.find("): "); divider != std::string_view::npos) {
    return fmt::format("node {} ({})", node.substr(divider + 3), node.substr(0, divider));
  }
  const std::string_view name = between(text, "with friendly_name '", "'");
  return name.empty() ? std::string() : fmt::format("node {}", name);
}

ErrorCode code_of(std::string_view message) {
  if (message.find("bad_alloc") != std::string_view::npos ||
      message.find("Cannot allocate memory") != std::string_view::npos) {
    return ErrorCode::kResourceExhausted;
  }
  if (message.find("OpConversionFailure") != std::string_view::npos ||
      message.find("Unsupported operation") != std::string_view::npos ||
      message.find("not implemented") != std::string_view::npos) {
    return ErrorCode::kUnsupported;
  }
  // The library is there, but its reader of ONNX or its part for processors is not.
  if (message.find("is not registered in the OpenVINO Runtime") != std::string_view::npos ||
      message.find("Unable to read the model") != std::string_view::npos) {
    return ErrorCode::kUnavailable;
  }
  return ErrorCode::kInternal;
}

}  // namespace

Error readable_error(std::string_view message) {
  constexpr std::string_view kUnknown = "-- No conversion rule found for operations:";
  constexpr std::string_view kFailed = "-- Conversion is failed for:";
  constexpr std::array<std::string_view, 8> kNoise = {
      "Exception from src/", "Check '",  "FrontEnd API failed",
      "Model wasn't fully",  "Summary:", "To facilitate the conversion",
      "While validating",    "-- ",
  };
  std::vector<std::string> parts;
  std::string_view reason;
  std::string_view failed;
  for (const std::string_view line : lines_of(message)) {
    if (line.starts_with(kUnknown)) {
      const auto names = operator_names(line.substr(kUnknown.size()));
      parts.insert(parts.begin(),
                   fmt::format("does not know operator{} {}", names.size() == 1 ? "" : "s",
                               fmt::join(names, ", ")));
    } else if (line.starts_with(kFailed)) {
      failed = line.substr(kFailed.size());
    } else if (!starts_with_any(line, kNoise)) {
      reason = line;
    }
  }
  if (const std::string node = node_of(message); !node.empty()) {
    parts.push_back(reason.empty() ? node : fmt::format("{}: {}", node, reason));
  } else if (!reason.empty()) {
    parts.emplace_back(reason);
  } else if (parts.empty() && !failed.empty()) {
    parts.push_back(fmt::format("cannot convert {}", fmt::join(operator_names(failed), ", ")));
  }
  if (parts.empty()) parts.emplace_back("gave no reason");
  const ErrorCode code = code_of(message);
  if (code == ErrorCode::kUnavailable) {
    parts.emplace_back(
        "its ONNX reader or its part for processors may be missing beside the library");
  }
  std::string text = fmt::format("OpenVINO: {}", fmt::join(parts, "; "));
  if (text.size() > kLongest) {
    text.resize(kLongest);
    text += "...";
  }
  return {code, std::move(text)};
}

}  // namespace lathe::engine::openvino
