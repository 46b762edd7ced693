#include "ops/recurrent.h"

#include <algorithm>

#include "base/checked_math.h"
#include "ops/dispatch.h"
#include "ops/may_agree.h"
#include "ops/normalization.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

using ir::Dim;
using ir::Shape;
using ir::Tensor;

// Inputs and outputs of all three.
enum RecurrentOperand : std::size_t { kX, kW, kR, kB, kLengths, kInitialH, kInitialC, kPeepholes };

Result<std::int64_t> recurrent_directions(const Attributes& attributes) {
  const std::string& direction = attributes.get_string("direction");
  if (direction == "forward" || direction == "reverse") return 1;
  if (direction == "bidirectional") return 2;
  return invalid_data("direction is '{}', expected forward, reverse or bidirectional", direction);
}

Dim scaled_extent(const Dim& dim, std::int64_t factor) { return Dim(dim.symbolic() * factor); }

struct RecurrentExtents {
  std::int64_t directions;
  Dim steps;
  Dim batch;
  Dim input_size;
  Dim hidden_size;
  bool batch_first;

  [[nodiscard]] Shape of_states() const {
    return batch_first ? Shape{batch, directions, hidden_size}
                       : Shape{directions, batch, hidden_size};
  }
  [[nodiscard]] Shape of_y() const {
    return batch_first ? Shape{batch, steps, directions, hidden_size}
                       : Shape{steps, directions, batch, hidden_size};
  }
  [[nodiscard]] Shape of_input(std::size_t input, std::int64_t gates) const {
    switch (input) {
      case kX:
        return batch_first ? Shape{batch, steps, input_size} : Shape{steps, batch, input_size};
      case kW:
        return {directions, scaled_extent(hidden_size, gates), input_size};
      case kR:
        return {directions, scaled_extent(hidden_size, gates), hidden_size};
      case kB:
        return {directions, scaled_extent(hidden_size, 2 * gates)};
      case kLengths:
        return {batch};
      case kPeepholes:
        return {directions, scaled_extent(hidden_size, 3)};
      default:
        return of_states();
    }
  }
};

// The extent of an input along an axis; unknown where the input has another rank or is absent.
Dim extent_of_rank(const InferContext& context, std::size_t input, std::size_t rank,
                   std::size_t axis) {
  if (!context.has_input(input) || !context.input(input).has_rank(rank)) return {};
  return (*context.input(input).shape)[axis];
}

Dim most_telling(std::initializer_list<Dim> dims) {
  Dim best;
  for (const Dim& dim : dims) {
    if (dim.known()) return dim;
    if (best.symbolic().is_unknown()) best = dim;
  }
  return best;
}

Result<RecurrentExtents> find_recurrent_extents(const InferContext& context,
                                                const RecurrentOperator& op) {
  const Attributes attributes = context.attributes();
  const std::int64_t layout = attributes.get_int("layout");
  if (layout != 0 && layout != 1) return invalid_data("layout is {}, expected 0 or 1", layout);
  const std::int64_t* stated = attributes.find_int("hidden_size");
  if (stated != nullptr && *stated < 1)
    return invalid_data("hidden_size is {}, expected at least 1", *stated);
  RecurrentExtents extents{};
  extents.batch_first = layout == 1;
  ASSIGN_OR_RETURN(extents.directions, recurrent_directions(attributes));
  const std::size_t batch_axis = layout == 1 ? 0 : 1;
  extents.steps = extent_of_rank(context, kX, 3, 1 - batch_axis);
  extents.batch = most_telling({extent_of_rank(context, kX, 3, batch_axis),
                                extent_of_rank(context, kLengths, 1, 0),
                                extent_of_rank(context, kInitialH, 3, batch_axis)});
  extents.input_size =
      most_telling({extent_of_rank(context, kX, 3, 2), extent_of_rank(context, kW, 3, 2)});
  const Dim rows = extent_of_rank(context, kW, 3, 1);
  extents.hidden_size =
      most_telling({stated != nullptr ? Dim(*stated) : Dim(), extent_of_rank(context, kR, 3, 2),
                    rows.known() ? Dim(rows.value() / op.gates) : Dim(),
                    extent_of_rank(context, kInitialH, 3, 2)});
  return extents;
}

