#include "ops/text.h"

#include <utf8proc.h>

namespace lathe::ops {

CodePoint first_code_point(std::string_view text) {
  utf8proc_int32_t value = -1;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const utf8proc_ssize_t read =
      utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &value);
  return read > 0 ? CodePoint{value, static_cast<std::size_t>(read)} : CodePoint{};
}

bool is_white_space(std::int32_t code_point) {
  if ((code_point >= 0x09 && code_point <= 0x0D) || (code_point >= 0x1C && code_point <= 0x1F) ||
      code_point == 0x85)
    return true;
  switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return true;
    default:
      return false;
  }
}

}  // namespace lathe::ops
