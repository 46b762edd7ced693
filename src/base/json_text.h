// JSON as text, in both directions, where the text or the strings in it come from others: models'
// metadata, users' files, names of files.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lathe {

// How many arrays and objects may stand within each other: far more than anything honest has, and
// few enough that functions which call themselves for each of them keep to the stack.
inline constexpr int kMaxJsonDepth = 200;

// The value that a text holds. kInvalidData where it holds none, more than one, or one that is
// nested too deeply.
Result<nlohmann::json> parse_json(std::string_view text);

// In one line, or with lines indented by `indent` blanks where that is not negative. Bytes of
// strings that are no UTF-8, as names of files may have them, become U+FFFD.
std::string json_text(const nlohmann::json& json, int indent = -1);

}  // namespace lathe
