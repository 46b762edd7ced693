// Attributes that are one word of a few.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/words.h"
#include "ops/attributes.h"

namespace lathe::ops {

template <typename Enum>
struct AttributeWord {
  std::string_view word;
  Enum meaning;
};

// What the attribute's word means; refuses words that are not listed.
template <typename Enum, std::size_t count>
Result<Enum> find_word(const Attributes& attributes, std::string_view name,
                       const AttributeWord<Enum> (&words)[count]) {
  const std::string& given = attributes.get_string(name);
  std::vector<std::string> known;
  for (const AttributeWord<Enum>& word : words) {
    if (word.word == given) return word.meaning;
    known.emplace_back(word.word);
  }
  return invalid_data("{} is '{}', expected one of {}", name, given, listed(known));
}

}  // namespace lathe::ops
