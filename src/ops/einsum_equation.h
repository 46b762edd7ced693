// The equation of Einsum, and which axes its letters stand for.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/shape.h"

namespace lathe::ops {

// A letter, by its place among all in the order of ASCII, or behind those an axis of the ellipsis.
using EinsumLabel = std::size_t;
inline constexpr std::size_t kEinsumLetters = 52;

// "ab...c": letters before and behind the ellipsis; without one all are before.
struct EinsumTerm {
  std::vector<EinsumLabel> before;
  bool has_ellipsis = false;
  std::vector<EinsumLabel> behind;

  [[nodiscard]] std::size_t letter_count() const { return before.size() + behind.size(); }
  // Of the axes in order, where an ellipsis stands for so many.
  [[nodiscard]] std::vector<EinsumLabel> labels(std::size_t ellipsis_rank) const;
};

struct EinsumEquation {
  std::vector<EinsumTerm> inputs;
  EinsumTerm output;  // no letter repeats, and each is one of an input
};

// The output that the equation leaves out is filled in. An error where there are not as many terms
// as inputs.
Result<EinsumEquation> parse_einsum_equation(std::string_view equation, std::size_t input_count);

struct EinsumAxes {
  std::optional<std::size_t> ellipsis_rank;  // none where it is unknown
  std::vector<ir::Dim> extents;              // by label
};

// An error where the shapes do not fit the equation or each other. Extents of 1 are broadcast.
Result<EinsumAxes> resolve_einsum(const EinsumEquation& equation,
                                  std::span<const ir::TensorType> inputs);

}  // namespace lathe::ops
