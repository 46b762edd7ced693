#include "ops/einsum_equation.h"

#include <algorithm>
#include <array>

namespace lathe::ops {
namespace {

constexpr EinsumLabel kLowerCase = 26;  // where those letters begin

std::optional<EinsumLabel> letter_label(char letter) {
  if (letter >= 'A' && letter <= 'Z') return static_cast<EinsumLabel>(letter - 'A');
  if (letter >= 'a' && letter <= 'z') return kLowerCase + static_cast<EinsumLabel>(letter - 'a');
  return std::nullopt;
}

std::string label_text(EinsumLabel label) {
  if (label >= kEinsumLetters) return "an axis of the ellipsis";
  return fmt::format("'{}'", label < kLowerCase ? static_cast<char>('A' + label)
                                                : static_cast<char>('a' + (label - kLowerCase)));
}

Result<EinsumTerm> parse_term(std::string_view text) {
  constexpr std::string_view kEllipsis = "...";
  EinsumTerm term;
  while (!text.empty()) {
    if (text.starts_with(kEllipsis)) {
      if (term.has_ellipsis) return invalid_data("equation has two ellipses in one term");
      term.has_ellipsis = true;
      text.remove_prefix(kEllipsis.size());
      continue;
    }
    const auto label = letter_label(text.front());
    if (!label) {
      return invalid_data("equation has the character {:#04x}, expected letters and ellipses",
                          static_cast<unsigned char>(text.front()));
    }
    (term.has_ellipsis ? term.behind : term.before).push_back(*label);
    text.remove_prefix(1);
  }
  return term;
}

using LetterCounts = std::array<std::size_t, kEinsumLetters>;

void count_letters(const EinsumTerm& term, LetterCounts& counts) {
  for (const EinsumLabel label : term.labels(0)) ++counts[label];
}

// The ellipsis, then the letters that occur once.
EinsumTerm implicit_output(const EinsumEquation& equation, const LetterCounts& counts) {
  EinsumTerm output;
  output.has_ellipsis = std::any_of(equation.inputs.begin(), equation.inputs.end(),
                                    [](const EinsumTerm& term) { return term.has_ellipsis; });
  for (EinsumLabel label = 0; label < kEinsumLetters; ++label) {
    if (counts[label] == 1) (output.has_ellipsis ? output.behind : output.before).push_back(label);
  }
  return output;
}

Status check_output(const EinsumTerm& output, const LetterCounts& of_inputs) {
  LetterCounts counts{};
  count_letters(output, counts);
  for (EinsumLabel label = 0; label < kEinsumLetters; ++label) {
    if (counts[label] > 1)
      return invalid_data("equation has {} twice in the output", label_text(label));
    if (counts[label] == 1 && of_inputs[label] == 0)
      return invalid_data("equation has {} in the output alone", label_text(label));
  }
  return {};
}

// How many axes the ellipsis stands for: as many in every input.
Result<std::optional<std::size_t>> ellipsis_rank_of(const EinsumEquation& equation,
                                                    std::span<const ir::TensorType> inputs) {
  std::optional<std::size_t> common;
  bool anywhere = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const EinsumTerm& term = equation.inputs[i];
    anywhere = anywhere || term.has_ellipsis;
    if (!inputs[i].shape) continue;
    const std::size_t rank = inputs[i].shape->size();
    const std::size_t letters = term.letter_count();
    if (term.has_ellipsis ? rank < letters : rank != letters) {
      return invalid_data("input {} has shape {}, but its term of the equation has {} letters", i,
                          ir::to_string(*inputs[i].shape), letters);
    }
    if (!term.has_ellipsis) continue;
    if (common && *common != rank - letters) {
      return invalid_data("the ellipsis stands for {} axes of input {}, but {} of another",
                          rank - letters, i, *common);
    }
    common = rank - letters;
  }
  if (!anywhere) common = 0;
  if (common && *common > 0 && !equation.output.has_ellipsis)
    return invalid_data("equation has an ellipsis in the inputs, but none in the output");
  return common;
}

// The extents of one input by label, nothing where it lacks one.
Result<std::vector<std::optional<ir::Dim>>> term_extents(const std::vector<EinsumLabel>& labels,
                                                         const std::optional<ir::Shape>& shape,
                                                         std::size_t label_count,
                                                         std::size_t input) {
  std::vector<std::optional<ir::Dim>> extents(label_count);
  for (std::size_t d = 0; d < labels.size(); ++d) {
    const ir::Dim dim = shape ? (*shape)[d] : ir::Dim();
    std::optional<ir::Dim>& extent = extents[labels[d]];
    if (extent && extent->known() && dim.known() && *extent != dim) {
      return invalid_data("{} stands for extents {} and {} of input {}", label_text(labels[d]),
                          extent->value(), dim.value(), input);
    }
    if (!extent || dim.known() || extent->symbolic().is_unknown()) extent = dim;
  }
  return extents;
}

}  // namespace

