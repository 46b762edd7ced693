// A profile with everything in it, for tests.
#pragma once

#include "report/profile_page.h"

namespace lathe::report {

inline measure::ProfiledStep test_step(const std::string& name, const std::string& op_type,
                                       double ms, double macs, double bytes) {
  measure::ProfiledStep step;
  step.step.name = name;
  step.step.op_type = op_type;
  step.step.kernel = "igemm_f32_12x32_avx512";
  step.step.macs = static_cast<std::int64_t>(macs);
  step.step.bytes = static_cast<std::int64_t>(bytes);
  step.step.multiplies = macs > 0 ? ir::DataType::kFloat32 : ir::DataType::kUndefined;
  step.step.runs = 100;
  step.runs = 1;
  step.work = {.ms = ms, .macs = macs, .bytes = bytes};
  step.min_ms = ms * 0.9;
  step.mean_ms = ms * 1.1;
  return step;
}

// Three nodes in two layers, one of them int8 and one in the reference evaluator.
inline ProfilePage test_profile_page() {
  ProfilePage page;
  page.title = {"net.onnx", "native"};
  page.command = "lathe profile net.onnx --html profile.html";
  page.generated_at = "2026-11-21 10:14 UTC";
  page.system = {{"Processor", "AMD EPYC 9B45"}};
  measure::ModelProfile& profile = page.profile;
  profile.backend_version = "0.1.0";
  profile.inferences = 100;
  profile.min_ms = 9.5;
  profile.p50_ms = 10;
  profile.mean_ms = 10.5;
  profile.outside_ms = 0.5;
  profile.steps = {test_step("block/conv", "Conv+Relu", 6, 5e8, 4e6),
                   test_step("block/quantized", "Conv", 1.5, 4e8, 1e6),
                   test_step("tail/nms", "NonMaxSuppression", 2, 0, 2e4)};
  profile.steps[1].step.multiplies = ir::DataType::kInt8;
  profile.steps[2].step.kernel = "reference";
  profile.steps[2].step.missing = "its shapes depend on values";
  profile.steps[2].work.interpreter_ms = 2;
  profile.total.ms = 0.5;
  profile.total.share = 0.05;
  for (measure::ProfiledStep& step : profile.steps) {
    step.layer = step.step.name.substr(0, step.step.name.find('/'));
    step.work.share = step.work.ms / 10;
    profile.total += step.work;
    profile.operators.push_back({step.step.op_type, 1, step.work});
  }
  profile.layers = {{"block", 2, profile.steps[0].work}, {"tail", 1, profile.steps[2].work}};
  profile.layers[0].work += profile.steps[1].work;
  profile.layer_rule = {'/', 1, {"block", "block", "tail"}};
  using engine::StepRun;
  profile.trace = {{StepRun::kWholeRun, 1000, 11'000'123},
                   {0, 2000, 6'000'000},
                   {1, 6'000'000, 7'500'000},
                   {2, 7'500'000, 11'000'000}};
  profile.notes = {"1 node is evaluated one by one"};
  return page;
}

// The same with the peaks of a machine.
inline ProfilePage test_roofline_page() {
  ProfilePage page = test_profile_page();
  page.profile.roofline =
      measure::Roofline{.threads = 1,
                        .float32_gflops = 200,
                        .int8_gops = 4000,
                        .int8_instructions = "AMX",
                        .int8_vector_gops = 800,
                        .bf16_gflops = 1500,
                        .levels = {{"L1", 48 << 10, 400}, {"memory", 400'000'000, 10}}};
  const double attainable[] = {5, 0.2, 0.002};
  for (std::size_t i = 0; i < 3; ++i) {
    page.profile.steps[i].work.attainable_ms = attainable[i];
    page.profile.steps[i].bound = i == 2 ? measure::Bound::kMemory : measure::Bound::kCompute;
    page.profile.total.attainable_ms += attainable[i];
  }
  return page;
}

}  // namespace lathe::report
