#include "ir/sym_int.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace lathe::ir {

// The parts of SymInt::Expression.
namespace sym_int {

// A symbol, or a quotient rounded down that is no simpler. Ordered and compared by its text, which
// is unique.
struct Atom {
  std::string text;
  std::string symbol;  // empty for a quotient
  SymInt dividend;
  SymInt divisor;

  [[nodiscard]] bool is_symbol() const { return !symbol.empty(); }
};
using AtomPtr = std::shared_ptr<const Atom>;

struct Term {
  std::int64_t coefficient = 0;  // not 0
  std::vector<AtomPtr> factors;  // ordered by text; none in the constant term
};

}  // namespace sym_int

namespace {

using sym_int::Atom;
using sym_int::AtomPtr;
using sym_int::Term;

// Hostile models chain operators without end: what is longer than this is unknown.
constexpr std::size_t kMostTerms = 32;
constexpr std::size_t kMostFactors = 8;
constexpr std::size_t kLongestText = 512;

bool add(std::int64_t a, std::int64_t b, std::int64_t& sum) {
  return !__builtin_add_overflow(a, b, &sum);
}

bool multiply(std::int64_t a, std::int64_t b, std::int64_t& product) {
  return !__builtin_mul_overflow(a, b, &product);
}

std::int64_t floor_quotient(std::int64_t a, std::int64_t b) {
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

bool same_factors(const Term& a, const Term& b) {
  return std::equal(a.factors.begin(), a.factors.end(), b.factors.begin(), b.factors.end(),
                    [](const AtomPtr& x, const AtomPtr& y) { return x->text == y->text; });
}

// As it stands, or in quotes where it could be read as an expression; quotes inside are doubled, so
// that no two texts are the same.
std::string symbol_text(std::string_view name) {
  const bool plain = std::none_of(name.begin(), name.end(), [](char c) {
    return std::string_view("+-*/()' ").find(c) != std::string_view::npos;
  });
  if (plain && (name[0] < '0' || name[0] > '9')) return std::string(name);
  std::string text = "'";
  for (const char c : name) text.append(c == '\'' ? 2 : 1, c);
  return text + "'";
}

// Longer products first, then by name, the constant last: "H*W+H-1".
bool comes_before(const Term& a, const Term& b) {
  if (a.factors.size() != b.factors.size()) return a.factors.size() > b.factors.size();
  return std::lexicographical_compare(
      a.factors.begin(), a.factors.end(), b.factors.begin(), b.factors.end(),
      [](const AtomPtr& x, const AtomPtr& y) { return x->text < y->text; });
}

std::string term_text(const Term& term, bool first) {
  std::string text;
  if (term.coefficient < 0) {
    text += '-';
  } else if (!first) {
    text += '+';
  }
  const bool whole = term.factors.empty();
  const auto magnitude = term.coefficient < 0 ? 0 - static_cast<std::uint64_t>(term.coefficient)
                                              : static_cast<std::uint64_t>(term.coefficient);
  if (whole || magnitude != 1) text += fmt::to_string(magnitude);
  for (std::size_t i = 0; i < term.factors.size(); ++i) {
    if (i > 0 || magnitude != 1) text += '*';
    const bool nested =
        !term.factors[i]->is_symbol() && (term.factors.size() > 1 || magnitude != 1);
    text += nested ? fmt::format("({})", term.factors[i]->text) : term.factors[i]->text;
  }
  return text;
}

}  // namespace

// The normal form: terms in order, no two with the same factors.
class SymInt::Expression {
 public:
  Expression() = default;
  explicit Expression(std::int64_t number) {
    if (number != 0) terms.push_back({number, {}});
  }
  explicit Expression(AtomPtr atom) { terms.push_back({1, {std::move(atom)}}); }
  static Expression of(const SymInt& value) {
    return value.expression_ ? *value.expression_ : Expression(*value.number_);
  }

  // False where a coefficient leaves 64 bits.
  [[nodiscard]] bool plus(const Term& term) {
    const auto place = std::lower_bound(terms.begin(), terms.end(), term, comes_before);
    if (place == terms.end() || !same_factors(*place, term)) {
      terms.insert(place, term);
      return true;
    }
    if (!add(place->coefficient, term.coefficient, place->coefficient)) return false;
    if (place->coefficient == 0) terms.erase(place);
    return true;
  }

