#include "ir/datum.h"

#include <algorithm>

namespace lathe::ir {
namespace {

template <typename T, typename Variant>
const T* find_shared(const Variant& value) {
  const auto* held = std::get_if<std::shared_ptr<const T>>(&value);
  return held == nullptr ? nullptr : held->get();
}

bool all_identical(const std::vector<Datum>& a, const std::vector<Datum>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Datum& x, const Datum& y) { return x.identical(y); });
}

// Whether kinds and element types are those, where they are known; shapes do not count.
bool is_kind_of(const Type& type, const Type& wanted) {
  if (!wanted.known()) return true;
  if (type.kind() != wanted.kind() || type.key() != wanted.key()) return false;
  if (type.is_tensor()) return type.tensor().data_type == wanted.tensor().data_type;
  return is_kind_of(type.element(), wanted.element());
}

bool fits_tensor(const Tensor& tensor, const TensorType& type) {
  if (tensor.data_type() != type.data_type) return false;
  const std::vector<std::int64_t>& dims = tensor.dims();
  return !type.shape || std::equal(type.shape->begin(), type.shape->end(), dims.begin(), dims.end(),
                                   [](const Dim& dim, std::int64_t extent) {
                                     return !dim.known() || dim.value() == extent;
                                   });
}

}  // namespace

Datum::Datum(Sequence sequence) : value_(std::make_shared<const Sequence>(std::move(sequence))) {}
Datum::Datum(Optional optional) : value_(std::make_shared<const Optional>(std::move(optional))) {
  LATHE_CHECK(this->optional()->item.size() <= 1);
}
Datum::Datum(Map map) : value_(std::make_shared<const Map>(std::move(map))) {
  LATHE_CHECK(this->map()->keys.num_elements() ==
              static_cast<std::int64_t>(this->map()->values.size()));
}

bool Datum::defined() const { return tensor() == nullptr || tensor()->defined(); }

const Datum::Sequence* Datum::sequence() const { return find_shared<Sequence>(value_); }
const Datum::Optional* Datum::optional() const { return find_shared<Optional>(value_); }
const Datum::Map* Datum::map() const { return find_shared<Map>(value_); }

Type Datum::type() const {
  if (sequence() != nullptr) return Type::sequence(sequence()->element);
  if (optional() != nullptr) return Type::optional(optional()->element);
  if (map() != nullptr) return Type::map(map()->keys.data_type(), map()->value);
  return tensor()->type();
}

bool Datum::fits(const Type& type) const {
  if (!type.known()) return true;
  if (tensor() != nullptr) return type.is_tensor() && fits_tensor(*tensor(), type.tensor());
  if (!is_kind_of(this->type(), type)) return false;
  // Items are of the kind that the container says, so that only extents are left to look at.
  if (type.element().is_tensor() && !type.element().tensor().shape) return true;
  const auto all_fit = [&](const std::vector<Datum>& items) {
    return std::all_of(items.begin(), items.end(),
                       [&](const Datum& item) { return item.fits(type.element()); });
  };
  if (sequence() != nullptr) return all_fit(sequence()->items);
  if (optional() != nullptr) return all_fit(optional()->item);
  return all_fit(map()->values);
}

bool Datum::identical(const Datum& other) const {
  if (value_.index() != other.value_.index()) return false;
  if (tensor() != nullptr) return tensor()->identical(*other.tensor());
  if (!(type() == other.type())) return false;
  if (sequence() != nullptr) return all_identical(sequence()->items, other.sequence()->items);
  if (optional() != nullptr) return all_identical(optional()->item, other.optional()->item);
  return map()->keys.identical(other.map()->keys) &&
         all_identical(map()->values, other.map()->values);
}

}  // namespace lathe::ir
