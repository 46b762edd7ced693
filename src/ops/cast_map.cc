#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "ir/domains.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<ir::DataType> cast_map_target(const Attributes& attributes) {
  const std::string& target = attributes.get_string("cast_to");
  if (target == "TO_FLOAT") return ir::DataType::kFloat32;
  if (target == "TO_INT64") return ir::DataType::kInt64;
  if (target == "TO_STRING") return ir::DataType::kString;
  return invalid_data("cast_to is '{}', expected TO_FLOAT, TO_STRING or TO_INT64", target);
}

// A row: of the values in the order of their keys, or with each at its key.
Result<Types> infer_cast_map(const InferContext& context) {
  ASSIGN_OR_RETURN(const ir::DataType target, cast_map_target(context.attributes()));
  const std::string& form = context.attributes().get_string("map_form");
  ir::Dim extent(ir::SymInt::data_dependent());
  if (form == "SPARSE") {
    const std::int64_t length = context.attributes().get_int("max_map");
    if (length < 1) return invalid_data("max_map is {}, expected 1 or more", length);
    extent = length;
  } else if (form != "DENSE") {
    return invalid_data("map_form is '{}', expected DENSE or SPARSE", form);
  }
  return std::vector{ir::TensorType{target, ir::Shape{1, extent}}};
}

Result<double> number_of(const std::string& text) {
  double number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, failed] = std::from_chars(text.data(), last, number);
  if (failed != std::errc() || end != last)
    return invalid_data("is '{}', which is no number", text);
  return number;
}

Status cast_value(const ir::Tensor& value, ir::Tensor& out, std::int64_t at) {
  const auto to = static_cast<std::size_t>(at);
  if (out.data_type() == ir::DataType::kString) {
    // As C writes a float: six digits behind the point.
    out.mutable_data<std::string>()[to] = value.data_type() == ir::DataType::kString
                                              ? value.data<std::string>()[0]
                                              : fmt::format("{:f}", value.get_double(0));
    return {};
  }
  ir::Tensor number = value;
  if (value.data_type() == ir::DataType::kString) {
    const std::string& text = value.data<std::string>()[0];
    const char* const last = text.data() + text.size();
    std::int64_t whole = 0;
    if (std::from_chars(text.data(), last, whole).ptr == last && !text.empty()) {
      number = ir::Tensor::scalar(whole);  // also where no double holds it
    } else {
      ASSIGN_OR_RETURN(const double parsed, number_of(text));
      number = ir::Tensor::scalar(parsed);
    }
  }
  if (out.data_type() == ir::DataType::kInt64) {
    out.mutable_data<std::int64_t>()[to] = number.cast(ir::DataType::kInt64).get_int64(0);
  } else {
    out.set_double(at, number.get_double(0));
  }
  return {};
}

Result<Values> evaluate_cast_map(const EvaluateContext& context) {
  const ir::Datum::Map& map = *context.values[0].map();
  const auto keys = map.keys.data<std::int64_t>();
  const Attributes attributes = context.attributes();
  const bool sparse = attributes.get_string("map_form") == "SPARSE";
  const auto count = static_cast<std::int64_t>(keys.size());
  const std::int64_t extent = sparse ? attributes.get_int("max_map") : count;
  ASSIGN_OR_RETURN(ir::Tensor y,
                   ir::Tensor::create(cast_map_target(attributes).value(), Dims{1, extent}));
  if (sparse && y.data_type() == ir::DataType::kString) {
    // What ONNX Runtime writes where there is no value; the specification leaves it open.
    std::ranges::fill(y.mutable_data<std::string>(), "0.f");
  }
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::int64_t key = keys[order[i]];
    if (sparse && (key < 0 || key >= extent))
      return invalid_data("key {} is out of range for max_map {}", key, extent);
    const ir::Tensor* value = map.values[order[i]].tensor();
    if (value == nullptr || value->num_elements() != 1 ||
        value->data_type() != map.value.tensor().data_type)
      return invalid_data("the value of key {} is no {}", key, map.value.to_string());
    const Status cast = cast_value(*value, y, sparse ? key : static_cast<std::int64_t>(i));
    if (!cast.ok()) return cast.error().with_context(fmt::format("the value of key {}", key));
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_CastMap() {
  return {.name = "CastMap",
          .domain = ir::kMlDomain,
          .infer = infer_cast_map,
          .evaluate = evaluate_cast_map};
}

}  // namespace lathe::ops