std::vector<EinsumLabel> EinsumTerm::labels(std::size_t ellipsis_rank) const {
  std::vector<EinsumLabel> all = before;
  for (std::size_t i = 0; has_ellipsis && i < ellipsis_rank; ++i) all.push_back(kEinsumLetters + i);
  all.insert(all.end(), behind.begin(), behind.end());
  return all;
}

Result<EinsumEquation> parse_einsum_equation(std::string_view equation, std::size_t input_count) {
  constexpr std::string_view kArrow = "->";
  std::string text(equation);
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  const std::size_t arrow = text.find(kArrow);
  std::string_view left = std::string_view(text).substr(0, arrow);
  const auto count = static_cast<std::size_t>(std::count(left.begin(), left.end(), ',')) + 1;
  if (count != input_count)
    return invalid_data("equation has {} terms for {} inputs", count, input_count);
  EinsumEquation parsed;
  LetterCounts counts{};
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t comma = std::min(left.find(','), left.size());
    ASSIGN_OR_RETURN(EinsumTerm term, parse_term(left.substr(0, comma)));
    left.remove_prefix(std::min(comma + 1, left.size()));
    count_letters(term, counts);
    parsed.inputs.push_back(std::move(term));
  }
  if (arrow == text.npos) {
    parsed.output = implicit_output(parsed, counts);
    return parsed;
  }
  ASSIGN_OR_RETURN(parsed.output, parse_term(std::string_view(text).substr(arrow + kArrow.size())));
  RETURN_IF_ERROR(check_output(parsed.output, counts));
  return parsed;
}

Result<EinsumAxes> resolve_einsum(const EinsumEquation& equation,
                                  std::span<const ir::TensorType> inputs) {
  EinsumAxes axes;
  ASSIGN_OR_RETURN(axes.ellipsis_rank, ellipsis_rank_of(equation, inputs));
  const std::size_t ellipsis_rank = axes.ellipsis_rank.value_or(0);
  const std::size_t label_count = kEinsumLetters + ellipsis_rank;
  axes.extents.assign(label_count, ir::Dim(1));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<EinsumLabel> labels = equation.inputs[i].labels(ellipsis_rank);
    ASSIGN_OR_RETURN(const auto extents, term_extents(labels, inputs[i].shape, label_count, i));
    for (EinsumLabel label = 0; label < label_count; ++label) {
      ir::Dim& merged = axes.extents[label];
      if (!extents[label] || *extents[label] == ir::Dim(1) || *extents[label] == merged) continue;
      const ir::Dim& extent = *extents[label];
      if (merged == ir::Dim(1)) {
        merged = extent;
      } else if (merged.known() && extent.known()) {
        return invalid_data("{} stands for extents {} and {}", label_text(label), merged.value(),
                            extent.value());
      } else if (!merged.known()) {
        merged = extent.known() ? extent : ir::Dim();
      }
    }
  }
  return axes;
}

}  // namespace lathe::ops
