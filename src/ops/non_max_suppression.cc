#include <algorithm>
#include <cmath>

#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Status check_iou_threshold(const ir::Tensor* threshold) {
  if (threshold == nullptr) return {};
  const double value = threshold->get_double(0);
  if (value >= 0 && value <= 1) return {};
  return invalid_data("iou_threshold is {}, expected 0 to 1", value);
}

// boxes [batches, boxes, 4], scores [batches, classes, boxes].
Result<Types> infer_non_max_suppression(const InferContext& context) {
  const std::int64_t form = context.attributes().get_int("center_point_box");
  if (form != 0 && form != 1) return invalid_data("center_point_box is {}, expected 0 or 1", form);
  const auto& boxes = context.input(0).shape;
  const auto& scores = context.input(1).shape;
  if (boxes && (boxes->size() != 3 || ((*boxes)[2].known() && (*boxes)[2] != ir::Dim(4)))) {
    return invalid_data("{} has shape {}, expected [batches,boxes,4]", context.place(0),
                        ir::to_string(*boxes));
  }
  if (scores && scores->size() != 3) {
    return invalid_data("{} has shape {}, expected [batches,classes,boxes]", context.place(1),
                        ir::to_string(*scores));
  }
  if (boxes && scores) {
    const auto differ = [](const ir::Dim& a, const ir::Dim& b) {
      return a.known() && b.known() && a != b;
    };
    if (differ((*boxes)[0], (*scores)[0]) || differ((*boxes)[1], (*scores)[2])) {
      return invalid_data("scores {} do not fit boxes {}", ir::to_string(*scores),
                          ir::to_string(*boxes));
    }
  }
  if (context.has_input(3)) RETURN_IF_ERROR(check_iou_threshold(context.constant(3)));
  return std::vector{
      ir::TensorType{ir::DataType::kInt64, ir::Shape{ir::Dim(ir::SymInt::data_dependent()), 3}}};
}

struct Box {
  float top, left, bottom, right;
  [[nodiscard]] float area() const { return (bottom - top) * (right - left); }
};

Box read_box(std::span<const float> numbers, bool center_point) {
  const float a = numbers[0];
  const float b = numbers[1];
  const float c = numbers[2];
  const float d = numbers[3];
  if (center_point) return {b - d / 2, a - c / 2, b + d / 2, a + c / 2};
  return {std::min(a, c), std::min(b, d), std::max(a, c), std::max(b, d)};
}

float intersection_over_union(const Box& a, const Box& b) {
  const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  if (height <= 0 || width <= 0 || a.area() <= 0 || b.area() <= 0) return 0;
  const float shared = height * width;
  return shared / (a.area() + b.area() - shared);
}

Result<Values> evaluate_non_max_suppression(const EvaluateContext& context) {
  const ir::Tensor& boxes = context.inputs[0];
  const ir::Tensor& scores = context.inputs[1];
  const std::int64_t most = context.has_input(2) ? context.inputs[2].get_int64(0) : 0;
  const float iou_threshold = context.has_input(3) ? context.inputs[3].data<float>()[0] : 0;
  const bool center_point = context.attributes().get_bool("center_point_box");
  const auto count = static_cast<std::size_t>(boxes.dim(1));
  const auto all_boxes = boxes.data<float>();
  const auto all_scores = scores.data<float>();

  std::vector<std::int64_t> selected;
  for (std::int64_t batch = 0; most > 0 && count > 0 && batch < scores.dim(0); ++batch) {
    const auto box = [&](std::size_t i) {
      return read_box(all_boxes.subspan((static_cast<std::size_t>(batch) * count + i) * 4, 4),
                      center_point);
    };
    for (std::int64_t category = 0; category < scores.dim(1); ++category) {
      const auto row = static_cast<std::size_t>(batch * scores.dim(1) + category);
      const auto own_scores = all_scores.subspan(row * count, count);
      std::vector<std::size_t> candidates;
      for (std::size_t i = 0; i < count; ++i) {
        if (!context.has_input(4) || own_scores[i] > context.inputs[4].data<float>()[0])
          candidates.push_back(i);
      }
      // No number is less than any.
      std::stable_sort(candidates.begin(), candidates.end(), [&](std::size_t a, std::size_t b) {
        return own_scores[a] > own_scores[b] ||
               (std::isnan(own_scores[b]) && !std::isnan(own_scores[a]));
      });
      std::vector<Box> kept;
      for (const std::size_t i : candidates) {
        if (static_cast<std::int64_t>(kept.size()) == most) break;
        const Box candidate = box(i);
        if (std::any_of(kept.begin(), kept.end(), [&](const Box& other) {
              return intersection_over_union(candidate, other) > iou_threshold;
            })) {
          continue;
        }
        kept.push_back(candidate);
        selected.insert(selected.end(), {batch, category, static_cast<std::int64_t>(i)});
      }
    }
  }
  const Dims dims{static_cast<std::int64_t>(selected.size()) / 3, 3};
  return std::vector{ir::Tensor::from_values<std::int64_t>(dims, selected)};
}

}  // namespace

OpDef define_NonMaxSuppression() {
  return {.name = "NonMaxSuppression",
          .infer = infer_non_max_suppression,
          .evaluate = evaluate_non_max_suppression,
          .operand_shapes = {{2, OperandShape::Rule::kOneElement},
                             {3, OperandShape::Rule::kOneElement},
                             {4, OperandShape::Rule::kOneElement}}};
}

}  // namespace lathe::ops
