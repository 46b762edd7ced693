#include <algorithm>
#include <complex>

#include "base/checked_math.h"
#include "ops/axes_input.h"
#include "ops/dispatch.h"
#include "ops/window.h"

namespace lathe::ops {
namespace {

enum ColumnInput : std::size_t { kColumns, kImageShape, kBlockShape };

// A vector of extents of 1 and more, as far as inference knows it.
Result<std::optional<ir::Shape>> positive_extents(const InferContext& context, ColumnInput input) {
  ASSIGN_OR_RETURN(std::optional<ir::Shape> extents, shape_from_input(context, input));
  if (!extents) return extents;
  if (extents->empty()) return invalid_data("{} is empty", context.place(input));
  for (ir::Dim& extent : *extents) {
    if (extent.symbolic().is_unknown()) extent = ir::Dim(ir::SymInt::data_dependent());
    if (extent.known() && (extent.value() < 1 || extent.value() > kMaxExtent))
      return invalid_data("{} has the extent {}", context.place(input), extent.value());
  }
  return extents;
}

// The blocks that the columns were, without what is known of the image.
Result<Window> block_window(const ir::Node& node, const Dims& block) {
  const std::size_t rank = block.size();
  Window window;
  window.kernel = block;
  ASSIGN_OR_RETURN(window.strides, window_attribute(node, "strides", rank, 1, 1));
  ASSIGN_OR_RETURN(window.dilations, window_attribute(node, "dilations", rank, 1, 1));
  ASSIGN_OR_RETURN(const Dims pads, window_attribute(node, "pads", rank * 2, 0, 0));
  RETURN_IF_ERROR(check_reach(block, window.dilations));
  const auto half = pads.begin() + static_cast<std::ptrdiff_t>(rank);
  window.pads_begin.assign(pads.begin(), half);
  window.pads_end.assign(half, pads.end());
  return window;
}

// How many blocks lie along each axis of the image.
Result<Dims> block_counts(const Window& window, const Dims& image) {
  Dims counts;
  for (std::size_t axis = 0; axis < image.size(); ++axis) {
    ASSIGN_OR_RETURN(const std::int64_t count,
                     window_output_extent(window, axis, image[axis], false));
    counts.push_back(count);
  }
  return counts;
}

// Refuses columns [N, C * block elements, blocks] that do not fit; tells C.
Result<ir::Dim> check_columns(const InferContext& context, const Window& window,
                              const std::optional<Dims>& image) {
  const ir::Shape& columns = *context.input(kColumns).shape;
  const std::int64_t block = product_of(window.kernel);
  if (columns[1].known() && columns[1].value() % block != 0) {
    return invalid_data("{} has shape {}, whose rows are no multiple of the {} elements of a block",
                        context.place(kColumns), ir::to_string(columns), block);
  }
  if (image) {
    ASSIGN_OR_RETURN(const Dims counts, block_counts(window, *image));
    const auto blocks = checked_product(counts);
    if (!blocks || (columns[2].known() && columns[2].value() != *blocks)) {
      return invalid_data("{} has shape {}, expected one column for each of {} blocks",
                          context.place(kColumns), ir::to_string(columns), ir::to_string(counts));
    }
  }
  return ir::Dim(floor_div(columns[1].symbolic(), block));
}

Result<Types> infer_col2im(const InferContext& context) {
  const ir::TensorType& columns = context.input(kColumns);
  if (columns.data_type == ir::DataType::kString)
    return unsupported("{} is string: strings have no sum", context.place(kColumns));
  if (columns.shape && columns.shape->size() != 3) {
    return invalid_data("{} has shape {}, expected [N,C*block,blocks]", context.place(kColumns),
                        ir::to_string(*columns.shape));
  }
  ASSIGN_OR_RETURN(const auto image, positive_extents(context, kImageShape));
  ASSIGN_OR_RETURN(const auto block, positive_extents(context, kBlockShape));
  if (image && block && image->size() != block->size()) {
    return invalid_data("{} has {} elements, but {} has {}", context.place(kBlockShape),
                        block->size(), context.place(kImageShape), image->size());
  }
  if (!image && !block) return std::vector{ir::TensorType{columns.data_type, std::nullopt}};
  ir::Shape shape{columns.shape ? (*columns.shape)[0] : ir::Dim(),
                  ir::Dim(ir::SymInt::data_dependent())};
  const std::size_t rank = image ? image->size() : block->size();
  // Blocks that are not known yet: of one element, so that all else is checked.
  const auto block_dims = block ? ir::known_dims(*block) : std::nullopt;
  ASSIGN_OR_RETURN(const Window window,
                   block_window(context.node(), block_dims.value_or(Dims(rank, 1))));
  const auto image_dims = image ? ir::known_dims(*image) : std::nullopt;
  if (block_dims && columns.shape) {
    ASSIGN_OR_RETURN(shape[1], check_columns(context, window, image_dims));
  }
  for (std::size_t i = 0; i < rank; ++i)
    shape.push_back(image ? (*image)[i] : ir::Dim(ir::SymInt::data_dependent()));
  return std::vector{ir::TensorType{columns.data_type, std::move(shape)}};
}

// Adds each element of the columns to the one of the image that it was copied from.
template <typename T, typename Sum, typename Add>
void add_columns(std::span<const T> columns, std::span<Sum> images, const Dims& image,
                 const Window& window, const Dims& counts, Add add) {
  const std::int64_t blocks = product_of(counts);
  const std::int64_t taps = product_of(window.kernel);
  const std::int64_t pixels = product_of(image);
  const Dims strides = row_major_strides(image);
  const std::int64_t rows = static_cast<std::int64_t>(columns.size()) / blocks;
  Dims tap(image.size(), 0);
  for (std::int64_t row = 0; row < rows; ++row) {
    Dims block(image.size(), 0);
    for (std::int64_t b = 0; b < blocks; ++b) {
      std::int64_t to = row / taps * pixels;
      bool inside = true;
      for (std::size_t d = 0; d < image.size(); ++d) {
        const std::int64_t at =
            block[d] * window.strides[d] - window.pads_begin[d] + tap[d] * window.dilations[d];
        inside = inside && at >= 0 && at < image[d];
        if (inside) to += at * strides[d];
      }
      if (inside) {
        Sum& sum = images[static_cast<std::size_t>(to)];
        sum = add(sum, columns[static_cast<std::size_t>(row * blocks + b)]);
      }
      next_index(block, counts);
    }
    next_index(tap, window.kernel);
  }
}

template <typename Complex>
std::span<const Complex> complex_elements(const ir::Tensor& tensor) {
  return {reinterpret_cast<const Complex*>(tensor.bytes().data()),
          tensor.bytes().size() / sizeof(Complex)};
}

Result<Values> evaluate_col2im(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[kColumns];
  const Dims dims = require_dims(context.output_types[0]);
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  if (x.num_elements() == 0) return std::vector{std::move(y)};
  const Dims image(dims.begin() + 2, dims.end());
  ASSIGN_OR_RETURN(const Window window,
                   block_window(context.node, context.inputs[kBlockShape].to_int64s()));
  ASSIGN_OR_RETURN(const Dims counts, block_counts(window, image));
  const auto add_as = [&]<typename T, typename Sum>(std::span<const T> columns,
                                                    std::span<Sum> images) {
    add_columns(columns, images, image, window, counts, [](Sum sum, T value) {
      if constexpr (std::is_same_v<Sum, bool>) return sum || value;
      if constexpr (std::is_integral_v<Sum>) {
        return static_cast<Sum>(static_cast<std::uint64_t>(sum) +
                                static_cast<std::uint64_t>(value));
      }
      return static_cast<Sum>(sum + static_cast<Sum>(value));
    });
  };
  const auto add_complex = [&]<typename Complex>() {
    const auto bytes = y.mutable_bytes();
    add_as(complex_elements<Complex>(x),
           std::span(reinterpret_cast<Complex*>(bytes.data()), bytes.size() / sizeof(Complex)));
  };
  switch (x.data_type()) {
    case ir::DataType::kComplex64:
      add_complex.operator()<std::complex<float>>();
      break;
    case ir::DataType::kComplex128:
      add_complex.operator()<std::complex<double>>();
      break;
    case ir::DataType::kFloat32: {
      ASSIGN_OR_RETURN(ir::Tensor sums, ir::Tensor::create(ir::DataType::kFloat64, dims));
      add_as(x.data<float>(), sums.mutable_data<double>());
      std::transform(sums.data<double>().begin(), sums.data<double>().end(),
                     y.mutable_data<float>().begin(),
                     [](double sum) { return static_cast<float>(sum); });
      break;
    }
    default:
      dispatch_numeric_or_bool(x.data_type(),
                               [&]<typename T>() { add_as(x.data<T>(), y.mutable_data<T>()); });
  }
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Col2Im() {
  return {.name = "Col2Im",
          .infer = infer_col2im,
          .evaluate = evaluate_col2im,
          .operand_shapes = {{kImageShape, OperandShape::Rule::kVector},
                             {kBlockShape, OperandShape::Rule::kVector}}};
}

}  // namespace lathe::ops
