#include <memory>
#include <re2/re2.h>

#include "ops/op_def.h"

namespace lathe::ops {
namespace {

// Of a compiled pattern and of the automata that matching builds as it goes: RE2's own default.
constexpr std::int64_t kMostPatternBytes = std::int64_t{8} << 20;

Result<std::unique_ptr<const RE2>> compile_pattern(Attributes attributes) {
  const ir::Attribute* stated = attributes.find("pattern");
  if (stated == nullptr) return invalid_data("attribute 'pattern' is missing");
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMostPatternBytes);
  auto pattern = std::make_unique<const RE2>(std::get<std::string>(*stated), options);
  if (!pattern->ok()) return invalid_data("pattern: {}", pattern->error());
  return pattern;
}

Result<Types> infer_regex_full_match(const InferContext& context) {
  ASSIGN_OR_RETURN(const auto pattern, compile_pattern(context.attributes()));
  return std::vector{ir::TensorType{ir::DataType::kBool, context.input(0).shape}};
}

Result<Values> evaluate_regex_full_match(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(const auto pattern, compile_pattern(context.attributes()));
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(ir::DataType::kBool, x.dims()));
  const auto texts = x.data<std::string>();
  const auto matches = y.mutable_data<bool>();
  for (std::size_t i = 0; i < texts.size(); ++i) matches[i] = RE2::FullMatch(texts[i], *pattern);
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_RegexFullMatch() {
  return {.name = "RegexFullMatch",
          .infer = infer_regex_full_match,
          .evaluate = evaluate_regex_full_match,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
