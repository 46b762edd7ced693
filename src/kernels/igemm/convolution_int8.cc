#include "kernels/igemm/convolution_int8.h"

#include "kernels/igemm/driver.h"
#include "kernels/igemm/panel.h"

namespace lathe::kernels {
namespace {

// Kernels read unsigned inputs.
Igemm driver(const ConvolutionInt8Problem& problem, const TileKernel& kernel) {
  const InputForm form{problem.input.flip(),
                       static_cast<std::uint8_t>(problem.input.unsigned_zero_point())};
  return {problem.shape, kernel, form,
          problem.float_output ? std::int64_t{sizeof(float)} : std::int64_t{1}};
}

// Products with packed weights whose signed form still has a zero point.
void multiply(const ConvolutionInt8Problem& problem, const TileKernel& kernel,
              const Operands& operands, std::int32_t weight_zero_point) {
  TileArgs args{};
  args.float_output = problem.float_output;
  if (!args.float_output)
    args.requantize = requantize_args(problem.output, problem.min, problem.max);
  driver(problem, kernel)
      .run(args,
           {static_cast<const std::byte*>(operands.inputs[0]), nullptr,
            static_cast<std::byte*>(operands.outputs[0]), operands.weights, operands.scratch},
           operands.pool, {problem.input.unsigned_zero_point(), weight_zero_point});
}

}  // namespace

double IgemmConvolutionInt8::nanoseconds(const Problem& problem, const Row& row) {
  return driver(problem, row).nanoseconds();
}

std::size_t IgemmConvolutionInt8::packed_bytes(const Problem& problem, const Row& row) {
  return driver(problem, row).packed_bytes();
}

void IgemmConvolutionInt8::pack(const Problem& problem, const Row& row, const Weights& weights,
                                std::byte* packed, ThreadPool& pool) {
  const Igemm igemm = driver(problem, row);
  const std::int64_t channels = problem.shape.group_in_c();
  const std::int64_t taps = problem.shape.taps();
  const double cost = expected_mac_nanoseconds(problem.shape.out_c * taps * channels, Isa::kScalar);
  igemm.pack(packed, cost, pool, [&](const Igemm::Panel& panel) {
    pack_panel(row, panel.half, igemm.weights(panel.columns),
               weights.weights.data() + panel.channel * channels * taps,
               weights.bias.empty() ? nullptr : weights.bias.data() + panel.channel,
               weights.multipliers.data() + panel.channel, problem.input.unsigned_zero_point(),
               panel.at);
  });
}

std::size_t IgemmConvolutionInt8::scratch_bytes(const Problem& problem, const Row& row,
                                                int threads) {
  return driver(problem, row).scratch_bytes(threads);
}

void IgemmConvolutionInt8::run(const Problem& problem, const Row& row, const Operands& operands) {
  multiply(problem, row, operands, 0);
}

void IgemmConvolutionInt8::pack_matrix(const Problem& problem, const Row& row,
                                       const std::uint8_t* matrix, QuantizedActivation matrix_type,
                                       float multiplier, std::byte* packed, ThreadPool& pool) {
  const ConvolutionShape& shape = problem.shape;
  // Signed bytes are the kernels' form of weights.
  const std::uint8_t flip = matrix_type.flip() ^ 0x80U;
  driver(problem, row)
      .pack(packed, expected_stream_nanoseconds(8 * shape.in_c * shape.out_c), pool,
            [&](const Igemm::Panel& panel) {
              pack_columns(row, panel.half, {panel.columns, shape.in_c, shape.out_c},
                           matrix + panel.channel, flip, multiplier,
                           problem.input.unsigned_zero_point(), panel.at);
            });
}

void IgemmConvolutionInt8::run_matrix(const Problem& problem, const Row& row,
                                      QuantizedActivation matrix_type, const Operands& operands) {
  multiply(problem, row, operands, matrix_type.unsigned_zero_point() - 128);
}

}  // namespace lathe::kernels
