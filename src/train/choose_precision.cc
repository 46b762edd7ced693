#include "train/choose_precision.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <spdlog/spdlog.h>

#include "base/file.h"
#include "base/random.h"

namespace lathe::train {
namespace {

// Rounds over all candidates, so that a disturbance in one round does not decide.
constexpr int kRounds = 4;
// A step that takes longer is not repeated: it is long enough to be measured once.
constexpr double kLongStepSeconds = 0.5;
// How much slower than the best a candidate may look after one step and still be measured further.
constexpr double kHopeless = 2;

Result<double> seconds_of_step(Session& session, const ir::Tensor& inputs,
                               const ir::Tensor& labels) {
  const auto start = std::chrono::steady_clock::now();
  RETURN_IF_ERROR(session.accumulate(inputs, labels, /*seed=*/0));
  RETURN_IF_ERROR(session.update(0, 0));
  RETURN_IF_ERROR(session.take_totals());  // waits for the device
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Result<ir::Tensor> random_inputs(const ir::Graph& graph, std::int64_t batch) {
  const ir::Value& input = graph.value(graph.inputs()[0]);
  std::vector<std::int64_t> dims = {batch};
  for (const ir::Dim& dim : std::span(*input.type.shape).subspan(1)) dims.push_back(dim.value());
  ASSIGN_OR_RETURN(ir::Tensor inputs, ir::Tensor::create(ir::DataType::kFloat32, dims));
  Random random(0);
  for (float& value : inputs.mutable_data<float>()) value = random.uniform(-1, 1);
  return inputs;
}

}  // namespace

bool cpu_has_bfloat16() {
  static const bool has = [] {
    const Result<std::string> text = read_file("/proc/cpuinfo");
    if (!text.ok()) return false;
    return text->find(" avx512_bf16") != std::string::npos ||
           text->find(" amx_bf16") != std::string::npos || text->find(" bf16") != std::string::npos;
  }();
  return has;
}

std::vector<Arithmetic> allowed_arithmetic(const ir::Graph& graph, const TrainOptions& options,
                                           const std::string& device) {
  const bool images = graph.value(graph.inputs()[0]).type.has_rank(4);
  const bool hardware = device != "cpu" || cpu_has_bfloat16();
  std::vector<Arithmetic> allowed;
  for (const bool bfloat16 : {false, true}) {
    const Precision precision = bfloat16 ? Precision::kBFloat16 : Precision::kFloat32;
    const bool fits = options.precision == Precision::kAuto ? hardware || !bfloat16
                                                            : options.precision == precision;
    for (const bool channels_last : {false, true}) {
      const MemoryFormat format =
          channels_last ? MemoryFormat::kChannelsLast : MemoryFormat::kContiguous;
      const bool wanted = options.memory_format == MemoryFormat::kAuto
                              ? images || !channels_last
                              : options.memory_format == format;
      if (fits && wanted) allowed.push_back({bfloat16, channels_last});
    }
  }
  return allowed;
}

Result<Arithmetic> choose_arithmetic(Backend& backend, const ir::Graph& graph,
                                     const TrainOptions& options, const SessionOptions& session,
                                     std::int64_t classes) {
  const std::vector<Arithmetic> allowed = allowed_arithmetic(graph, options, session.device);
  if (allowed.size() == 1) return allowed[0];

  ASSIGN_OR_RETURN(const ir::Tensor inputs, random_inputs(graph, options.batch_size));
  ir::Tensor labels = ir::Tensor::zeros(ir::DataType::kInt64, {options.batch_size});
  for (std::int64_t i = 0; i < options.batch_size; ++i) {
    labels.mutable_data<std::int64_t>()[static_cast<std::size_t>(i)] = i % classes;
  }

  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<double> seconds;
  for (const Arithmetic& arithmetic : allowed) {
    SessionOptions candidate = session;
    candidate.bfloat16 = arithmetic.bfloat16;
    candidate.channels_last = arithmetic.channels_last;
    ASSIGN_OR_RETURN(sessions.emplace_back(), backend.create_session(graph, candidate));
    // The first step prepares LibTorch's primitives.
    RETURN_IF_ERROR(seconds_of_step(*sessions.back(), inputs, labels));
    ASSIGN_OR_RETURN(seconds.emplace_back(), seconds_of_step(*sessions.back(), inputs, labels));
  }
  for (int round = 0; round < kRounds; ++round) {
    const double fastest = *std::min_element(seconds.begin(), seconds.end());
    if (fastest > kLongStepSeconds) break;
    for (std::size_t i = 0; i < allowed.size(); ++i) {
      if (seconds[i] > kHopeless * fastest) continue;
      ASSIGN_OR_RETURN(const double measured, seconds_of_step(*sessions[i], inputs, labels));
      seconds[i] = std::min(seconds[i], measured);
    }
  }
  std::size_t best = 0;
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    spdlog::debug("training step, {}, {}: {:.1f} ms", allowed[i].bfloat16 ? "bfloat16" : "float32",
                  allowed[i].channels_last ? "channels-last" : "contiguous", 1e3 * seconds[i]);
    if (seconds[i] * kMeasurementMargin < seconds[best]) best = i;
  }
  return allowed[best];
}

}  // namespace lathe::train
