#include "base/system_file.h"

#include <charconv>
#include <fstream>

namespace lathe {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::int64_t kMostCpus = 65536;

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

}  // namespace

std::optional<std::string> read_system_file(const Path& path) {
  constexpr std::size_t kMost = std::size_t{1} << 20;
  constexpr std::size_t kPiece = 4096;
  // The kernel says that such files have no bytes, so they are read until their end.
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text;
  while (file && text.size() < kMost) {
    const std::size_t before = text.size();
    text.resize(before + kPiece);
    file.read(text.data() + before, kPiece);
    text.resize(before + static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad() || (file.fail() && !file.eof())) return std::nullopt;
  return std::string(trim(text));
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, failed] = std::from_chars(text.data(), end, value);
  if (failed != std::errc() || stopped != end) return std::nullopt;
  return value;
}

std::vector<int> parse_cpu_list(std::string_view text) {
  std::vector<int> cpus;
  text = trim(text);
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::size_t dash = part.find('-', 1);
    const auto first = parse_integer(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_integer(part.substr(dash + 1));
    if (!first || !last || *first < 0) continue;
    for (std::int64_t cpu = *first; cpu <= std::min(*last, kMostCpus - 1); ++cpu)
      cpus.push_back(static_cast<int>(cpu));
  }
  return cpus;
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t begin = text.find_first_not_of(kBlanks); begin != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(kBlanks, end);
  }
  return words;
}

}  // namespace lathe
