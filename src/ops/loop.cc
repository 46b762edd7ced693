#include <algorithm>
#include <iterator>
#include <limits>

#include "ops/carried_values.h"
#include "ops/shape_math.h"
#include "ops/slice_stack.h"

namespace lathe::ops {
namespace {

using ir::Datum;
using ir::Dim;
using ir::Tensor;
using ir::Type;

constexpr std::string_view kBody = "body";
constexpr std::size_t kFirstCarried = 2;  // of the inputs, behind M and cond; so it is in the body

const ir::Subgraph& body_of(const ir::Node& node) {
  return std::get<ir::Subgraph>(node.attributes.find(kBody)->second);
}

std::size_t carried_count(const ir::Node& node) {
  return std::max(node.inputs.size(), kFirstCarried) - kFirstCarried;
}

// Whether the body says at its end that the loop goes on, whatever happened.
bool always_goes_on(const ir::Graph& body) {
  ir::ValueId condition = body.outputs()[0];
  while (const ir::Node* producer = body.producer(condition)) {
    if (!producer->is("Identity")) return false;
    condition = producer->input(0);
  }
  if (condition == body.inputs()[1]) return true;  // which was true, or there was no run
  const Tensor* constant = body.constant(condition);
  return constant != nullptr && constant->num_elements() == 1 && constant->get_int64(0) != 0;
}

// How often the body runs.
Dim iterations(const InferContext& context) {
  const Tensor* most = context.has_input(0) ? context.constant(0) : nullptr;
  const Tensor* condition = context.has_input(1) ? context.constant(1) : nullptr;
  if (condition != nullptr && condition->get_int64(0) == 0) return 0;
  const bool begins = condition != nullptr || !context.has_input(1);
  if (most == nullptr || !begins || !always_goes_on(*body_of(context.node()).graph))
    return Dim(ir::SymInt::data_dependent());
  return std::max<std::int64_t>(most->get_int64(0), 0);
}

// The iteration and the condition come as scalars, or as vectors of one where the body wants that.
Dims extents_of_scalar(const ir::Graph& body, std::size_t input) {
  return body.tensor_type(body.inputs()[input]).has_rank(1) ? Dims{1} : Dims{};
}

Type scalar_type(const ir::Graph& body, std::size_t input, ir::DataType type) {
  return {type, ir::make_shape(extents_of_scalar(body, input))};
}

template <typename T>
Tensor scalar_value(const ir::Graph& body, std::size_t input, T value) {
  return Tensor::from_values<T>(extents_of_scalar(body, input), std::span<const T>(&value, 1));
}

Status check_condition(const Type& type) {
  const bool fits =
      !type.known() ||
      (type.is_tensor() && type.tensor().data_type == ir::DataType::kBool &&
       (!type.tensor().shape || type.tensor().shape->empty() || type.tensor().has_rank(1)));
  if (fits) return {};
  return invalid_data("body: its condition is {}, expected bool[]", type.to_string());
}

Result<BodyTypes> infer_loop_body(const InferContext& context, std::size_t count) {
  const ir::Graph& body = *body_of(context.node()).graph;
  std::vector<Type> initial;
  for (std::size_t i = 0; i < count; ++i) {
    if (!context.has_input(kFirstCarried + i))
      return invalid_data("carried value {} has no initial value", i);
    initial.push_back(context.input_type(kFirstCarried + i));
  }
  const Types counters{scalar_type(body, 0, ir::DataType::kInt64),
                       scalar_type(body, 1, ir::DataType::kBool)};
  ASSIGN_OR_RETURN(BodyTypes types,
                   infer_body(context, kBody, counters, std::move(initial), {}, 1));
  RETURN_IF_ERROR(check_condition(types.outputs[0]));
  return types;
}

Result<Types> infer_loop(const InferContext& context) {
  const ir::Node& node = context.node();
  const ir::Graph& body = *body_of(node).graph;
  RETURN_IF_ERROR(check_nesting(body));
  const std::size_t carried = carried_count(node);
  if (body.inputs().size() != kFirstCarried + carried) {
    return invalid_data("body has {} inputs, expected iteration, condition and {} carried values",
                        body.inputs().size(), carried);
  }
  const std::size_t made = std::max(carried, node.outputs.size());
  if (body.outputs().size() < 1 + made) {
    return invalid_data("body has {} outputs, expected a condition and {} more",
                        body.outputs().size(), made);
  }
  ASSIGN_OR_RETURN(BodyTypes inferred, infer_loop_body(context, carried));
  Types types;
  for (std::size_t i = 0; i < carried; ++i) {
    const Type& before = inferred.carried[i];
    types.push_back(is_unwrapped(before, inferred.outputs[1 + i]) ? before.element() : before);
  }
  for (std::size_t i = 1 + carried; i < inferred.outputs.size(); ++i) {
    if (!inferred.outputs[i].is_tensor()) {
      return invalid_data("scan output {} is {}, expected a tensor", i - 1 - carried,
                          inferred.outputs[i].to_string());
    }
    ir::TensorType scanned = inferred.outputs[i].tensor();
    if (scanned.shape) scanned.shape->insert(scanned.shape->begin(), iterations(context));
    types.emplace_back(std::move(scanned));
  }
  return types;
}

// Of one value; `what` says of which.
Result<bool> read_condition(const Datum& value, std::string_view what) {
  const Tensor* tensor = value.tensor();
  if (tensor != nullptr && tensor->data_type() == ir::DataType::kBool &&
      tensor->num_elements() == 1) {
    return tensor->data<bool>()[0];
  }
  return invalid_data("{} is {}, expected one bool", what, value.type().to_string());
}

Result<std::int64_t> most_iterations(const EvaluateContext& context) {
  if (!context.has_input(0)) return std::numeric_limits<std::int64_t>::max();
  const Tensor& most = context.inputs[0];
  if (most.data_type() == ir::DataType::kInt64 && most.num_elements() == 1)
    return most.data<std::int64_t>()[0];
  return invalid_data("M is {}, expected one int64", most.type().to_string());
}

ir::TensorType slice_type(const EvaluateContext& context, std::size_t output) {
  const ir::Graph& body = *body_of(context.node).graph;
  if (output >= context.output_types.size()) return body.tensor_type(body.outputs()[1 + output]);
  ir::TensorType type = context.output_types[output];
  if (type.shape) type.shape->erase(type.shape->begin());
  return type;
}

// Makes a value that the body has made the optional that it began as.
void wrap(const Datum& initial, Datum& value) {
  if (initial.optional() != nullptr && value.optional() == nullptr)
    value = Datum::Optional{initial.optional()->element, {value}};
}

// The opposite where there was no run, for a result of this type.
Result<Datum> unwrap(const Type& type, Datum value) {
  const Datum::Optional* optional = value.optional();
  if (optional == nullptr || !is_unwrapped(value.type(), type)) return value;
  if (optional->item.empty()) return invalid_data("a result is an empty optional after no run");
  return optional->item[0];
}

// The loop ends where M says so or the condition is false, which the body tells also where the node
// has none to begin with: so do ONNX's reference and ONNX Runtime.
Result<Values> evaluate_loop(const EvaluateContext& context) {
  const ir::Graph& body = *body_of(context.node).graph;
  const std::size_t carried = carried_count(context.node);
  ASSIGN_OR_RETURN(const std::int64_t most, most_iterations(context));
  bool goes_on = true;
  if (context.has_input(1)) {
    ASSIGN_OR_RETURN(goes_on, read_condition(context.values[1], "cond"));
  }
  std::vector<Datum> state;
  for (std::size_t i = 0; i < carried; ++i) state.push_back(context.values[kFirstCarried + i]);
  std::vector<SliceStack> scans;
  for (std::size_t i = carried; i + 1 < body.outputs().size(); ++i)
    scans.emplace_back(i - carried, slice_type(context, i));

  for (std::int64_t iteration = 0; goes_on && iteration < most; ++iteration) {
    for (std::size_t i = 0; i < carried; ++i) wrap(context.values[kFirstCarried + i], state[i]);
    const auto place = [&] { return fmt::format("iteration {}", iteration); };
    std::vector<Datum> inputs{scalar_value(body, 0, iteration), scalar_value(body, 1, true)};
    std::move(state.begin(), state.end(), std::back_inserter(inputs));
    auto made = context.run_subgraph(kBody, inputs);
    if (!made.ok()) return made.error().with_context(kBody).with_context(place());
    Values& outputs = *made;
    const auto condition = read_condition(outputs[0], "the body's condition");
    if (!condition.ok()) return condition.error().with_context(place());
    goes_on = *condition;
    state.assign(
        std::make_move_iterator(outputs.begin() + 1),
        std::make_move_iterator(outputs.begin() + 1 + static_cast<std::ptrdiff_t>(carried)));
    for (std::size_t i = 0; i < scans.size(); ++i)
      RETURN_IF_ERROR(scans[i].add(outputs[1 + carried + i]).with_context(place));
  }
  Values results;
  for (std::size_t i = 0; i < carried; ++i) {
    ASSIGN_OR_RETURN(Datum result, unwrap(body.type(body.outputs()[1 + i]), std::move(state[i])));
    results.push_back(std::move(result));
  }
  for (const SliceStack& scan : scans) {
    ASSIGN_OR_RETURN(Tensor stacked, scan.stack());
    results.emplace_back(std::move(stacked));
  }
  return results;
}

}  // namespace

OpDef define_Loop() {
  return {.name = "Loop",
          .infer = infer_loop,
          .evaluate = evaluate_loop,
          .operand_shapes = {{0, OperandShape::Rule::kOneElement},
                             {1, OperandShape::Rule::kOneElement}}};
}

}  // namespace lathe::ops
