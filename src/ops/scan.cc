#include <algorithm>
#include <iterator>

#include "ops/carried_values.h"
#include "ops/element_copy.h"
#include "ops/slice_stack.h"

namespace lathe::ops {
namespace {

using ir::Datum;
using ir::Tensor;
using ir::Type;
using Ints = std::vector<std::int64_t>;

constexpr std::string_view kStepBody = "body";

const ir::Graph& step_body(const ir::Node& node) {
  return *std::get<ir::Subgraph>(node.attributes.find(kStepBody)->second).graph;
}

// How many values the node and its body have, as both take states before scan inputs and make
// states before scan outputs.
struct ScanCounts {
  std::size_t states = 0;
  std::size_t inputs = 0;
  std::size_t outputs = 0;
};

Result<ScanCounts> count_scan(const ir::Node& node, Attributes attributes) {
  const ir::Graph& body = step_body(node);
  const std::int64_t inputs = attributes.get_int("num_scan_inputs");
  const auto given = static_cast<std::int64_t>(node.inputs.size());
  if (inputs < 1 || inputs > given)
    return invalid_data("num_scan_inputs is {}, expected 1 to {}", inputs, given);
  if (body.inputs().size() != node.inputs.size()) {
    return invalid_data("body has {} inputs, the node has {}", body.inputs().size(),
                        node.inputs.size());
  }
  const auto states = static_cast<std::size_t>(given - inputs);
  const std::size_t least = std::max(states, node.outputs.size());
  if (body.outputs().size() < least)
    return invalid_data("body has {} outputs, expected {}", body.outputs().size(), least);
  return ScanCounts{states, static_cast<std::size_t>(inputs), body.outputs().size() - states};
}

// One number for each scan input or output, 0 unless the attribute says otherwise.
Result<Ints> numbers_for_each(Attributes attributes, std::string_view name, std::size_t count) {
  const Ints* stated = attributes.find_ints(name);
  if (stated == nullptr) return Ints(count, 0);
  if (stated->size() == count) return *stated;
  return invalid_data("{} has {} values, expected {}", name, stated->size(), count);
}

Result<std::vector<bool>> directions_for_each(Attributes attributes, std::string_view name,
                                              std::size_t count) {
  ASSIGN_OR_RETURN(const Ints stated, numbers_for_each(attributes, name, count));
  std::vector<bool> reversed;
  for (const std::int64_t direction : stated) {
    if (direction != 0 && direction != 1)
      return invalid_data("{} has the value {}, expected 0 or 1", name, direction);
    reversed.push_back(direction == 1);
  }
  return reversed;
}

struct ScanForm {
  ScanCounts counts;
  Ints input_axes;  // as they are stated
  Ints output_axes;
  std::vector<bool> input_reversed;
  std::vector<bool> output_reversed;
};

Result<ScanForm> read_scan(const ir::Node& node, Attributes attributes) {
  ScanForm form;
  ASSIGN_OR_RETURN(form.counts, count_scan(node, attributes));
  const auto& [states, inputs, outputs] = form.counts;
  ASSIGN_OR_RETURN(form.input_axes, numbers_for_each(attributes, "scan_input_axes", inputs));
  ASSIGN_OR_RETURN(form.output_axes, numbers_for_each(attributes, "scan_output_axes", outputs));
  ASSIGN_OR_RETURN(form.input_reversed,
                   directions_for_each(attributes, "scan_input_directions", inputs));
  ASSIGN_OR_RETURN(form.output_reversed,
                   directions_for_each(attributes, "scan_output_directions", outputs));
  return form;
}

// The axis that scan input i is cut along.
Result<std::size_t> scanned_axis(const ScanForm& form, std::size_t i, std::size_t rank) {
  return normalize_axis(form.input_axes[i], rank).with_context(fmt::format("scan input {}", i));
}

// How often the body runs: the extent of the scanned axes.
Result<ir::Dim> merge_lengths(const ir::Dim& length, const ir::Dim& other, std::size_t i) {
  if (length.known() && other.known() && length != other) {
    return invalid_data("scan input {} has {} slices, those before have {}", i, other.to_string(),
                        length.to_string());
  }
  return length.known() || other.symbolic().is_unknown() ? length : other;
}

Result<Types> infer_scan(const InferContext& context) {
  const ir::Node& node = context.node();
  ASSIGN_OR_RETURN(const ScanForm form, read_scan(node, context.attributes()));
  const ScanCounts& counts = form.counts;
  RETURN_IF_ERROR(check_nesting(step_body(node)));
  std::vector<Type> initial;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (!context.has_input(i)) return invalid_data("input {} is missing", i);
    if (i < counts.states) initial.push_back(context.input_type(i));
  }
  Types slices;
  ir::Dim length;
  for (std::size_t i = 0; i < counts.inputs; ++i) {
    ir::TensorType slice = context.input(counts.states + i);
    if (slice.shape) {
      ASSIGN_OR_RETURN(const std::size_t axis, scanned_axis(form, i, slice.shape->size()));
      ASSIGN_OR_RETURN(length, merge_lengths(length, (*slice.shape)[axis], i));
      slice.shape->erase(slice.shape->begin() + static_cast<std::ptrdiff_t>(axis));
    }
    slices.emplace_back(std::move(slice));
  }
  ASSIGN_OR_RETURN(const BodyTypes inferred,
                   infer_body(context, kStepBody, {}, std::move(initial), slices, 0));
  Types types;
  types.assign(inferred.carried.begin(), inferred.carried.end());
  for (std::size_t i = 0; i < counts.outputs; ++i) {
    const Type& made = inferred.outputs[counts.states + i];
    if (!made.is_tensor())
      return invalid_data("scan output {} is {}, expected a tensor", i, made.to_string());
    ir::TensorType stacked = made.tensor();
    if (stacked.shape) {
      auto axis = normalize_axis(form.output_axes[i], stacked.shape->size() + 1);
      if (!axis.ok()) return axis.error().with_context(fmt::format("scan output {}", i));
      stacked.shape->insert(stacked.shape->begin() + static_cast<std::ptrdiff_t>(*axis), length);
    }
    types.emplace_back(std::move(stacked));
  }
  return types;
}

// A scan input, cut along its axis.
class Slices {
 public:
  Slices(const Tensor& whole, std::size_t axis, bool reversed)
      : whole_(whole),
        axis_(axis),
        reversed_(reversed),
        dims_(whole.dims()),
        strides_(row_major_strides(whole.dims())) {
    stride_ = strides_[axis];
    dims_.erase(dims_.begin() + static_cast<std::ptrdiff_t>(axis));
    strides_.erase(strides_.begin() + static_cast<std::ptrdiff_t>(axis));
  }

