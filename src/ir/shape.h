// Shapes whose extents may be symbolic, and the type of a graph value.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/data_type.h"
#include "ir/sym_int.h"

namespace lathe::ir {

// One extent: a number >= 0, an expression of named ones ("N", "(H+1)/2"), or unknown.
class Dim {
 public:
  Dim() = default;                                   // unknown and unnamed
  Dim(std::int64_t extent) : Dim(SymInt(extent)) {}  // NOLINT(*-explicit-*)
  // Unknown where it is a negative number.
  explicit Dim(SymInt extent)
      : extent_(extent.number().value_or(0) < 0 ? SymInt() : std::move(extent)) {}
  // Equal names mean equal extents.
  static Dim symbol(std::string_view name) { return Dim(SymInt::symbol(name)); }

  [[nodiscard]] bool known() const { return extent_.is_number(); }
  // The extent; only where known().
  [[nodiscard]] std::int64_t value() const {
    LATHE_CHECK(known());
    return *extent_.number();
  }
  // To compute with.
  [[nodiscard]] const SymInt& symbolic() const { return extent_; }
  // The name of a plain symbol, empty for all else.
  [[nodiscard]] std::string name() const { return std::string(extent_.symbol_name()); }
  [[nodiscard]] std::string to_string() const { return extent_.to_string(); }

  // Same number or same expression. Two unknowns are not equal to a reader, but are to this.
  bool operator==(const Dim&) const = default;

 private:
  SymInt extent_;
};

using Shape = std::vector<Dim>;

Shape make_shape(std::span<const std::int64_t> dims);
std::string to_string(const Shape& shape);                     // "[N,3,224,224]"
std::string to_string(const std::vector<std::int64_t>& dims);  // "[1,3,224,224]"
bool fully_known(const Shape& shape);
// The extents, where all are known.
std::optional<std::vector<std::int64_t>> known_dims(const Shape& shape);

// The product of extents, checked: an error where one is negative or the product of those that are
// not 0 passes 2^56, which leaves room for sums of some of them, and for their elements' bits.
Result<std::int64_t> element_count(std::span<const std::int64_t> dims);
// The same check of the extents that are known.
Status check_extents(const Shape& shape);

// Element type, and shape where even the rank is known.
struct TensorType {
  DataType data_type = DataType::kUndefined;
  std::optional<Shape> shape;

  [[nodiscard]] bool has_rank(std::size_t rank) const { return shape && shape->size() == rank; }
  [[nodiscard]] std::string to_string() const;  // "float32[N,10]", "int64[*]" where rank is unknown
  bool operator==(const TensorType&) const = default;
};

}  // namespace lathe::ir
