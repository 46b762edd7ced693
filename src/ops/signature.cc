#include "ops/signature.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <mutex>
#include <unordered_map>

namespace lathe::ops {
namespace {

constexpr SchemaLine kSchemaLines[] = {
#define LATHE_NEWEST_OPSET(domain, version)
#define LATHE_TYPE_SET(name, types)
#define LATHE_SCHEMA(domain, name, since, inputs, outputs, variables, attributes) \
  SchemaLine{domain, name, since, false, inputs, outputs, variables, attributes},
#define LATHE_DEPRECATED_SCHEMA(domain, name, since, inputs, outputs, variables, attributes) \
  SchemaLine{domain, name, since, true, inputs, outputs, variables, attributes},
#include "ops/lathe_schemas.inc"
#include "ops/onnx_schemas.inc"
#undef LATHE_NEWEST_OPSET
#undef LATHE_TYPE_SET
#undef LATHE_SCHEMA
#undef LATHE_DEPRECATED_SCHEMA
};

// The set Sn has index n.
constexpr std::string_view kTypeSets[] = {
#define LATHE_NEWEST_OPSET(domain, version)
#define LATHE_TYPE_SET(name, types) std::string_view(types),
#define LATHE_SCHEMA(...)
#define LATHE_DEPRECATED_SCHEMA(...)
#include "ops/onnx_schemas.inc"
#undef LATHE_NEWEST_OPSET
#undef LATHE_TYPE_SET
#undef LATHE_SCHEMA
#undef LATHE_DEPRECATED_SCHEMA
};

struct NewestOpset {
  std::string_view domain;
  int version;
};
constexpr NewestOpset kNewestOpsets[] = {
#define LATHE_NEWEST_OPSET(domain, version) NewestOpset{domain, version},
#define LATHE_TYPE_SET(name, types)
#define LATHE_SCHEMA(...)
#define LATHE_DEPRECATED_SCHEMA(...)
#include "ops/lathe_schemas.inc"
#include "ops/onnx_schemas.inc"
#undef LATHE_NEWEST_OPSET
#undef LATHE_TYPE_SET
#undef LATHE_SCHEMA
#undef LATHE_DEPRECATED_SCHEMA
};

constexpr std::array<std::string_view, 12> kKindNames = {
    "int",    "float",   "string",  "tensor", "graph", "ints",
    "floats", "strings", "tensors", "graphs", "type",  "sparse_tensor"};

// Takes the text up to the next separator off the front.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

template <typename T>
Result<T> parse_number(std::string_view text) {
  T number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size())
    return invalid_data("'{}' is no number", text);
  return number;
}

// "S12", or types with "|" between them.
Result<TypeSet> parse_types(std::string_view text) {
  if (text.size() > 1 && text[0] == 'S' && text[1] >= '0' && text[1] <= '9') {
    ASSIGN_OR_RETURN(const std::size_t index, parse_number<std::size_t>(text.substr(1)));
    if (index >= std::size(kTypeSets)) return invalid_data("there is no set {}", text);
    return TypeSet::parse(kTypeSets[index]);
  }
  std::string words(text);
  std::replace(words.begin(), words.end(), '|', ' ');
  return TypeSet::parse(words);
}

Result<Operand> parse_operand(std::string_view text, std::span<const TypeVariable> variables) {
  Operand operand;
  operand.name = take(text, ':');
  if (text.starts_with('~')) {
    operand.homogeneous = false;
    text.remove_prefix(1);
  }
  if (text.ends_with('?')) operand.option = OperandOption::kOptional;
  if (text.ends_with('*') || text.ends_with('+')) operand.option = OperandOption::kVariadic;
  if (operand.option != OperandOption::kSingle) text.remove_suffix(1);
  const auto variable = std::find_if(variables.begin(), variables.end(),
                                     [&](const TypeVariable& v) { return v.name == text; });
  if (variable != variables.end()) {
    operand.variable = static_cast<std::size_t>(variable - variables.begin());
    operand.types = variable->types;
  } else {
    ASSIGN_OR_RETURN(operand.types, parse_types(text));
  }
  return operand;
}

struct Operands {
  std::vector<Operand> list;
  std::size_t least = 0;
  std::size_t most = 0;
};

Result<Operands> parse_operands(std::string_view text, std::span<const TypeVariable> variables) {
  Operands operands;
  while (!text.empty()) {
    const std::string_view word = take(text, ' ');
    ASSIGN_OR_RETURN(Operand operand, parse_operand(word, variables));
    const bool needed = operand.option == OperandOption::kSingle || word.ends_with('+');
    operands.list.push_back(std::move(operand));
    if (needed) operands.least = operands.list.size();
  }
  const bool variadic =
      !operands.list.empty() && operands.list.back().option == OperandOption::kVariadic;
  operands.most = variadic ? kVariadic : operands.list.size();
  return operands;
}

template <typename T, typename Parse>
Result<ir::Attribute> parse_list(std::string_view text, Parse parse) {
  std::vector<T> values;
  while (!text.empty()) {
    ASSIGN_OR_RETURN(T value, parse(take(text, ',')));
    values.push_back(std::move(value));
  }
  return ir::Attribute(std::move(values));
}

Result<ir::Attribute> parse_default(AttributeKind kind, std::string_view text) {
  const auto to_text = [](std::string_view word) -> Result<std::string> {
    return std::string(word);
  };
  switch (kind) {
    case AttributeKind::kInt: {
      ASSIGN_OR_RETURN(const std::int64_t number, parse_number<std::int64_t>(text));
      return ir::Attribute(number);
    }
    case AttributeKind::kFloat: {
      ASSIGN_OR_RETURN(const float number, parse_number<float>(text));
      return ir::Attribute(number);
    }
    case AttributeKind::kString:
      return ir::Attribute(std::string(text));
    case AttributeKind::kInts:
      return parse_list<std::int64_t>(text, parse_number<std::int64_t>);
    case AttributeKind::kFloats:
      return parse_list<float>(text, parse_number<float>);
    case AttributeKind::kStrings:
      return parse_list<std::string>(text, to_text);
    default:
      return invalid_data("a default of kind {} cannot be read", attribute_kind_name(kind));
  }
}

Result<AttributeSignature> parse_attribute(std::string_view text) {
  AttributeSignature attribute;
  attribute.name = take(text, ':');
  attribute.required = text.ends_with('!');
  if (attribute.required) text.remove_suffix(1);
  const bool has_default = text.find('=') != std::string_view::npos;
  const std::string_view kind = take(text, '=');
  const auto* known = std::find(kKindNames.begin(), kKindNames.end(), kind);
  if (known == kKindNames.end()) return invalid_data("'{}' is no kind of attribute", kind);
  attribute.kind = static_cast<AttributeKind>(known - kKindNames.begin());
  if (has_default) {
    ASSIGN_OR_RETURN(attribute.default_value, parse_default(attribute.kind, text));
  }
  return attribute;
}

const Operand* operand_at(std::span<const Operand> operands, std::size_t i) {
  if (i < operands.size()) return &operands[i];
  const bool repeats = !operands.empty() && operands.back().option == OperandOption::kVariadic;
  return repeats ? &operands.back() : nullptr;
}

// One line of the table, parsed when first asked for.
class Version {
 public:
  explicit Version(const SchemaLine& line) : line_(line) {}
  [[nodiscard]] int since() const { return line_.since; }
  const Signature& signature() {
    std::call_once(parsed_, [this] { signature_ = parse_signature(line_).value(); });
    return signature_;
  }

