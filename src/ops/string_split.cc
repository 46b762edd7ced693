#include <algorithm>

#include "ops/shape_math.h"
#include "ops/text.h"

namespace lathe::ops {
namespace {

using Parts = std::vector<std::string_view>;

Result<Types> infer_string_split(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  ir::TensorType parts{ir::DataType::kString, x.shape};
  if (parts.shape) parts.shape->emplace_back(ir::SymInt::data_dependent());
  return std::vector{parts, ir::TensorType{ir::DataType::kInt64, x.shape}};
}

// A negative number of splits sets no limit: so do ONNX's reference and ONNX Runtime. More than
// kMostStrings parts are refused anyway.
std::int64_t most_splits(Attributes attributes) {
  const std::int64_t* stated = attributes.find_int("maxsplit");
  return stated == nullptr || *stated < 0 ? kMostStrings : std::min(*stated, kMostStrings);
}

Parts split_at(std::string_view text, std::string_view delimiter, std::int64_t splits) {
  Parts parts;
  for (; splits > 0; --splits) {
    const std::size_t end = text.find(delimiter);
    if (end == std::string_view::npos) break;
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + delimiter.size());
  }
  parts.push_back(text);
  return parts;
}

// The text behind the white space that it begins with.
std::string_view trimmed_front(std::string_view text) {
  while (!text.empty()) {
    const CodePoint first = first_code_point(text);
    if (!is_white_space(first.value)) break;
    text.remove_prefix(first.bytes);
  }
  return text;
}

// The first word, or with `is_last` all up to the white space at the end.
std::string_view word_of(std::string_view text, bool is_last) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint next = first_code_point(text.substr(i));
    i += next.bytes;
    if (!is_white_space(next.value)) {
      end = i;
    } else if (!is_last) {
      break;
    }
  }
  return text.substr(0, end);
}

Parts split_at_white_space(std::string_view text, std::int64_t splits) {
  Parts parts;
  for (text = trimmed_front(text); !text.empty(); text = trimmed_front(text)) {
    const std::string_view word = word_of(text, splits == 0);
    parts.push_back(word);
    text.remove_prefix(word.size());
    --splits;
    if (splits < 0) break;
  }
  return parts;
}

Result<Values> evaluate_string_split(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const ir::Attribute* stated = context.attributes().find("delimiter");
  const std::string delimiter = stated == nullptr ? std::string() : std::get<std::string>(*stated);
  const std::int64_t splits = most_splits(context.attributes());
  std::vector<Parts> split;
  std::size_t most = 0;
  for (const std::string& text : x.data<std::string>()) {
    split.push_back(delimiter.empty() ? split_at_white_space(text, splits)
                                      : split_at(text, delimiter, splits));
    most = std::max(most, split.back().size());
    if (most > 0 && x.num_elements() > kMostStrings / static_cast<std::int64_t>(most)) {
      return error(ErrorCode::kResourceExhausted, "{} strings of {} parts are too many",
                   x.num_elements(), most);
    }
  }
  Dims dims = x.dims();
  dims.push_back(static_cast<std::int64_t>(most));
  ASSIGN_OR_RETURN(ir::Tensor parts, ir::Tensor::create(ir::DataType::kString, dims));
  ASSIGN_OR_RETURN(ir::Tensor counts, ir::Tensor::create(ir::DataType::kInt64, x.dims()));
  const auto out = parts.mutable_data<std::string>();
  const auto out_counts = counts.mutable_data<std::int64_t>();
  for (std::size_t i = 0; i < split.size(); ++i) {
    out_counts[i] = std::ssize(split[i]);
    for (std::size_t part = 0; part < split[i].size(); ++part)
      out[i * most + part] = split[i][part];
  }
  return std::vector{std::move(parts), std::move(counts)};
}

}  // namespace

OpDef define_StringSplit() {
  return {.name = "StringSplit", .infer = infer_string_split, .evaluate = evaluate_string_split};
}

}  // namespace lathe::ops
