// The kernels that could compute something, measured side by side.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/plan.h"
#include "kernels/problem.h"

namespace lathe::measure {

struct KernelCandidate {
  std::string kernel;
  double nanoseconds = 0;  // of the fastest run
  double gops = 0;         // 10^9 operations per second, a multiply-add being two; 0 without any
  double peak_share = 0;   // of what the instruction set could do at best; 0 where gops is
  bool picked = false;     // what the engine takes
};

struct KernelComparison {
  kernels::Problem problem;
  std::vector<KernelCandidate> candidates;  // the fastest first
  std::int64_t nodes = 0;                   // of a model that are this problem

  // How many times as long as the fastest the one that is picked takes.
  [[nodiscard]] double pick_ratio() const;
};

struct KernelPeaks {
  double float32_gflops = 0;
  double int8_gops = 0;
  double bf16_gflops = 0;
};
Result<KernelPeaks> measure_kernel_peaks(int threads);

struct KernelComparisonOptions {
  int threads = 1;
  double seconds = 0.2;  // for each problem
  // Leaves out kernels that are expected to take more than so many times as long as the best.
  double most_expected = 8;
};

// Runs the candidates in turns.
Result<KernelComparison> compare_kernels(const kernels::Problem& problem, const KernelPeaks& peaks,
                                         const KernelComparisonOptions& options);

// The different problems of a plan, each with how many steps have it, in the order of the steps.
// Those that one kernel alone takes are left out.
std::vector<KernelComparison> problems_of(const engine::Plan& plan);

nlohmann::json to_json(const KernelComparison& comparison);

// A problem in few words: "conv 3x3 64→128 on 56x56, stride 2".
std::string describe(const kernels::Problem& problem);

}  // namespace lathe::measure
