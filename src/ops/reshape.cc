#include <algorithm>

#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<std::vector<ir::TensorType>> infer_reshape(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  if (context.input(1).data_type != ir::DataType::kInt64) return invalid_data("shape is not int64");
  const ir::Tensor* target = context.constant(1);
  if (target == nullptr) {
    const auto& shape = context.input(1).shape;
    if (!shape || shape->size() != 1 || !(*shape)[0].known() || (*shape)[0].value() > 64) {
      return std::vector{ir::TensorType{x.data_type, std::nullopt}};
    }
    return std::vector{
        ir::TensorType{x.data_type, ir::Shape(static_cast<std::size_t>((*shape)[0].value()))}};
  }
  if (target->rank() != 1 || target->num_elements() > 64) {
    return invalid_data("shape has shape {}", ir::to_string(target->dims()));
  }
  const bool allow_zero = context.node().attribute_int("allowzero", 0) != 0;
  ir::Shape result;
  std::optional<std::size_t> open;  // the axis of the -1
  std::vector<std::size_t> copied;  // input axes that are kept by a 0
  std::int64_t known = 1;           // of the other target axes
  for (const std::int64_t extent : target->to_int64s()) {
    const std::size_t axis = result.size();
    if (extent == -1) {
      if (open) return invalid_data("shape has more than one -1");
      open = axis;
      result.emplace_back();
    } else if (extent == 0 && !allow_zero) {
      if (x.shape && axis >= x.shape->size())
        return invalid_data("shape copies axis {}, which the input lacks", axis);
      result.push_back(x.shape ? (*x.shape)[axis] : ir::Dim());
      copied.push_back(axis);
    } else if (extent < 0) {
      return invalid_data("shape has the extent {}", extent);
    } else {
      if (extent != 0 && known > (std::int64_t{1} << 62) / std::max<std::int64_t>(extent, 1)) {
        return invalid_data("shape {} is too large", ir::to_string(target->to_int64s()));
      }
      known *= extent;
      result.emplace_back(extent);
    }
  }
  if (!x.shape) return std::vector{ir::TensorType{x.data_type, result}};

  // Axes copied by a 0 cancel on both sides; the rest must match, or tells the -1.
  std::int64_t remaining = 1;
  std::vector<ir::Dim> unknown;
  for (std::size_t i = 0; i < x.shape->size(); ++i) {
    if (std::find(copied.begin(), copied.end(), i) != copied.end()) continue;
    if ((*x.shape)[i].known()) {
      remaining *= (*x.shape)[i].value();
    } else {
      unknown.push_back((*x.shape)[i]);
    }
  }
  if (open) {
    if (unknown.empty()) {
      if (known == 0 || remaining % known != 0) {
        return invalid_data("{} cannot be reshaped to {}", ir::to_string(*x.shape),
                            ir::to_string(target->to_int64s()));
      }
      result[*open] = remaining / known;
    } else if (unknown.size() == 1 && remaining == known) {
      result[*open] = unknown[0];
    }
  } else if (unknown.empty() && remaining != known) {
    return invalid_data("{} cannot be reshaped to {}", ir::to_string(*x.shape),
                        ir::to_string(target->to_int64s()));
  }
  return std::vector{ir::TensorType{x.data_type, result}};
}

Result<std::vector<ir::Tensor>> evaluate_reshape(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  Dims dims = context.inputs[1].to_int64s();
  const bool allow_zero = context.node.attribute_int("allowzero", 0) != 0;
  std::int64_t known = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && !allow_zero) {
      if (i >= x.rank()) return invalid_data("shape copies axis {}, which the input lacks", i);
      dims[i] = x.dim(i);
    }
    if (dims[i] != -1) known *= dims[i];
  }
  for (std::int64_t& extent : dims) {
    if (extent == -1) extent = known == 0 ? 0 : x.num_elements() / known;
  }
  const Result<std::int64_t> count = ir::element_count(dims);
  if (!count.ok() || *count != x.num_elements()) {
    return invalid_data("{} cannot be reshaped to {}", ir::to_string(x.dims()),
                        ir::to_string(dims));
  }
  return std::vector{x.reshaped(dims)};
}

}  // namespace

OpDef define_Reshape() {
  return {.name = "Reshape",
          .min_inputs = 2,
          .max_inputs = 2,
          .attributes = {{"allowzero", AttributeKind::kInt}},
          .infer = infer_reshape,
          .evaluate = evaluate_reshape};
}

}  // namespace lathe::ops
