#include "measure/kernel_comparison.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/cpu.h"
#include "engine/plan_json.h"
#include "engine/slow_steps.h"
#include "kernels/kernel.h"
#include "kernels/peak.h"
#include "kernels/problem_fields.h"
#include "kernels/time_kernels.h"

namespace lathe::measure {
namespace {

using kernels::KernelId;
using kernels::Problem;

bool is_bf16(const Problem& problem) {
  const auto* own = std::get_if<kernels::ConvolutionF32Problem>(&problem);
  return own != nullptr && own->storage == kernels::ElementType::kBFloat16;
}

double peak_of(const Problem& problem, const KernelPeaks& peaks) {
  const bool bytes = std::holds_alternative<kernels::ConvolutionInt8Problem>(problem) ||
                     std::holds_alternative<kernels::MatMulInt8Problem>(problem);
  return bytes ? peaks.int8_gops : is_bf16(problem) ? peaks.bf16_gflops : peaks.float32_gflops;
}

std::string pair_text(std::int64_t a, std::int64_t b) {
  return a == b ? fmt::format("{}", a) : fmt::format("{}x{}", a, b);
}

std::string describe_shape(const kernels::ConvolutionShape& s) {
  std::string text;
  if (s.is_pointwise() && s.in_h == 1 && s.in_w == 1) {
    text = fmt::format("dense {}→{}", s.in_c, s.out_c);
  } else {
    text = fmt::format("{} {}x{} {}→{} on {}x{}", s.is_depthwise() ? "depthwise" : "conv",
                       s.kernel_h, s.kernel_w, s.in_c, s.out_c, s.in_h, s.in_w);
  }
  if (s.batch > 1) text += fmt::format(", batch {}", s.batch);
  if (s.stride_h > 1 || s.stride_w > 1)
    text += fmt::format(", stride {}", pair_text(s.stride_h, s.stride_w));
  if (s.dilation_h > 1 || s.dilation_w > 1)
    text += fmt::format(", dilation {}", pair_text(s.dilation_h, s.dilation_w));
  if (s.groups > 1 && !s.is_depthwise()) text += fmt::format(", groups {}", s.groups);
  return text;
}

}  // namespace

double KernelComparison::pick_ratio() const {
  const auto picked = std::find_if(candidates.begin(), candidates.end(),
                                   [](const KernelCandidate& c) { return c.picked; });
  return picked == candidates.end() ? 1 : picked->nanoseconds / candidates.front().nanoseconds;
}

Result<KernelPeaks> measure_kernel_peaks(int threads) {
  constexpr double kSeconds = 0.2;
  ASSIGN_OR_RETURN(const Isa isa, select_isa());
  KernelPeaks peaks{kernels::measure_fma_peak_gflops(isa, kSeconds, threads),
                    kernels::measure_int8_peak_gops(isa, kSeconds, threads),
                    kernels::measure_bf16_peak_gflops(isa, kSeconds, threads)};
  if (isa.has(Isa::kAmx)) {
    ASSIGN_OR_RETURN(peaks.int8_gops, kernels::measure_amx_int8_peak_gops(kSeconds, threads));
  }
  return peaks;
}

Result<KernelComparison> compare_kernels(const Problem& problem, const KernelPeaks& peaks,
                                         const KernelComparisonOptions& options) {
  ASSIGN_OR_RETURN(const Isa isa, select_isa());
  std::vector<KernelId> tried = kernels::candidates(problem, isa);
  const KernelId picked = tried.front();
  const double least = kernels::expected_nanoseconds(picked, problem);
  std::erase_if(tried, [&](KernelId id) {
    return id != picked && least > 0 &&
           kernels::expected_nanoseconds(id, problem) > options.most_expected * least;
  });
  ASSIGN_OR_RETURN(const auto times,
                   kernels::time_kernels(problem, tried, options.threads, options.seconds));
  KernelComparison comparison{problem, {}, 0};
  const double operations = 2 * static_cast<double>(kernels::macs(problem));
  const double peak = peak_of(problem, peaks);
  for (const kernels::KernelTime& time : times) {
    KernelCandidate candidate;
    candidate.kernel = kernels::kernel_of(time.kernel).name;
    candidate.nanoseconds = time.nanoseconds;
    candidate.gops = operations / time.nanoseconds;
    candidate.peak_share = peak > 0 ? candidate.gops / peak : 0;
    candidate.picked = time.kernel == picked;
    comparison.candidates.push_back(std::move(candidate));
  }
  std::stable_sort(comparison.candidates.begin(), comparison.candidates.end(),
                   [](const KernelCandidate& a, const KernelCandidate& b) {
                     return a.nanoseconds < b.nanoseconds;
                   });
  return comparison;
}

std::vector<KernelComparison> problems_of(const engine::Plan& plan) {
  std::vector<KernelComparison> problems;
  const auto isa = select_isa();
  for (const engine::Step& step : plan.steps) {
    if (engine::is_slow(step) || !isa.ok()) continue;
    const auto known =
        std::find_if(problems.begin(), problems.end(),
                     [&](const KernelComparison& p) { return p.problem == step.problem; });
    if (known != problems.end()) {
      ++known->nodes;
    } else if (kernels::candidates(step.problem, *isa).size() > 1) {
      problems.push_back({.problem = step.problem, .candidates = {}, .nodes = 1});
    }
  }
  return problems;
}

nlohmann::json to_json(const KernelComparison& comparison) {
  nlohmann::json json{{"problem", engine::problem_to_json(comparison.problem)},
                      {"description", describe(comparison.problem)},
                      {"macs", kernels::macs(comparison.problem)},
                      {"pick_ratio", comparison.pick_ratio()},
                      {"candidates", nlohmann::json::array()}};
  if (comparison.nodes > 0) json["nodes"] = comparison.nodes;
  for (const KernelCandidate& candidate : comparison.candidates) {
    json["candidates"].push_back({{"kernel", candidate.kernel},
                                  {"ms", candidate.nanoseconds * 1e-6},
                                  {"gops", candidate.gops},
                                  {"peak_share", candidate.peak_share},
                                  {"picked", candidate.picked}});
  }
  return json;
}

std::string describe(const Problem& problem) {
  if (const auto* f32 = std::get_if<kernels::ConvolutionF32Problem>(&problem))
    return (is_bf16(problem) ? "bf16 " : "") + describe_shape(f32->shape);
  if (const auto* int8 = std::get_if<kernels::ConvolutionInt8Problem>(&problem))
    return "int8 " + describe_shape(int8->shape);
  if (const auto* f32 = std::get_if<kernels::MatMulF32Problem>(&problem))
    return fmt::format("matmul {}x{}x{}", f32->rows, f32->inner, f32->columns);
  if (const auto* int8 = std::get_if<kernels::MatMulInt8Problem>(&problem))
    return fmt::format("int8 matmul {}x{}x{}", int8->rows, int8->inner, int8->columns);
  return std::string(kernels::kProblemNames[problem.index()]);
}

}  // namespace lathe::measure
