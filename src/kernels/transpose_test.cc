#include "kernels/transpose.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <numeric>
#include <vector>

#include "base/random.h"
#include "kernels/guarded_buffer.h"
#include "kernels/pick.h"

namespace lathe::kernels {
namespace {

template <typename T>
void check_elements(const std::vector<T>& in, const std::vector<T>& out,
                    const std::vector<std::int64_t>& shape,
                    const std::vector<std::int64_t>& permutation) {
  const std::size_t rank = shape.size();
  std::vector<std::int64_t> index(rank);  // of the output
  for (std::size_t i = 0; i < in.size(); ++i) {
    std::vector<std::int64_t> source(rank);
    for (std::size_t d = 0; d < rank; ++d) {
      source[static_cast<std::size_t>(permutation[d])] = index[d];
    }
    std::size_t at = 0;
    for (std::size_t d = 0; d < rank; ++d) {
      at = at * static_cast<std::size_t>(shape[d]) + static_cast<std::size_t>(source[d]);
    }
    ASSERT_EQ(out[i], in[at]) << "element " << i;
    for (std::size_t d = rank; d-- > 0;) {
      if (++index[d] < shape[static_cast<std::size_t>(permutation[d])]) break;
      index[d] = 0;
    }
  }
}

template <typename T>
void check_permutation(const std::vector<std::int64_t>& shape,
                       const std::vector<std::int64_t>& permutation, int threads) {
  SCOPED_TRACE(fmt::format("[{}] by [{}], {} bytes", fmt::join(shape, ","),
                           fmt::join(permutation, ","), sizeof(T)));
  std::size_t size = 1;
  for (const std::int64_t dimension : shape) size *= static_cast<std::size_t>(dimension);
  std::vector<T> in(size);
  Random random(size);
  for (T& value : in) value = static_cast<T>(random.next());
  for (const TransposeKernel& kernel : kTransposeKernels) {
    if (!isa_supported(kernel.isa)) continue;
    SCOPED_TRACE(kernel.name);
    GuardedBuffer<T> out(size);
    ThreadPool pool(threads);
    permute(kernel, in.data(), out.data(), shape, permutation, sizeof(T), pool);
    ASSERT_TRUE(out.intact());
    check_elements(in, {out.data(), out.data() + size}, shape, permutation);
  }
}

TEST(Transpose, RandomPermutationsOfEveryRankAndSize) {
  Random random(1);
  for (int i = 0; i < 300; ++i) {
    const std::size_t rank = random.below(6);
    std::vector<std::int64_t> shape(rank);
    for (auto& dimension : shape) dimension = 1 + random.below(rank > 3 ? 7 : 40);
    std::vector<std::int64_t> permutation(rank);
    std::iota(permutation.begin(), permutation.end(), 0);
    random.shuffle(std::span(permutation));
    check_permutation<std::uint8_t>(shape, permutation, 1);
    check_permutation<std::uint16_t>(shape, permutation, 2);
    check_permutation<std::uint32_t>(shape, permutation, 2);
    check_permutation<std::uint64_t>(shape, permutation, 1);
  }
}

TEST(Transpose, ThreadsShareLargeWork) {
  check_permutation<std::uint32_t>({2, 65, 1111}, {0, 2, 1}, 2);
  check_permutation<std::uint8_t>({3, 300, 301}, {2, 0, 1}, 3);
}

TEST(Transpose, NothingToMove) {
  ThreadPool pool(1);
  permute(pick(kTransposeKernels, select_isa().value()), nullptr, nullptr,
          std::vector<std::int64_t>{3, 0, 2}, std::vector<std::int64_t>{2, 1, 0}, 4, pool);
}

TEST(Transpose, ChannelsLastAndBack) {
  ThreadPool pool(2);
  for (const std::int64_t channels : {1, 2, 3, 4, 5, 16, 33}) {
    const std::int64_t pixels = 7 * 9;
    std::vector<float> nchw(static_cast<std::size_t>(2 * channels * pixels));
    std::iota(nchw.begin(), nchw.end(), 0.0F);
    std::vector<float> nhwc(nchw.size());
    const std::vector<std::int64_t> swap{0, 2, 1};
    permute(pick(kTransposeKernels, select_isa().value()), nchw.data(), nhwc.data(),
            std::vector<std::int64_t>{2, channels, pixels}, swap, 4, pool);
    for (std::int64_t n = 0; n < 2; ++n) {
      for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t p = 0; p < pixels; ++p) {
          ASSERT_EQ(nhwc[static_cast<std::size_t>((n * pixels + p) * channels + c)],
                    nchw[static_cast<std::size_t>((n * channels + c) * pixels + p)]);
        }
      }
    }
    std::vector<float> back(nchw.size());
    permute(pick(kTransposeKernels, select_isa().value()), nhwc.data(), back.data(),
            std::vector<std::int64_t>{2, pixels, channels}, swap, 4, pool);
    EXPECT_EQ(back, nchw);
  }
}

}  // namespace
}  // namespace lathe::kernels
