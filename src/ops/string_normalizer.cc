#include <set>
#include <utf8proc.h>

#include "ops/op_def.h"
#include "ops/text.h"

namespace lathe::ops {
namespace {

enum class Case { kAsIs, kLower, kUpper };

Result<Case> read_case(Attributes attributes) {
  const std::string& action = attributes.get_string("case_change_action");
  if (action == "NONE") return Case::kAsIs;
  if (action == "LOWER") return Case::kLower;
  if (action == "UPPER") return Case::kUpper;
  return invalid_data("case_change_action is '{}', expected LOWER, UPPER or NONE", action);
}

// One code point for each one, as the C library changes case, so that no locale matters.
std::int32_t change_case(std::int32_t code_point, Case wanted) {
  constexpr std::int32_t kSharpS = 0xDF;  // has no upper case of one code point that is in use
  if (wanted == Case::kLower) return utf8proc_tolower(code_point);
  return code_point == kSharpS ? kSharpS : utf8proc_toupper(code_point);
}

Result<std::string> with_case(std::string_view text, Case wanted) {
  if (wanted == Case::kAsIs) return std::string(text);
  std::string changed;
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint next = first_code_point(text.substr(i));
    if (next.value < 0) return invalid_data("a string is not UTF-8 at byte {}", i);
    utf8proc_uint8_t bytes[4];
    const auto size = utf8proc_encode_char(change_case(next.value, wanted), bytes);
    changed.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    i += next.bytes;
  }
  return changed;
}

// The words that are left out, and how they are compared.
struct StopWords {
  std::set<std::string> words;
  Case compared = Case::kAsIs;

  [[nodiscard]] Result<bool> has(const std::string& text) const {
    if (words.empty()) return false;
    ASSIGN_OR_RETURN(const std::string folded, with_case(text, compared));
    return words.contains(folded);
  }
};

Result<StopWords> read_stop_words(Attributes attributes) {
  StopWords stop;
  if (!attributes.get_bool("is_case_sensitive")) stop.compared = Case::kLower;
  const ir::Attribute* stated = attributes.find("stopwords");
  if (stated == nullptr) return stop;
  for (const std::string& word : std::get<std::vector<std::string>>(*stated)) {
    auto folded = with_case(word, stop.compared);
    if (!folded.ok()) return folded.error().with_context("stopwords");
    stop.words.insert(*std::move(folded));
  }
  return stop;
}

Result<Types> infer_string_normalizer(const InferContext& context) {
  RETURN_IF_ERROR(read_case(context.attributes()));
  RETURN_IF_ERROR(read_stop_words(context.attributes()));
  ir::TensorType y = context.input(0);
  if (!y.shape) return std::vector{y};
  const bool is_row =
      y.shape->size() == 2 && (!(*y.shape)[0].known() || (*y.shape)[0] == ir::Dim(1));
  if (y.shape->size() != 1 && !is_row) {
    return invalid_data("{} has shape {}, expected [C] or [1,C]", context.place(0),
                        ir::to_string(*y.shape));
  }
  if (is_row) (*y.shape)[0] = 1;
  y.shape->back() = ir::Dim(ir::SymInt::data_dependent());
  return std::vector{y};
}

Result<Values> evaluate_string_normalizer(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(const Case wanted, read_case(context.attributes()));
  ASSIGN_OR_RETURN(const StopWords stop, read_stop_words(context.attributes()));
  std::vector<std::string> kept;
  for (const std::string& text : context.inputs[0].data<std::string>()) {
    ASSIGN_OR_RETURN(const bool is_stop_word, stop.has(text));
    if (is_stop_word) continue;
    ASSIGN_OR_RETURN(std::string changed, with_case(text, wanted));
    kept.push_back(std::move(changed));
  }
  // Where nothing is left there is one empty string.
  if (kept.empty()) kept.emplace_back();
  std::vector<std::int64_t> dims = context.inputs[0].dims();
  dims.back() = std::ssize(kept);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kString, dims));
  std::move(kept.begin(), kept.end(), y.mutable_data<std::string>().begin());
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_StringNormalizer() {
  return {.name = "StringNormalizer",
          .infer = infer_string_normalizer,
          .evaluate = evaluate_string_normalizer};
}

}  // namespace lathe::ops
