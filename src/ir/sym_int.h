// Integers that are known, or expressions of named unknowns: what extents are computed with.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lathe::ir {

// Numbers for symbols.
using SymbolValues = std::map<std::string, std::int64_t, std::less<>>;

// A number, an expression, or unknown. Expressions are sums of products of symbols and quotients in
// one normal form, so that equal forms mean equal numbers: (H-1)/2+1 and (H+1)/2 are the same.
// Immutable; cheap to copy; symbols stand for extents, which are never negative.
//
// Arithmetic on what is unknown gives unknown, as does what leaves 64 bits or grows without bound.
//
//   const SymInt h = SymInt::symbol("H");
//   const SymInt out = floor_div(h + 2 - 3, 2) + 1;   // "(H+1)/2"
//   out.evaluate({{"H", 224}});                       // 112
class SymInt {
 public:
  SymInt() = default;                                    // unknown
  SymInt(std::int64_t number) : number_(number) {}       // NOLINT(*-explicit-*)
  SymInt(int number) : number_(std::int64_t{number}) {}  // NOLINT(*-explicit-*)
  static SymInt symbol(std::string_view name);
  // Decided by the values of tensors while a model runs, whatever the shapes of its inputs: the
  // extent of NonZero's output.
  static SymInt data_dependent();

  [[nodiscard]] bool is_number() const { return number_.has_value(); }
  [[nodiscard]] const std::optional<std::int64_t>& number() const { return number_; }
  [[nodiscard]] bool is_expression() const { return expression_ != nullptr; }
  [[nodiscard]] bool is_unknown() const { return !number_ && !expression_; }
  [[nodiscard]] bool is_data_dependent() const { return data_dependent_; }
  // The name of a plain symbol, empty for all else.
  [[nodiscard]] std::string_view symbol_name() const;

  // With numbers for those symbols that have one in `values`.
  [[nodiscard]] SymInt substitute(const SymbolValues& values) const;
  // The number, where `values` has all symbols.
  [[nodiscard]] std::optional<std::int64_t> evaluate(const SymbolValues& values) const;

  [[nodiscard]] std::string to_string() const;  // "3", "N", "(H+1)/2", "2*N*H-1", "?"

  // The same number or form. Two unknowns are equal to this, though not to a reader.
  friend bool operator==(const SymInt& a, const SymInt& b);

  friend SymInt operator+(const SymInt& a, const SymInt& b);
  friend SymInt operator-(const SymInt& a, const SymInt& b);
  friend SymInt operator*(const SymInt& a, const SymInt& b);
  // Rounded towards minus infinity; unknown where b is 0 or a negative number.
  friend SymInt floor_div(const SymInt& a, const SymInt& b);
  friend SymInt ceil_div(const SymInt& a, const SymInt& b);

  class Expression;  // of sym_int.cc

 private:
  explicit SymInt(std::shared_ptr<const Expression> expression)
      : expression_(std::move(expression)) {}
  static SymInt from(Expression expression);
  static SymInt unknown_like(const SymInt& a, const SymInt& b);

  std::optional<std::int64_t> number_;
  std::shared_ptr<const Expression> expression_;
  bool data_dependent_ = false;
};

SymInt floor_div(const SymInt& a, const SymInt& b);
SymInt ceil_div(const SymInt& a, const SymInt& b);

}  // namespace lathe::ir
