// What a value is while a graph runs.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "ir/tensor.h"
#include "ir/type.h"

namespace lathe::ir {

// A tensor, or a sequence, an optional or a map. Containers are immutable and shared between
// copies.
class Datum {
 public:
  struct Sequence {
    Type element;  // also of an empty one
    std::vector<Datum> items;
  };
  struct Optional {
    Type element;
    std::vector<Datum> item;  // one, or none
  };
  // Keys are a vector of int64 or of strings, without repetition; values are in their order.
  struct Map {
    Tensor keys;
    Type value;
    std::vector<Datum> values;
  };

  Datum() = default;                                   // an absent one: an undefined tensor
  Datum(Tensor tensor) : value_(std::move(tensor)) {}  // NOLINT(*-explicit-*)
  Datum(Sequence sequence);                            // NOLINT(*-explicit-*)
  Datum(Optional optional);                            // NOLINT(*-explicit-*)
  Datum(Map map);                                      // NOLINT(*-explicit-*)

  [[nodiscard]] bool defined() const;
  // Null where it is of another kind.
  [[nodiscard]] const Tensor* tensor() const { return std::get_if<Tensor>(&value_); }
  [[nodiscard]] const Sequence* sequence() const;
  [[nodiscard]] const Optional* optional() const;
  [[nodiscard]] const Map* map() const;

  // With the extents of tensors; those of containers are left open.
  [[nodiscard]] Type type() const;
  // Whether a value of this type may be it: what the type leaves open, symbols too, may be
  // anything.
  [[nodiscard]] bool fits(const Type& type) const;
  // Same kind, types and bits.
  [[nodiscard]] bool identical(const Datum& other) const;

 private:
  std::variant<Tensor, std::shared_ptr<const Sequence>, std::shared_ptr<const Optional>,
               std::shared_ptr<const Map>>
      value_;
};

}  // namespace lathe::ir
