#include "ops/type_set.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "base/words.h"

namespace lathe::ops {
namespace {

// Every map that a signature of ONNX allows: to a number or a string, alone or in a sequence.
constexpr std::array<std::string_view, 8> kMaps = {
    "map(int64,string)",       "map(int64,float32)",      "map(int64,float64)",
    "map(string,int64)",       "map(string,float32)",     "map(string,float64)",
    "seq(map(int64,float32))", "seq(map(string,float32))"};

// The type without shapes, in the words of the table.
std::string word_of(const ir::Type& type) {
  switch (type.kind()) {
    case ir::Type::Kind::kTensor:
      return std::string(ir::data_type_name(type.tensor().data_type));
    case ir::Type::Kind::kSequence:
      return fmt::format("seq({})", word_of(type.element()));
    case ir::Type::Kind::kOptional:
      return fmt::format("optional({})", word_of(type.element()));
    case ir::Type::Kind::kMap:
      return fmt::format("map({},{})", ir::data_type_name(type.key()), word_of(type.element()));
  }
  return {};
}

std::uint32_t bit_of(ir::DataType type) { return 1U << static_cast<std::uint32_t>(type); }

}  // namespace

std::string_view TypeSet::prefix(int container) {
  constexpr std::array<std::string_view, kContainers> kPrefixes = {"", "seq(", "optional(",
                                                                   "optional(seq("};
  return kPrefixes.at(static_cast<std::size_t>(container));
}

Result<TypeSet> TypeSet::parse(std::string_view text) {
  TypeSet set;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (const auto* map = std::find(kMaps.begin(), kMaps.end(), word); map != kMaps.end()) {
      set.maps_ |= 1U << (map - kMaps.begin());
      continue;
    }
    int container = kOptionalSequence;
    while (!word.starts_with(prefix(container))) --container;
    const std::string_view inner = word.substr(prefix(container).size());
    const auto element = ir::parse_data_type(inner.substr(0, inner.find(')')));
    if (!element.ok()) return invalid_data("'{}' is no type", word);
    set.elements_.at(static_cast<std::size_t>(container)) |= bit_of(*element);
  }
  return set;
}

bool TypeSet::has(int container, ir::DataType type) const {
  return type != ir::DataType::kUndefined &&
         (elements_.at(static_cast<std::size_t>(container)) & bit_of(type)) != 0;
}

bool TypeSet::contains_tensor(ir::DataType type) const { return has(kTensor, type); }

bool TypeSet::contains(const ir::Type& type) const {
  if (type.is_tensor()) return has(kTensor, type.tensor().data_type);
  const std::string word = word_of(type);
  if (const auto* map = std::find(kMaps.begin(), kMaps.end(), word); map != kMaps.end())
    return (maps_ & (1U << (map - kMaps.begin()))) != 0;
  const bool in_optional = type.kind() == ir::Type::Kind::kOptional;
  const ir::Type& outer = in_optional ? type.element() : type;
  const bool in_sequence = outer.kind() == ir::Type::Kind::kSequence;
  const ir::Type& inner = in_sequence ? outer.element() : outer;
  if (!inner.is_tensor()) return false;
  const int container = in_optional ? (in_sequence ? kOptionalSequence : kOptional)
                                    : (in_sequence ? kSequence : kTensor);
  return has(container, inner.tensor().data_type);
}

bool TypeSet::empty() const { return *this == TypeSet(); }

std::string TypeSet::to_string() const {
  std::vector<std::string> words;
  for (int container = 0; container < kContainers; ++container) {
    for (int number = 1; ir::is_known_data_type(number); ++number) {
      const auto type = static_cast<ir::DataType>(number);
      if (!has(container, type)) continue;
      const std::string_view opening = prefix(container);
      const auto depth = static_cast<std::size_t>(std::count(opening.begin(), opening.end(), '('));
      words.push_back(
          fmt::format("{}{}{}", opening, ir::data_type_name(type), std::string(depth, ')')));
    }
  }
  for (std::size_t i = 0; i < kMaps.size(); ++i) {
    if ((maps_ & (1U << i)) != 0) words.emplace_back(kMaps.at(i));
  }
  return listed(words);
}

}  // namespace lathe::ops