 private:
  const SchemaLine& line_;
  std::once_flag parsed_;
  Signature signature_;
};

// Versions of each operator, oldest first.
using Table = std::unordered_map<OpName, std::deque<Version>, OpNameHash>;

Table& table() {
  static Table by_name = [] {
    Table made;
    for (const SchemaLine& line : kSchemaLines) made[{line.domain, line.name}].emplace_back(line);
    return made;
  }();
  return by_name;
}

}  // namespace

std::string_view attribute_kind_name(AttributeKind kind) {
  return kKindNames.at(static_cast<std::size_t>(kind));
}

const Operand* Signature::input(std::size_t i) const { return operand_at(inputs, i); }
const Operand* Signature::output(std::size_t i) const { return operand_at(outputs, i); }

const AttributeSignature* Signature::attribute(std::string_view attribute_name) const {
  const auto it =
      std::find_if(attributes.begin(), attributes.end(),
                   [&](const AttributeSignature& a) { return a.name == attribute_name; });
  return it == attributes.end() ? nullptr : &*it;
}

Result<Signature> parse_signature(const SchemaLine& line) {
  Signature signature;
  signature.domain = line.domain;
  signature.name = line.name;
  signature.since = line.since;
  signature.deprecated = line.deprecated;
  for (std::string_view rest = line.variables; !rest.empty();) {
    std::string_view word = take(rest, ' ');
    const std::string_view variable = take(word, '=');
    ASSIGN_OR_RETURN(TypeSet types, parse_types(word));
    signature.variables.push_back({variable, types});
  }
  ASSIGN_OR_RETURN(Operands inputs, parse_operands(line.inputs, signature.variables));
  ASSIGN_OR_RETURN(Operands outputs, parse_operands(line.outputs, signature.variables));
  for (std::string_view rest = line.attributes; !rest.empty();) {
    ASSIGN_OR_RETURN(AttributeSignature attribute, parse_attribute(take(rest, ' ')));
    signature.attributes.push_back(std::move(attribute));
  }
  signature.inputs = std::move(inputs.list);
  signature.min_inputs = inputs.least;
  signature.max_inputs = inputs.most;
  signature.outputs = std::move(outputs.list);
  signature.min_outputs = outputs.least;
  signature.max_outputs = outputs.most;
  return signature;
}

std::span<const SchemaLine> all_schema_lines() { return kSchemaLines; }

const Signature* find_signature(std::string_view domain, std::string_view name, int opset) {
  const auto it = table().find({domain, name});
  if (it == table().end()) return nullptr;
  Version* holds = nullptr;
  for (Version& version : it->second) {
    if (version.since() <= opset) holds = &version;
  }
  return holds == nullptr ? nullptr : &holds->signature();
}

std::vector<const Signature*> signature_versions(std::string_view domain, std::string_view name) {
  std::vector<const Signature*> versions;
  const auto it = table().find({domain, name});
  if (it == table().end()) return versions;
  for (Version& version : it->second) versions.push_back(&version.signature());
  return versions;
}

int newest_opset(std::string_view domain) {
  const auto* it = std::find_if(std::begin(kNewestOpsets), std::end(kNewestOpsets),
                                [&](const NewestOpset& n) { return n.domain == domain; });
  return it == std::end(kNewestOpsets) ? 0 : it->version;
}

}  // namespace lathe::ops
