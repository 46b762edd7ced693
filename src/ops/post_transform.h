// What operators of ai.onnx.ml do to scores at the end: their attribute post_transform.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "ops/attributes.h"

namespace lathe::ops {

// Numbered as TreeEnsemble has them.
enum class PostTransform { kNone, kSoftmax, kLogistic, kSoftmaxZero, kProbit };

// The attribute, which is one of the names.
Result<PostTransform> read_post_transform(const Attributes& attributes);
// The same where it is a number.
Result<PostTransform> post_transform_from_number(std::int64_t number);

double logistic(double score);

// Transforms the scores of one sample.
void apply_post_transform(PostTransform transform, std::span<double> scores);

// What the first of two classes scores where only the second has weights, which add up to s.
enum class FirstClass { kComplement /* 1 - s */, kOpposite /* -s */ };

// The transformed scores of such two classes. The specification does not say what the first one's
// is: without a transform and for LOGISTIC it is as ONNX Runtime has it, which exporters rely on.
std::array<double, 2> two_class_scores(double second, FirstClass first, PostTransform transform);

}  // namespace lathe::ops
