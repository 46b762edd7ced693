// What is told of each variant of a model: the rows of the tables on a page and on a terminal.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "report/comparison.h"
#include "report/format.h"

namespace lathe::report {

struct Quantity {
  const char* name;        // "Latency, median"
  const char* short_name;  // on a terminal, "" where it is left out there
  const char* hint;        // what it means, may be ""
  ValueFormat format;
  double (*value)(const measure::Variant&);
  std::optional<Direction> direction = {};  // how a change is told
  std::int32_t among = 0;                   // it is an accuracy: of top-1, top-5

  [[nodiscard]] Change change(const measure::Variant& before, const measure::Variant& after) const;
};

std::span<const Quantity> quantities();

// Shows values of quantities; all times in the unit that suits those of all variants.
class QuantityFormatter {
 public:
  explicit QuantityFormatter(std::span<const measure::Variant> variants);
  [[nodiscard]] std::string show(const Quantity& quantity, const measure::Variant& variant) const;

 private:
  TimeUnit unit_;
};

}  // namespace lathe::report
