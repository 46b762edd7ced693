#include "ops/named_extents.h"

#include <charconv>

namespace lathe::ops {

using ir::Dim;

Status NamedExtents::match(std::size_t input, const std::vector<std::string>& names) {
  if (!context_.has_input(input) || !context_.input(input).shape) return {};
  const ir::Shape& shape = *context_.input(input).shape;
  bool fits = shape.size() == names.size();
  for (std::size_t i = 0; fits && i < names.size(); ++i) {
    const Dim known = (*this)[names[i]];
    fits = !known.known() || !shape[i].known() || known == shape[i];
  }
  if (!fits) {
    return invalid_data("{} has shape {}, expected {}", context_.place(input), ir::to_string(shape),
                        expected(names));
  }
  for (std::size_t i = 0; i < names.size(); ++i) set(names[i], shape[i]);
  return {};
}

void NamedExtents::set(const std::string& name, const Dim& extent) {
  Dim& held = extents_[name];
  const bool says_more = extent.known() ? !held.known() : held.symbolic().is_unknown();
  if (says_more) held = extent;
}

Dim NamedExtents::operator[](std::string_view name) const {
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (failed == std::errc() && end == name.data() + name.size()) return number;
  const auto it = extents_.find(name);
  return it == extents_.end() ? Dim() : it->second;
}

std::string NamedExtents::expected(const std::vector<std::string>& names) const {
  std::string text = "[";
  for (const std::string& name : names) {
    const Dim known = (*this)[name];
    text += text.size() > 1 ? "," : "";
    text += known.known() ? known.to_string() : name;
  }
  return text + "]";
}

}  // namespace lathe::ops