Status check_recurrent_inputs(const InferContext& context, const RecurrentOperator& op,
                              const RecurrentExtents& extents) {
  for (std::size_t input = 0; input < context.input_count(); ++input) {
    if (!context.has_input(input) || !context.input(input).shape) continue;
    const Shape& shape = *context.input(input).shape;
    const Shape expected = extents.of_input(input, op.gates);
    const bool fits =
        std::equal(shape.begin(), shape.end(), expected.begin(), expected.end(),
                   [](const Dim& a, const Dim& b) { return !a.known() || !b.known() || a == b; });
    if (!fits) {
      return invalid_data("{} has shape {}, expected {}", context.place(input),
                          ir::to_string(shape), ir::to_string(expected));
    }
  }
  return {};
}

// RecurrentExtents of inputs that exist, and where their elements are.
struct RecurrentLayout {
  std::size_t directions;
  std::size_t steps;
  std::size_t batch;
  std::size_t input_size;
  std::size_t hidden_size;
  bool batch_first;

  RecurrentLayout(const EvaluateContext& context, std::int64_t direction_total)
      : directions(static_cast<std::size_t>(direction_total)),
        batch_first(context.attributes().get_int("layout") == 1) {
    const auto extent = [&](std::size_t input, std::size_t axis) {
      return static_cast<std::size_t>(context.inputs[input].dim(axis));
    };
    steps = extent(kX, batch_first ? 1 : 0);
    batch = extent(kX, batch_first ? 0 : 1);
    input_size = extent(kX, 2);
    hidden_size = extent(kR, 2);
  }

  [[nodiscard]] std::size_t x_at(std::size_t step, std::size_t sequence) const {
    return (batch_first ? sequence * steps + step : step * batch + sequence) * input_size;
  }
  [[nodiscard]] std::size_t y_at(std::size_t step, std::size_t direction,
                                 std::size_t sequence) const {
    const std::size_t row = batch_first ? (sequence * steps + step) * directions + direction
                                        : (step * directions + direction) * batch + sequence;
    return row * hidden_size;
  }
  [[nodiscard]] std::size_t state_at(std::size_t direction, std::size_t sequence) const {
    return (batch_first ? sequence * directions + direction : direction * batch + sequence) *
           hidden_size;
  }
};

Result<std::vector<std::size_t>> sequence_lengths(const EvaluateContext& context,
                                                  const RecurrentLayout& layout) {
  std::vector<std::size_t> lengths(layout.batch, layout.steps);
  if (!context.has_input(kLengths)) return lengths;
  const auto given = context.inputs[kLengths].data<std::int32_t>();
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (given[i] < 0 || static_cast<std::size_t>(given[i]) > layout.steps)
      return invalid_data("sequence_lens[{}] is {}, expected 0 to {}", i, given[i], layout.steps);
    lengths[i] = static_cast<std::size_t>(given[i]);
  }
  return lengths;
}

// Zeros in place of an absent one.
std::vector<double> doubles_or_zeros(const EvaluateContext& context, std::size_t input,
                                     std::size_t count) {
  if (context.has_input(input)) return as_doubles(context.inputs[input]);
  return std::vector<double>(count);
}

void put_rounded(std::span<const double> values, std::size_t first, Tensor& tensor) {
  dispatch_float(tensor.data_type(), [&]<typename T>() {
    const auto out = tensor.mutable_data<T>().subspan(first, values.size());
    std::transform(values.begin(), values.end(), out.begin(),
                   [](double v) { return static_cast<T>(v); });
  });
}

}  // namespace