  [[nodiscard]] bool is_small() const {
    return terms.size() <= kMostTerms && std::all_of(terms.begin(), terms.end(), [](const Term& t) {
             return t.factors.size() <= kMostFactors;
           });
  }

  [[nodiscard]] std::string to_string() const {
    std::string text;
    for (const Term& term : terms) text += term_text(term, text.empty());
    return text.empty() ? "0" : text;
  }

  std::vector<sym_int::Term> terms;
};

namespace {

using Expression = SymInt::Expression;

std::optional<Expression> sum_of(const Expression& a, const Expression& b, std::int64_t factor) {
  Expression sum = a;
  for (Term term : b.terms) {
    if (!multiply(term.coefficient, factor, term.coefficient) || !sum.plus(term)) return {};
  }
  return sum;
}

std::optional<Expression> product_of(const Expression& a, const Expression& b) {
  if (a.terms.size() * b.terms.size() > kMostTerms * kMostTerms) return {};
  Expression product;
  for (const Term& x : a.terms) {
    for (const Term& y : b.terms) {
      Term term;
      if (!multiply(x.coefficient, y.coefficient, term.coefficient)) return {};
      std::merge(x.factors.begin(), x.factors.end(), y.factors.begin(), y.factors.end(),
                 std::back_inserter(term.factors),
                 [](const AtomPtr& p, const AtomPtr& q) { return p->text < q->text; });
      if (!product.plus(term)) return {};
    }
  }
  return product;
}

// term / divisor, where that leaves nothing over.
std::optional<Term> exact_quotient(const Term& term, const Term& divisor) {
  if (term.coefficient % divisor.coefficient != 0) return {};
  Term quotient{term.coefficient / divisor.coefficient, term.factors};
  for (const AtomPtr& factor : divisor.factors) {
    const auto it = std::find_if(quotient.factors.begin(), quotient.factors.end(),
                                 [&](const AtomPtr& f) { return f->text == factor->text; });
    if (it == quotient.factors.end()) return {};
    quotient.factors.erase(it);
  }
  return quotient;
}

}  // namespace

SymInt SymInt::from(Expression expression) {
  if (expression.terms.empty()) return 0;
  if (expression.terms.size() == 1 && expression.terms[0].factors.empty())
    return expression.terms[0].coefficient;
  if (!expression.is_small() || expression.to_string().size() > kLongestText) return {};
  return SymInt(std::make_shared<const Expression>(std::move(expression)));
}

SymInt SymInt::unknown_like(const SymInt& a, const SymInt& b) {
  return a.data_dependent_ || b.data_dependent_ ? data_dependent() : SymInt();
}

SymInt SymInt::symbol(std::string_view name) {
  if (name.empty()) return {};
  return SymInt(std::make_shared<const Expression>(
      std::make_shared<const Atom>(Atom{symbol_text(name), std::string(name), {}, {}})));
}

SymInt SymInt::data_dependent() {
  SymInt value;
  value.data_dependent_ = true;
  return value;
}

std::string_view SymInt::symbol_name() const {
  if (!expression_ || expression_->terms.size() != 1) return {};
  const Term& term = expression_->terms[0];
  const bool plain =
      term.coefficient == 1 && term.factors.size() == 1 && term.factors[0]->is_symbol();
  return plain ? std::string_view(term.factors[0]->symbol) : std::string_view();
}

SymInt operator+(const SymInt& a, const SymInt& b) {
  if (a.is_unknown() || b.is_unknown()) return SymInt::unknown_like(a, b);
  auto sum = sum_of(Expression::of(a), Expression::of(b), 1);
  return sum ? SymInt::from(std::move(*sum)) : SymInt();
}

SymInt operator-(const SymInt& a, const SymInt& b) {
  if (a.is_unknown() || b.is_unknown()) return SymInt::unknown_like(a, b);
  auto difference = sum_of(Expression::of(a), Expression::of(b), -1);
  return difference ? SymInt::from(std::move(*difference)) : SymInt();
}

SymInt operator*(const SymInt& a, const SymInt& b) {
  if (a.is_unknown() || b.is_unknown()) return SymInt::unknown_like(a, b);
  auto product = product_of(Expression::of(a), Expression::of(b));
  return product ? SymInt::from(std::move(*product)) : SymInt();
}

SymInt floor_div(const SymInt& a, const SymInt& b) {
  if (a.is_unknown() || b.is_unknown()) return SymInt::unknown_like(a, b);
  if (b.number_ && *b.number_ <= 0) return {};
  if (a.number_ && b.number_) return floor_quotient(*a.number_, *b.number_);
  if (b == SymInt(1)) return a;
  if (a == b) return 1;
  const Expression divisor = Expression::of(b);
  // What the divisor divides comes out of the quotient; of a constant the multiple below it does.
  Expression whole;
  Expression rest;
  for (const Term& term : Expression::of(a).terms) {
    bool fits = true;
    if (divisor.terms.size() != 1) {
      fits = rest.plus(term);
    } else if (auto quotient = exact_quotient(term, divisor.terms[0])) {
      fits = whole.plus(*quotient);
    } else if (term.factors.empty() && b.number_) {
      const std::int64_t quotient_of_constant = floor_quotient(term.coefficient, *b.number_);
      if (quotient_of_constant != 0) fits = whole.plus({quotient_of_constant, {}});
      fits = fits && rest.plus({term.coefficient - quotient_of_constant * *b.number_, {}});
    } else {
      fits = rest.plus(term);
    }
    if (!fits) return {};
  }
  const SymInt outside = SymInt::from(std::move(whole));
  if (rest.terms.empty() || (rest.terms.size() == 1 && rest.terms[0].factors.empty() && b.number_))
    return outside;
  // (x/m + r)/n is (x + r*m)/(m*n) for positive m and n.
  const Term& first = rest.terms[0];
  const bool nested =
      b.number_ && first.coefficient == 1 && first.factors.size() == 1 &&
      !first.factors[0]->is_symbol() && first.factors[0]->divisor.is_number() &&
      (rest.terms.size() == 1 || (rest.terms.size() == 2 && rest.terms[1].factors.empty()));
  if (nested) {
    const Atom& inner = *first.factors[0];
    const SymInt r = rest.terms.size() == 2 ? SymInt(rest.terms[1].coefficient) : SymInt(0);
    return outside + floor_div(inner.dividend + r * inner.divisor, inner.divisor * b);
  }
  const SymInt dividend = SymInt::from(std::move(rest));
  if (dividend.is_unknown() || outside.is_unknown()) return {};
  const auto parenthesised = [](const SymInt& value) {
    const bool plain = value.is_number() || !value.symbol_name().empty();
    return plain ? value.to_string() : fmt::format("({})", value.to_string());
  };
  auto atom = std::make_shared<const Atom>(
      Atom{fmt::format("{}/{}", parenthesised(dividend), parenthesised(b)), {}, dividend, b});
  return outside + SymInt::from(Expression(std::move(atom)));
}

SymInt ceil_div(const SymInt& a, const SymInt& b) { return floor_div(a + b - 1, b); }

SymInt SymInt::substitute(const SymbolValues& values) const {
  if (!expression_) return *this;
  SymInt sum = 0;
  for (const Term& term : expression_->terms) {
    SymInt product = term.coefficient;
    for (const AtomPtr& factor : term.factors) {
      if (!factor->is_symbol()) {
        product = product * floor_div(factor->dividend.substitute(values),
                                      factor->divisor.substitute(values));
      } else if (const auto it = values.find(factor->symbol); it != values.end()) {
        product = product * it->second;
      } else {
        product = product * from(Expression(factor));
      }
    }
    sum = sum + product;
  }
  return sum;
}

std::optional<std::int64_t> SymInt::evaluate(const SymbolValues& values) const {
  return substitute(values).number_;
}

std::string SymInt::to_string() const {
  if (number_) return fmt::to_string(*number_);
  return expression_ ? expression_->to_string() : "?";
}

bool operator==(const SymInt& a, const SymInt& b) {
  if (a.number_ || b.number_) return a.number_ == b.number_;
  if (a.expression_ && b.expression_)
    return a.expression_ == b.expression_ || a.to_string() == b.to_string();
  return !a.expression_ && !b.expression_ && a.data_dependent_ == b.data_dependent_;
}

}  // namespace lathe::ir
