#include "kernels/row_window.h"

#include <algorithm>

namespace lathe::kernels {
namespace {

template <typename Shape>
RowWindow window_of(const Shape& shape) {
  return {shape.batch,
          shape.in_h,
          shape.out_h,
          shape.stride_h,
          (shape.kernel_h - 1) * shape.dilation_h + 1,
          shape.pad_top,
          shape.out_w};
}

template <typename Shape>
void keep_rows(Shape& shape, RowRange out) {
  const RowWindow window = window_of(shape);
  const RowRange in = window.inputs_of(out);
  shape.batch = 1;
  shape.pad_top = std::max<std::int64_t>(0, window.pad_top - out.begin * window.stride);
  shape.in_h = in.size();
  shape.out_h = out.size();
}

// Means that count padding depend on where it ends.
bool depends_on_padding(const PoolingShape& shape, PoolingKind kind) {
  return kind == PoolingKind::kMeanWithPadding && (shape.pad_top > 0 || shape.pad_bottom > 0);
}

// Calls use(shape) where the problem has a window.
template <typename AnyProblem, typename Use>
void with_shape(AnyProblem& problem, const Use& use) {
  std::visit(
      [&]<typename Own>(Own& own) {
        using T = std::remove_const_t<Own>;
        if constexpr (std::is_same_v<T, ConvolutionF32Problem> ||
                      std::is_same_v<T, ConvolutionInt8Problem>) {
          use(own.shape);
        } else if constexpr (std::is_same_v<T, PoolingF32Problem> ||
                             std::is_same_v<T, PoolingInt8Problem>) {
          if (!depends_on_padding(own.shape, own.kind)) use(own.shape);
        }
      },
      problem);
}

}  // namespace

RowRange RowWindow::inputs_of(RowRange out) const {
  const std::int64_t begin = std::clamp<std::int64_t>(out.begin * stride - pad_top, 0, in_h);
  const std::int64_t end = (out.end - 1) * stride - pad_top + reach;
  return {begin, std::clamp(end, begin, in_h)};
}

bool RowWindow::covers_all() const {
  return pad_top < reach && (out_h - 1) * stride - pad_top < in_h;
}

std::optional<RowWindow> row_window(const Problem& problem) {
  std::optional<RowWindow> window;
  with_shape(problem, [&](const auto& shape) { window = window_of(shape); });
  return window;
}

Problem of_rows(const Problem& problem, RowRange out) {
  Problem part = problem;
  with_shape(part, [&](auto& shape) { keep_rows(shape, out); });
  return part;
}

}  // namespace lathe::kernels
