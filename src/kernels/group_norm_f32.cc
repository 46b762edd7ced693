#include "kernels/group_norm_f32.h"

#include <algorithm>

#include "kernels/parallel.h"
#include "kernels/rounding.h"

namespace lathe::kernels {
namespace {

// Two float64 and two float32 of each channel.
std::size_t slot_bytes(const GroupNormF32Problem& problem) {
  return static_cast<std::size_t>(round_up(problem.channels * std::int64_t{2 * (8 + 4)}, 64));
}

}  // namespace

std::size_t GroupNormF32::scratch_bytes(const Problem& problem, const Row&, int threads) {
  return problem.channels_last ? static_cast<std::size_t>(threads) * slot_bytes(problem) : 0;
}

void GroupNormF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  const auto* in = static_cast<const float*>(operands.inputs[0]);
  const auto* scale = static_cast<const float*>(operands.inputs[1]);
  const auto* bias = static_cast<const float*>(operands.inputs[2]);
  auto* out = static_cast<float*>(operands.outputs[0]);
  const std::int64_t width = problem.channels / problem.groups;
  const auto normalize = [&](std::int64_t slot, std::int64_t image, std::int64_t group,
                             std::int64_t groups) {
    const std::int64_t channel = group * width;
    const std::int64_t at = image * problem.channels * problem.pixels +
                            channel * (problem.channels_last ? 1 : problem.pixels);
    GroupNormF32Args args{};
    args.in = in + at;
    args.scale = scale + channel;
    args.bias = bias + channel;
    args.out = out + at;
    args.groups = static_cast<std::size_t>(groups);
    args.group_channels = static_cast<std::size_t>(width);
    args.pixels = static_cast<std::size_t>(problem.pixels);
    args.epsilon = problem.epsilon;
    if (!problem.channels_last) return row.rows(args);
    args.pixel_step = static_cast<std::size_t>(problem.channels);
    auto* const own = static_cast<std::byte*>(operands.scratch) +
                      static_cast<std::size_t>(slot) * slot_bytes(problem);
    args.sums = reinterpret_cast<double*>(own);
    args.lines = reinterpret_cast<float*>(args.sums + 2 * problem.channels);
    row.pixels(args);
  };
  const auto elements = static_cast<double>(problem.batch * problem.channels * problem.pixels);
  parallel_slots(operands.pool, problem.batch * problem.groups, elements,
                 [&](std::int64_t slot, std::int64_t begin, std::int64_t end) {
                   while (begin < end) {
                     const std::int64_t group = begin % problem.groups;
                     const std::int64_t groups = std::min(end - begin, problem.groups - group);
                     normalize(slot, begin / problem.groups, group, groups);
                     begin += groups;
                   }
                 });
}

}  // namespace lathe::kernels
