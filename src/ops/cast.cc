#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "ops/convert_number.h"
#include "ops/dispatch.h"
#include "ops/op_def.h"

namespace lathe::ops {
namespace {

using ir::DataType;

// What has elements of whole bytes, or is text.
bool can_be_cast(DataType type) {
  return type == DataType::kString || type == DataType::kBool || ir::is_floating_point(type) ||
         (ir::is_integer(type) && ir::bits_per_element(type) >= 8);
}

Result<Types> infer_cast(const InferContext& context) {
  const std::int64_t wanted = context.attributes().get_int("to");
  if (!ir::is_known_data_type(static_cast<int>(wanted)) || wanted != static_cast<int>(wanted) ||
      wanted == static_cast<int>(DataType::kUndefined)) {
    return invalid_data("attribute 'to' is {}, which is no element type", wanted);
  }
  const auto to = static_cast<DataType>(wanted);
  for (const DataType type : {context.input(0).data_type, to}) {
    if (!can_be_cast(type))
      return unsupported("elements of {} are not cast", ir::data_type_name(type));
  }
  return std::vector{ir::TensorType{to, context.input(0).shape}};
}

// "NaN", "INF", "-INF" as numbers are written by numpy and ONNX; all else in as few digits as come
// back equal.
template <typename T>
std::string to_text(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "INF" : "-INF";
  }
  if constexpr (std::is_same_v<T, bool>) return value ? "1" : "0";
  return fmt::format("{}", value);
}

std::optional<double> from_text(std::string_view text) {
  const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  double value = 0;
  // Also takes "inf", "infinity" and "nan", in any case.
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failed == std::errc::result_out_of_range) {
    // Too small counts as 0, too large as infinity.
    const bool small = digits.find("e-") != digits.npos || digits.find("E-") != digits.npos;
    const double magnitude = small ? 0 : std::numeric_limits<double>::infinity();
    return digits.starts_with('-') ? -magnitude : magnitude;
  }
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

Status parse_all(const ir::Tensor& x, ir::Tensor& y) {
  const auto words = x.data<std::string>();
  return dispatch_numeric_or_bool(y.data_type(), [&]<typename To>() -> Status {
    const auto out = y.mutable_data<To>();
    for (std::size_t i = 0; i < words.size(); ++i) {
      if constexpr (std::is_integral_v<To> && !std::is_same_v<To, bool>) {
        // Large integers are no doubles.
        const char* const last = words[i].data() + words[i].size();
        if (std::from_chars(words[i].data(), last, out[i]).ptr == last && !words[i].empty())
          continue;
      }
      const auto value = from_text(words[i]);
      if (!value) return invalid_data("element {} is '{}', which is no number", i, words[i]);
      out[i] = convert_number<To>(*value);
    }
    return {};
  });
}

Result<Values> evaluate_cast(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  const DataType to = context.output_types[0].data_type;
  if (x.data_type() == to) return Values{std::vector{x}};
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(to, x.dims()));
  if (x.data_type() == DataType::kString) {
    RETURN_IF_ERROR(parse_all(x, y));
  } else {
    dispatch_numeric_or_bool(x.data_type(), [&]<typename From>() {
      const auto in = x.data<From>();
      if (to == DataType::kString) {
        const auto out = y.mutable_data<std::string>();
        for (std::size_t i = 0; i < in.size(); ++i) out[i] = to_text(in[i]);
        return;
      }
      dispatch_numeric_or_bool(to, [&]<typename To>() {
        const auto out = y.mutable_data<To>();
        for (std::size_t i = 0; i < in.size(); ++i) out[i] = convert_number<To>(in[i]);
      });
    });
  }
  return Values{std::vector{std::move(y)}};
}

}  // namespace

OpDef define_Cast() {
  return {.name = "Cast",
          .infer = infer_cast,
          .evaluate = evaluate_cast,
          .traits = {.unary_elementwise = true}};
}

}  // namespace lathe::ops
