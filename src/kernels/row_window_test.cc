#include "kernels/row_window.h"

#include <gtest/gtest.h>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "kernels/runner.h"

namespace lathe::kernels {
namespace {

TEST(RowWindow, SaysWhichInputsARowReads) {
  const RowWindow window{1, 10, 5, 2, 3, 1};
  EXPECT_EQ(window.inputs_of({0, 1}), (RowRange{0, 2}));
  EXPECT_EQ(window.inputs_of({1, 3}), (RowRange{1, 6}));
  EXPECT_EQ(window.inputs_of({4, 5}), (RowRange{7, 10}));
  EXPECT_TRUE(window.covers_all());
  EXPECT_FALSE((RowWindow{1, 10, 5, 2, 3, 3}).covers_all()) << "a row reads padding alone";
  EXPECT_FALSE((RowWindow{1, 4, 5, 2, 3, 1}).covers_all());
  EXPECT_FALSE(row_window(SoftmaxF32Problem{}));
  PoolingF32Problem padded{PoolingKind::kMeanWithPadding, {}, ElementType::kFloat32};
  EXPECT_TRUE(row_window(padded));
  padded.shape.pad_bottom = 1;
  EXPECT_FALSE(row_window(padded)) << "what counts depends on where the padding ends";
}

// All rows one by one, some together, or all at once: the same bits, by each kernel.
void check(const Problem& problem, std::int64_t in_row, std::int64_t out_row,
           const WeightsF32* weights, Random& random) {
  const RowWindow window = *row_window(problem);
  std::vector<float> in(static_cast<std::size_t>(window.batch * window.in_h * in_row));
  for (float& value : in) value = random.uniform(-1, 1);
  std::vector<float> whole(static_cast<std::size_t>(window.batch * window.out_h * out_row));
  ThreadPool pool(1);
  for (const KernelId id : candidates(problem, select_isa().value())) {
    if (window.out_w < kernel_of(id).least_pixels) continue;
    const auto runner = [&](const Problem& part) {
      return weights != nullptr ? Runner(part, *weights, id) : Runner(part, kernel_of(id).isa);
    };
    runner(problem).run({in.data()}, whole.data(), pool);
    for (const std::int64_t rows : {1, 2, 3, 7}) {
      std::vector<float> out(whole.size());
      for (std::int64_t image = 0; image < window.batch; ++image) {
        for (std::int64_t y = 0; y < window.out_h; y += rows) {
          const RowRange made{y, std::min(window.out_h, y + rows)};
          const std::int64_t first = image * window.in_h + window.inputs_of(made).begin;
          const Problem part = of_rows(problem, made);
          EXPECT_TRUE(check_problem(part).ok());
          runner(part).run({in.data() + first * in_row},
                           out.data() + (image * window.out_h + y) * out_row, pool);
        }
      }
      EXPECT_EQ(out, whole) << kernel_of(id).name << ", " << rows << " rows at a time";
    }
  }
}

TEST(RowWindow, RowsByThemselvesAreTheSame) {
  Random random(7);
  struct Case {
    std::int64_t in_c, out_c, groups, kernel, stride, dilation, pad;
  };
  for (const Case& c :
       {Case{5, 40, 1, 1, 1, 1, 0}, Case{24, 24, 24, 3, 1, 1, 1}, Case{24, 24, 24, 5, 2, 1, 2},
        Case{3, 33, 1, 3, 2, 1, 1}, Case{8, 16, 2, 3, 1, 2, 2}, Case{16, 7, 1, 2, 3, 1, 0}}) {
    SCOPED_TRACE(testing::Message() << c.in_c << " to " << c.out_c << ", kernel " << c.kernel);
    const std::int64_t reach = (c.kernel - 1) * c.dilation + 1;
    const auto extent = [&](std::int64_t in) { return (in + 2 * c.pad - reach) / c.stride + 1; };
    ConvolutionF32Problem problem;
    problem.shape = {2,          15,       50,       c.in_c,   extent(15), extent(50),
                     c.out_c,    c.kernel, c.kernel, c.stride, c.stride,   c.dilation,
                     c.dilation, c.pad,    c.pad,    c.groups};
    std::vector<float> values(
        static_cast<std::size_t>(c.out_c * c.in_c / c.groups * c.kernel * c.kernel));
    for (float& value : values) value = random.uniform(-1, 1);
    const WeightsF32 weights{values, {}};
    check(problem, 50 * c.in_c, problem.shape.out_w * c.out_c, &weights, random);
  }
  for (const PoolingKind kind : {PoolingKind::kMax, PoolingKind::kMean}) {
    PoolingF32Problem pooling{kind, {2, 15, 20, 6, 8, 10, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1}};
    check(pooling, 20 * 6, 10 * 6, nullptr, random);
  }
}

}  // namespace
}  // namespace lathe::kernels