  [[nodiscard]] std::int64_t count() const { return whole_.dim(axis_); }

  [[nodiscard]] Result<Tensor> at(std::int64_t step) const {
    ASSIGN_OR_RETURN(Tensor slice, Tensor::create(whole_.data_type(), dims_));
    if (slice.num_elements() == 0) return slice;
    copy_strided(whole_, slice, (reversed_ ? count() - 1 - step : step) * stride_, strides_);
    return slice;
  }

 private:
  const Tensor& whole_;
  std::size_t axis_;
  bool reversed_;
  Dims dims_;  // of a slice
  Dims strides_;
  std::int64_t stride_ = 0;  // between slices
};

Result<std::vector<Slices>> cut_inputs(const EvaluateContext& context, const ScanForm& form) {
  std::vector<Slices> inputs;
  for (std::size_t i = 0; i < form.counts.inputs; ++i) {
    const Tensor& whole = *context.values[form.counts.states + i].tensor();
    ASSIGN_OR_RETURN(const std::size_t axis, scanned_axis(form, i, whole.rank()));
    inputs.emplace_back(whole, axis, form.input_reversed[i]);
    const auto merged = merge_lengths(inputs[0].count(), inputs[i].count(), i);
    if (!merged.ok()) return merged.error();
  }
  return inputs;
}

// The type of one slice, for an output that no run makes.
ir::TensorType slice_of_output(const EvaluateContext& context, std::size_t output,
                               std::int64_t axis) {
  const ir::Graph& body = step_body(context.node);
  if (output >= context.output_types.size()) return body.tensor_type(body.outputs()[output]);
  ir::TensorType type = context.output_types[output];
  if (!type.shape) return type;
  const auto at = normalize_axis(axis, type.shape->size());
  if (at.ok()) type.shape->erase(type.shape->begin() + static_cast<std::ptrdiff_t>(*at));
  return type;
}

Result<Values> evaluate_scan(const EvaluateContext& context) {
  ASSIGN_OR_RETURN(const ScanForm form, read_scan(context.node, context.attributes()));
  const ScanCounts& counts = form.counts;
  ASSIGN_OR_RETURN(const std::vector<Slices> inputs, cut_inputs(context, form));
  Values state;
  state.assign(context.values.begin(),
               context.values.begin() + static_cast<std::ptrdiff_t>(counts.states));
  std::vector<SliceStack> stacks;
  for (std::size_t i = 0; i < counts.outputs; ++i)
    stacks.emplace_back(i, slice_of_output(context, counts.states + i, form.output_axes[i]));

  for (std::int64_t step = 0; step < inputs[0].count(); ++step) {
    const auto place = [&] { return fmt::format("iteration {}", step); };
    for (const Slices& input : inputs) {
      ASSIGN_OR_RETURN(Tensor slice, input.at(step));
      state.emplace_back(std::move(slice));
    }
    auto made = context.run_subgraph(kStepBody, state);
    if (!made.ok()) return made.error().with_context(kStepBody).with_context(place());
    state = *std::move(made);
    for (std::size_t i = 0; i < counts.outputs; ++i)
      RETURN_IF_ERROR(stacks[i].add(state[counts.states + i]).with_context(place));
    state.resize(counts.states);
  }
  for (std::size_t i = 0; i < counts.outputs; ++i) {
    ASSIGN_OR_RETURN(Tensor stacked, stacks[i].stack(form.output_axes[i], form.output_reversed[i]));
    state.emplace_back(std::move(stacked));
  }
  return state;
}

}  // namespace

OpDef define_Scan() { return {.name = "Scan", .infer = infer_scan, .evaluate = evaluate_scan}; }

}  // namespace lathe::ops
