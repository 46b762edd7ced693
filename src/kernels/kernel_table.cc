#include <algorithm>
#include <array>
#include <utility>

#include "base/result.h"
#include "kernels/arg_reduce.h"
#include "kernels/cast.h"
#include "kernels/depthwise_f32/depthwise_convolution_f32.h"
#include "kernels/depthwise_int8/depthwise_convolution_int8.h"
#include "kernels/elementwise.h"
#include "kernels/elementwise_f32.h"
#include "kernels/elementwise_int8.h"
#include "kernels/group_norm_f32.h"
#include "kernels/igemm/convolution_f32.h"
#include "kernels/igemm/convolution_int8.h"
#include "kernels/kernel.h"
#include "kernels/layer_norm_f32.h"
#include "kernels/lookup.h"
#include "kernels/mat_mul_f32.h"
#include "kernels/mat_mul_int8.h"
#include "kernels/movement.h"
#include "kernels/pooling_f32.h"
#include "kernels/pooling_int8.h"
#include "kernels/quantize.h"
#include "kernels/reduce.h"
#include "kernels/resample.h"
#include "kernels/softmax_f32.h"
#include "kernels/winograd_f32/winograd_convolution_f32.h"

namespace lathe::kernels {
namespace {

void check_counts(const ConvolutionShape& shape, std::size_t weights, std::size_t bias) {
  const auto out_c = static_cast<std::size_t>(shape.out_c);
  LATHE_CHECK(weights == out_c * static_cast<std::size_t>(shape.group_in_c() * shape.taps()));
  LATHE_CHECK(bias == 0 || bias == out_c);
}

void check_weights(const ConvolutionF32Problem& problem, const WeightsF32& weights) {
  check_counts(problem.shape, weights.weights.size(), weights.bias.size());
}

void check_weights(const ConvolutionInt8Problem& problem, const WeightsInt8& weights) {
  check_counts(problem.shape, weights.weights.size(), weights.bias.size());
  LATHE_CHECK(weights.multipliers.size() == static_cast<std::size_t>(problem.shape.out_c));
}

// A family is a struct with the type of its Problem, the type of its Row and the list kRows of
// them; run(), and what else it has of a Kernel's
// functions, take the row too. name() says how a row is called where it has several names.
template <typename Family, std::size_t index>
struct Bound {
  static constexpr const typename Family::Row& row() { return Family::kRows[index]; }
  static const typename Family::Problem* own(const Problem& problem) {
    return std::get_if<typename Family::Problem>(&problem);
  }

  static bool fits(const Problem& problem) {
    if (own(problem) == nullptr) return false;
    if constexpr (requires { &Family::fits; }) return Family::fits(*own(problem), row());
    return true;
  }
  static double nanoseconds(const Problem& problem) {
    return Family::nanoseconds(*own(problem), row());
  }
  static std::size_t packed_bytes(const Problem& problem) {
    return Family::packed_bytes(*own(problem), row());
  }
  static void pack(const Problem& problem, const Weights& weights, std::byte* packed,
                   ThreadPool& pool) {
    const auto& given = std::get<typename Family::Weights>(weights);
    check_weights(*own(problem), given);
    Family::pack(*own(problem), row(), given, packed, pool);
  }
  static std::size_t scratch_bytes(const Problem& problem, int threads) {
    return Family::scratch_bytes(*own(problem), row(), threads);
  }
  static Status run(const Problem& problem, const Operands& operands) {
    if constexpr (std::is_void_v<decltype(Family::run(*own(problem), row(), operands))>) {
      Family::run(*own(problem), row(), operands);
      return {};
    } else {
      return Family::run(*own(problem), row(), operands);
    }
  }

  static Kernel kernel() {
    Kernel kernel{row().isa, {}, fits, nullptr, nullptr, nullptr, nullptr, run};
    if constexpr (requires { &Family::nanoseconds; }) kernel.nanoseconds = nanoseconds;
    if constexpr (requires { &Family::name; }) {
      kernel.name = Family::name(row());
    } else {
      kernel.name = row().name;
    }
    if constexpr (requires { &Family::pack; }) {
      kernel.packed_bytes = packed_bytes;
      kernel.pack = pack;
    }
    if constexpr (requires { &Family::scratch_bytes; }) kernel.scratch_bytes = scratch_bytes;
    if constexpr (requires { &Family::least_pixels; })
      kernel.least_pixels = Family::least_pixels(row());
    return kernel;
  }
};

template <typename Family, std::size_t... index>
void append_rows(std::vector<Kernel>& table, std::index_sequence<index...>) {
  (table.push_back(Bound<Family, index>::kernel()), ...);
}

template <typename... Family>
std::vector<Kernel> make_table() {
  std::vector<Kernel> table;
  (append_rows<Family>(table, std::make_index_sequence<std::size(Family::kRows)>()), ...);
  return table;
}

}  // namespace

// Where several families take a problem, the better comes first.
std::span<const Kernel> all_kernels() {
  static const std::vector<Kernel> table =
      make_table<DepthwiseConvolutionF32, WinogradConvolutionF32, IgemmConvolutionF32,
                 IgemmConvolutionBF16, DepthwiseConvolutionInt8, IgemmConvolutionInt8,
                 ElementwiseBinaryF32, ElementwiseUnaryF32, MaxPoolingF32, MeanPoolingF32,
                 MaxPoolingInt8, MeanPoolingInt8, ElementwiseAddInt8, ElementwiseMulInt8,
                 QuantizeLinear, DequantizeLinear, SoftmaxF32, Permute, Concat, Cast, Lookup,
                 MatMulF32, MatMulInt8, TakeGrid, InterpolateF32, Elementwise, StridedCopy, Pad,
                 Gather, Reduce, ArgReduce, LayerNormF32, GroupNormF32>();
  return table;
}

std::optional<KernelId> find_kernel(std::string_view name) {
  const auto kernels = all_kernels();
  for (std::size_t i = 0; i < kernels.size(); ++i)
    if (kernels[i].name == name) return static_cast<KernelId>(i);
  return std::nullopt;
}

double expected_nanoseconds(KernelId id, const Problem& problem) {
  const Kernel& kernel = kernel_of(id);
  return kernel.nanoseconds == nullptr ? 0 : kernel.nanoseconds(problem);
}

std::vector<KernelId> candidates(const Problem& problem, Isa isa) {
  struct Candidate {
    KernelId id;
    double nanoseconds;
  };
  std::vector<Candidate> found;
  const auto kernels = all_kernels();
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    const Kernel& kernel = kernels[i];
    if (!isa.has(kernel.isa) || !kernel.fits(problem)) continue;
    const auto id = static_cast<KernelId>(i);
    found.push_back({id, expected_nanoseconds(id, problem)});
  }
  std::stable_sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
    return a.nanoseconds < b.nanoseconds;
  });
  std::vector<KernelId> ids;
  for (const Candidate& candidate : found) ids.push_back(candidate.id);
  return ids;
}

KernelId best_kernel(const Problem& problem, Isa isa) { return candidates(problem, isa).front(); }

}  // namespace lathe::kernels
