#include "base/json_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lathe {
namespace {

// How deeply the brackets outside of strings are nested. Exact for valid JSON.
int nesting(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text) {
  if (nesting(text) > kMaxJsonDepth) {
    return invalid_data("not JSON that can be read: nested more than {} deep", kMaxJsonDepth);
  }
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& problem) {
    if (problem.byte > text.size()) return invalid_data("not JSON: it ends too early");
    return invalid_data("not JSON: byte {} of {} is not what was expected", problem.byte,
                        text.size());
  } catch (const nlohmann::json::exception&) {
    return invalid_data("not JSON that can be read: a number is too large");
  }
}

std::string json_text(const nlohmann::json& json, int indent) {
  return json.dump(indent, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
}

}  // namespace lathe
