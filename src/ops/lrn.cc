#include <algorithm>
#include <cmath>

#include "ops/dispatch.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

Result<Types> infer_lrn(const InferContext& context) {
  const std::int64_t size = context.attributes().get_int("size");
  if (size < 1) return invalid_data("attribute 'size' is {}, expected 1 or more", size);
  if (const auto& shape = context.input(0).shape; shape && shape->size() < 2) {
    return invalid_data("{} has shape {}, expected [N,C,...]", context.place(0),
                        ir::to_string(*shape));
  }
  return infer_like_input(context);
}

// Sums over a window that slides along a line, in a time that does not depend on its size: from
// sums within blocks of that size, forwards from where each begins and backwards from where it
// ends (van Herk 1992). Nothing is subtracted, so no sum sees what is outside its window.
class SlidingSum {
 public:
  SlidingSum(std::int64_t extent, std::int64_t size)
      : block_(size),
        forward_(static_cast<std::size_t>(extent)),
        backward_(static_cast<std::size_t>(extent)) {}

  template <typename ValueAt>
  void read(ValueAt value_at) {
    const auto extent = static_cast<std::int64_t>(forward_.size());
    for (std::int64_t i = 0; i < extent; ++i) {
      const bool begins = i % block_ == 0;
      at(forward_, i) = value_at(i) + (begins ? 0 : at(forward_, i - 1));
    }
    for (std::int64_t i = extent - 1; i >= 0; --i) {
      const bool ends = i + 1 == extent || (i + 1) % block_ == 0;
      at(backward_, i) = value_at(i) + (ends ? 0 : at(backward_, i + 1));
    }
  }

  // From first to last, of at most `size` elements; of fewer only at an end of the line.
  double sum(std::int64_t first, std::int64_t last) {
    if (first / block_ != last / block_) return at(backward_, first) + at(forward_, last);
    return first % block_ == 0 ? at(forward_, last) : at(backward_, first);
  }

 private:
  static double& at(std::vector<double>& sums, std::int64_t i) {
    return sums[static_cast<std::size_t>(i)];
  }

  std::int64_t block_;
  std::vector<double> forward_;
  std::vector<double> backward_;
};

Result<Values> evaluate_lrn(const EvaluateContext& context) {
  const ir::Tensor& x = context.inputs[0];
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), x.dims()));
  if (x.num_elements() == 0) return std::vector{std::move(y)};
  const Attributes attributes = context.attributes();
  const std::int64_t size = attributes.get_int("size");
  const auto beta = static_cast<double>(attributes.get_float("beta"));
  const auto bias = static_cast<double>(attributes.get_float("bias"));
  const double alpha =
      static_cast<double>(attributes.get_float("alpha")) / static_cast<double>(size);
  const AxisView view = view_around(x.dims(), 1);
  const std::int64_t before = std::min((size - 1) / 2, view.extent - 1);
  const std::int64_t behind = std::min(size / 2, view.extent - 1);
  SlidingSum squares(view.extent, before + behind + 1);
  dispatch_float(x.data_type(), [&]<typename T>() {
    const auto in = x.data<T>();
    auto out = y.mutable_data<T>();
    for (std::int64_t line = 0; line < view.outer * view.inner; ++line) {
      const std::int64_t begin = line / view.inner * view.extent * view.inner + line % view.inner;
      const auto place = [&](std::int64_t channel) {
        return static_cast<std::size_t>(begin + channel * view.inner);
      };
      squares.read([&](std::int64_t channel) {
        const auto v = static_cast<double>(in[place(channel)]);
        return v * v;
      });
      for (std::int64_t c = 0; c < view.extent; ++c) {
        const double sum = squares.sum(std::max<std::int64_t>(0, c - before),
                                       std::min(view.extent - 1, c + behind));
        out[place(c)] =
            static_cast<T>(static_cast<double>(in[place(c)]) / std::pow(bias + alpha * sum, beta));
      }
    }
  });
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_LRN() { return {.name = "LRN", .infer = infer_lrn, .evaluate = evaluate_lrn}; }

}  // namespace lathe::ops
