#include "data/npy_header.h"

#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace lathe::data {
namespace {

constexpr std::size_t kMaxRank = 64;  // NumPy 2 allows as many
constexpr std::size_t kMaxTextBytes = std::size_t{1} << 30;

struct NumericType {
  ir::DataType type;
  std::string_view code;
};
constexpr NumericType kNumericTypes[] = {
    {ir::DataType::kBool, "b1"},      {ir::DataType::kInt8, "i1"},
    {ir::DataType::kInt16, "i2"},     {ir::DataType::kInt32, "i4"},
    {ir::DataType::kInt64, "i8"},     {ir::DataType::kUint8, "u1"},
    {ir::DataType::kUint16, "u2"},    {ir::DataType::kUint32, "u4"},
    {ir::DataType::kUint64, "u8"},    {ir::DataType::kFloat16, "f2"},
    {ir::DataType::kFloat32, "f4"},   {ir::DataType::kFloat64, "f8"},
    {ir::DataType::kComplex64, "c8"}, {ir::DataType::kComplex128, "c16"},
};

Result<NpyElement> parse_description(std::string_view description) {
  NpyElement element;
  if (description.size() < 2) return invalid_data("descr '{}'", description);
  const char order = description[0];
  if (order != '<' && order != '>' && order != '|' && order != '=') {
    return invalid_data("descr '{}' names no byte order", description);
  }
  element.big_endian = order == '>';
  const std::string_view code = description.substr(1);
  element.kind = code[0];
  for (const NumericType& numeric : kNumericTypes) {
    if (numeric.code != code) continue;
    element.type = numeric.type;
    element.bytes = static_cast<std::size_t>(ir::bits_per_element(numeric.type)) / 8;
    return element;
  }
  if (element.kind == 'S' || element.kind == 'U') {
    std::size_t width = 0;
    const char* end = code.data() + code.size();
    const auto [stop, fault] = std::from_chars(code.data() + 1, end, width);
    if (fault != std::errc() || stop != end || width > kMaxTextBytes) {
      return invalid_data("descr '{}'", description);
    }
    element.type = ir::DataType::kString;
    element.bytes = element.kind == 'U' ? 4 * width : width;
    return element;
  }
  return unsupported("arrays of descr '{}'", description);
}

// Reads the few Python literals that a header is made of.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool accept(char wanted) {
    skip_space();
    if (text_.empty() || text_[0] != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  Status expect(char wanted) {
    if (accept(wanted)) return {};
    return invalid_data("expected '{}' before \"{}\"", wanted, text_.substr(0, 20));
  }
  bool at_end() {
    skip_space();
    return text_.empty();
  }

  Result<std::string_view> quoted() {
    skip_space();
    if (text_.empty() || (text_[0] != '\'' && text_[0] != '"')) {
      return unsupported("\"{}\" where a quoted string was expected", text_.substr(0, 20));
    }
    const std::size_t end = text_.find(text_[0], 1);
    if (end == std::string_view::npos) return invalid_data("a string without its closing quote");
    const std::string_view inside = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return inside;
  }

  Result<bool> boolean() {
    skip_space();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (!text_.starts_with(word)) continue;
      text_.remove_prefix(word.size());
      return value;
    }
    return invalid_data("expected True or False before \"{}\"", text_.substr(0, 20));
  }

  Result<std::vector<std::int64_t>> tuple() {
    std::vector<std::int64_t> items;
    RETURN_IF_ERROR(expect('('));
    while (!accept(')')) {
      skip_space();
      std::int64_t item = 0;
      const auto [stop, fault] = std::from_chars(text_.data(), text_.data() + text_.size(), item);
      if (fault != std::errc() || item < 0) {
        return invalid_data("expected an extent before \"{}\"", text_.substr(0, 20));
      }
      if (items.size() == kMaxRank) return invalid_data("more than {} dimensions", kMaxRank);
      items.push_back(item);
      text_.remove_prefix(static_cast<std::size_t>(stop - text_.data()));
      accept('L');  // Python 2 wrote long integers so
      if (!accept(',')) {
        RETURN_IF_ERROR(expect(')'));
        break;
      }
    }
    return items;
  }

 private:
  void skip_space() {
    const std::size_t first = text_.find_first_not_of(" \t\r\n");
    text_.remove_prefix(first == std::string_view::npos ? text_.size() : first);
  }
  std::string_view text_;
};

Result<NpyHeader> parse_dictionary(std::string_view text) {
  Parser parser(text);
  std::optional<NpyElement> element;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::int64_t>> dims;
  RETURN_IF_ERROR(parser.expect('{'));
  while (!parser.accept('}')) {
    ASSIGN_OR_RETURN(const std::string_view key, parser.quoted());
    RETURN_IF_ERROR(parser.expect(':'));
    if (key == "descr" && !element) {
      ASSIGN_OR_RETURN(const std::string_view description, parser.quoted());
      ASSIGN_OR_RETURN(element, parse_description(description));
    } else if (key == "fortran_order" && !fortran_order) {
      ASSIGN_OR_RETURN(fortran_order, parser.boolean());
    } else if (key == "shape" && !dims) {
      ASSIGN_OR_RETURN(dims, parser.tuple());
    } else {
      return invalid_data("unknown or repeated key '{}'", key);
    }
    if (!parser.accept(',')) {
      RETURN_IF_ERROR(parser.expect('}'));
      break;
    }
  }
  if (!parser.at_end()) return invalid_data("text after the dictionary");
  if (!element || !fortran_order || !dims) {
    return invalid_data("descr, fortran_order and shape are not all there");
  }
  return NpyHeader{*element, *fortran_order, *std::move(dims)};
}

}  // namespace

Result<NpyHeader> parse_npy_header(std::string_view text) {
  return parse_dictionary(text).with_context(".npy header");
}

std::string npy_description(ir::DataType type, std::size_t text_width) {
  if (type == ir::DataType::kString) return fmt::format("<U{}", text_width);
  for (const NumericType& numeric : kNumericTypes) {
    if (numeric.type != type) continue;
    return fmt::format("{}{}", ir::bits_per_element(type) == 8 ? '|' : '<', numeric.code);
  }
  fatal("npy_description of a type that NumPy lacks");
}

}  // namespace lathe::data
