// Signatures of operators: what the specification says of their operands and attributes.
//
// The table of ONNX, onnx_schemas.inc, is made from the package onnx by scripts/onnx_schemas.py;
// lathe_schemas.inc adds those of other domains. A line is
//
//   LATHE_SCHEMA("", "Gemm", 13, "A:T B:T C:T?", "Y:T", "T=S15", "alpha:float=1 transA:int=0")
//
// with the domain, the operator, the opset since which it is so, its inputs, outputs, type
// variables and attributes. An operand has a type variable or a type; "?" behind it means optional,
// "*" any number, "+" one or more, and "~" before the type that those may differ among each other.
// An attribute has its kind, and "!" where it is required or "=" and its default. S15 is a set of
// types, named by LATHE_TYPE_SET.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/attribute.h"
#include "ops/type_set.h"

namespace lathe::ops {

// In the order of the alternatives of ir::Attribute, then those that Lathe has no value for.
enum class AttributeKind {
  kInt,
  kFloat,
  kString,
  kTensor,
  kGraph,
  kInts,
  kFloats,
  kStrings,
  kTensors,
  kGraphs,
  kType,
  kSparseTensor
};
std::string_view attribute_kind_name(AttributeKind kind);

enum class OperandOption { kSingle, kOptional, kVariadic };

struct Operand {
  std::string_view name;
  OperandOption option = OperandOption::kSingle;
  bool homogeneous = true;  // of a variadic one: all have the same type
  std::optional<std::size_t>
      variable;   // index into Signature::variables; none where `types` is fixed
  TypeSet types;  // allowed ones, the variable's where there is one
};

struct AttributeSignature {
  std::string_view name;
  AttributeKind kind = AttributeKind::kInt;
  bool required = false;
  std::optional<ir::Attribute> default_value;
};

struct TypeVariable {
  std::string_view name;
  TypeSet types;
};

inline constexpr std::size_t kVariadic = SIZE_MAX;

// One version of one operator. Immutable; lives as long as the program.
struct Signature {
  std::string_view domain;
  std::string_view name;
  int since = 1;  // the opset that brought this version
  bool deprecated = false;
  std::vector<Operand> inputs;
  std::vector<Operand> outputs;
  std::vector<TypeVariable> variables;
  std::vector<AttributeSignature> attributes;  // by name
  std::size_t min_inputs = 0;
  std::size_t max_inputs = 0;  // kVariadic: no limit
  std::size_t min_outputs = 0;
  std::size_t max_outputs = 0;

  // What input or output i is, variadic ones repeated. Null behind the last.
  [[nodiscard]] const Operand* input(std::size_t i) const;
  [[nodiscard]] const Operand* output(std::size_t i) const;
  [[nodiscard]] const AttributeSignature* attribute(std::string_view attribute_name) const;
};

// A key of tables by operator; refers to text that lives as long as the program.
struct OpName {
  std::string_view domain;
  std::string_view name;
  bool operator==(const OpName&) const = default;
};
struct OpNameHash {
  std::size_t operator()(const OpName& key) const {
    const std::hash<std::string_view> hash;
    return hash(key.name) * 31 + hash(key.domain);
  }
};

// The version that holds at an opset of the operator's domain: the newest that is not newer. Null
// where there is none. Safe from several threads; versions are parsed once, when first asked for.
const Signature* find_signature(std::string_view domain, std::string_view name, int opset);
// All versions of an operator, oldest first; empty where the table has none.
std::vector<const Signature*> signature_versions(std::string_view domain, std::string_view name);
// The newest opset of a domain in the table, 0 for a domain that it lacks.
int newest_opset(std::string_view domain);

// Reads one line of the table. Errors are faults of the table.
struct SchemaLine {
  std::string_view domain;
  std::string_view name;
  int since;
  bool deprecated;
  std::string_view inputs;
  std::string_view outputs;
  std::string_view variables;
  std::string_view attributes;
};
Result<Signature> parse_signature(const SchemaLine& line);
std::span<const SchemaLine> all_schema_lines();

}  // namespace lathe::ops
