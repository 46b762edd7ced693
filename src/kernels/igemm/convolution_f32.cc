#include "kernels/igemm/convolution_f32.h"

#include "kernels/igemm/driver.h"
#include "kernels/igemm/panel.h"

namespace lathe::kernels {
namespace {

Igemm driver(const ConvolutionF32Problem& problem, const TileKernel& kernel) {
  const auto output = problem.float_output ? ElementType::kFloat32 : problem.storage;
  return {problem.shape, kernel, {}, element_bytes(output)};
}

}  // namespace

double IgemmConvolutionFloat::nanoseconds(const Problem& problem, const Row& row) {
  return driver(problem, row).nanoseconds();
}

std::size_t IgemmConvolutionFloat::packed_bytes(const Problem& problem, const Row& row) {
  return driver(problem, row).packed_bytes();
}

void IgemmConvolutionFloat::pack(const Problem& problem, const Row& row, const Weights& weights,
                                 std::byte* packed, ThreadPool& pool) {
  const Igemm igemm = driver(problem, row);
  const std::int64_t channels = problem.shape.group_in_c();
  const std::int64_t taps = problem.shape.taps();
  const auto bytes = static_cast<std::int64_t>(igemm.packed_bytes());
  igemm.pack(packed, expected_stream_nanoseconds(2 * bytes), pool, [&](const Igemm::Panel& panel) {
    pack_panel(row, panel.half, igemm.weights(panel.columns),
               weights.weights.data() + panel.channel * channels * taps,
               weights.bias.empty() ? nullptr : weights.bias.data() + panel.channel, panel.at);
  });
}

void IgemmConvolutionFloat::pack_matrix(const Problem& problem, const Row& row, const float* matrix,
                                        std::byte* packed, ThreadPool& pool) {
  const Igemm igemm = driver(problem, row);
  const auto bytes = static_cast<std::int64_t>(igemm.packed_bytes());
  igemm.pack(packed, expected_stream_nanoseconds(2 * bytes), pool, [&](const Igemm::Panel& panel) {
    pack_columns(row, panel.half, {panel.columns, problem.shape.in_c, problem.shape.out_c},
                 matrix + panel.channel, panel.at);
  });
}

std::size_t IgemmConvolutionFloat::scratch_bytes(const Problem& problem, const Row& row,
                                                 int threads) {
  return driver(problem, row).scratch_bytes(threads);
}

void IgemmConvolutionFloat::run(const Problem& problem, const Row& row, const Operands& operands) {
  TileArgs args{};
  args.min = problem.clamp.min;
  args.max = problem.clamp.max;
  args.float_output = problem.float_output;
  driver(problem, row)
      .run(args,
           {static_cast<const std::byte*>(operands.inputs[0]),
            problem.residual ? static_cast<const std::byte*>(operands.inputs[1]) : nullptr,
            static_cast<std::byte*>(operands.outputs[0]), operands.weights, operands.scratch},
           operands.pool);
}

}  // namespace lathe::kernels