double dot_product(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double RecurrentDirection::recur(std::size_t i, std::span<const double> vector) const {
  return dot_product(weights.subspan(i * hidden_size, hidden_size), vector) + bias[i];
}

Result<Types> infer_recurrent(const InferContext& context, const RecurrentOperator& op) {
  ASSIGN_OR_RETURN(const RecurrentExtents extents, find_recurrent_extents(context, op));
  RETURN_IF_ERROR(check_recurrent_inputs(context, op, extents));
  RETURN_IF_ERROR(recurrent_activations(context.attributes(), op.activations,
                                        static_cast<std::size_t>(extents.directions)));
  const ir::DataType type = context.input(kX).data_type;
  const ir::TensorType y{type, extents.of_y()};
  const ir::TensorType state{type, extents.of_states()};
  RETURN_IF_ERROR(ir::check_extents(*y.shape));
  return op.has_cell ? std::vector{y, state, state} : std::vector{y, state};
}

Result<Values> evaluate_recurrent(const EvaluateContext& context, const RecurrentOperator& op,
                                  RecurrentStep step) {
  const Attributes attributes = context.attributes();
  ASSIGN_OR_RETURN(const std::int64_t direction_total, recurrent_directions(attributes));
  const RecurrentLayout layout(context, direction_total);
  std::vector<Tensor> outputs;
  for (const ir::TensorType& type : context.output_types) {
    ASSIGN_OR_RETURN(Tensor output, Tensor::create(type.data_type, require_dims(type)));
    outputs.push_back(std::move(output));
  }
  ASSIGN_OR_RETURN(const auto lengths, sequence_lengths(context, layout));
  ASSIGN_OR_RETURN(const auto activations,
                   recurrent_activations(attributes, op.activations, layout.directions));

  const std::size_t rows = static_cast<std::size_t>(op.gates) * layout.hidden_size;
  const std::size_t states = layout.directions * layout.batch * layout.hidden_size;
  const std::vector<double> x = as_doubles(context.inputs[kX]);
  const std::vector<double> w = as_doubles(context.inputs[kW]);
  const std::vector<double> r = as_doubles(context.inputs[kR]);
  const std::vector<double> b = doubles_or_zeros(context, kB, layout.directions * 2 * rows);
  const std::vector<double> initial_h = doubles_or_zeros(context, kInitialH, states);
  const std::vector<double> initial_c =
      doubles_or_zeros(context, kInitialC, op.has_cell ? states : 0);
  const std::vector<double> peepholes =
      doubles_or_zeros(context, kPeepholes, layout.directions * 3 * layout.hidden_size);
  // Part `d` of `count` values for each direction.
  const auto part = [](const auto& values, std::size_t d, std::size_t count) {
    return std::span(values).subspan(d * count, count);
  };

  std::vector<double> gates(rows);
  for (std::size_t d = 0; d < layout.directions; ++d) {
    const bool backward = d == 1 || attributes.get_string("direction") == "reverse";
    const auto input_weights = part(w, d, rows * layout.input_size);
    const auto input_bias = part(b, 2 * d, rows);
    const RecurrentDirection direction{
        layout.hidden_size, part(r, d, rows * layout.hidden_size), part(b, 2 * d + 1, rows),
        part(peepholes, d, 3 * layout.hidden_size), part(activations, d, op.activations.size())};
    for (std::size_t sequence = 0; sequence < layout.batch; ++sequence) {
      // Of no steps at all the last states are zeros, as ONNX Runtime has it.
      const std::size_t length = lengths[sequence];
      if (length == 0) continue;
      const std::size_t state_at = layout.state_at(d, sequence);
      const auto take = [&](const std::vector<double>& from) {
        const auto taken = std::span(from).subspan(state_at, layout.hidden_size);
        return std::vector<double>(taken.begin(), taken.end());
      };
      RecurrentState state{take(initial_h), op.has_cell ? take(initial_c) : std::vector<double>{}};
      for (std::size_t i = 0; i < length; ++i) {
        const std::size_t t = backward ? length - 1 - i : i;
        const auto input = std::span(x).subspan(layout.x_at(t, sequence), layout.input_size);
        for (std::size_t row = 0; row < rows; ++row)
          gates[row] =
              dot_product(part(input_weights, row, layout.input_size), input) + input_bias[row];
        step(direction, gates, state);
        put_rounded(state.hidden, layout.y_at(t, d, sequence), outputs[0]);
      }
      put_rounded(state.hidden, state_at, outputs[1]);
      if (op.has_cell) put_rounded(state.cell, state_at, outputs[2]);
    }
  }
  return outputs;
}

std::optional<std::int64_t> macs_recurrent(const ir::Node&, std::span<const ir::TensorType> inputs,
                                           std::span<const ir::TensorType>) {
  const Dims x = require_dims(inputs[kX]);
  const Dims w = require_dims(inputs[kW]);
  const Dims r = require_dims(inputs[kR]);
  const auto columns = checked_sum(w[2], r[2]);
  if (!columns) return std::nullopt;
  const std::int64_t factors[] = {x[0], x[1], w[0], w[1], *columns};
  return checked_product(factors);
}

}  // namespace lathe::ops
