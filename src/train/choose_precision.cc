#include "train/choose_precision.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>

#include "base/cpu_features.h"
#include "base/random.h"
#include "train/fastest.h"

namespace lathe::train {
namespace {

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
  for (const ir::Dim& dim : std::span(*input.type.tensor().shape).subspan(1))
    dims.push_back(dim.value());
  ASSIGN_OR_RETURN(ir::Tensor inputs, ir::Tensor::create(ir::DataType::kFloat32, dims));
  Random random(0);
  for (float& value : inputs.mutable_data<float>()) value = random.uniform(-1, 1);
  return inputs;
}

}  // namespace

Precision precision_of(const Arithmetic& arithmetic) {
  return arithmetic.bfloat16 ? Precision::kBFloat16 : Precision::kFloat32;
}

MemoryFormat memory_format_of(const Arithmetic& arithmetic) {
  return arithmetic.channels_last ? MemoryFormat::kChannelsLast : MemoryFormat::kContiguous;
}

bool cpu_has_bfloat16() {
  return has_cpu_feature("avx512bf16") || has_cpu_feature("amx-bf16") || has_cpu_feature("bf16");
}

std::vector<Arithmetic> allowed_arithmetic(const ir::Graph& graph, const TrainOptions& options,
                                           const std::string& device) {
  const bool images = graph.tensor_type(graph.inputs()[0]).has_rank(4);
  const bool hardware = device != "cpu" || cpu_has_bfloat16();
  std::vector<Arithmetic> allowed;
  for (const bool bfloat16 : {false, true}) {
    for (const bool channels_last : {false, true}) {
      const Arithmetic candidate{bfloat16, channels_last};
      const bool fits = options.precision == Precision::kAuto
                            ? hardware || !bfloat16
                            : options.precision == precision_of(candidate);
      const bool wanted = options.memory_format == MemoryFormat::kAuto
                              ? images || !channels_last
                              : options.memory_format == memory_format_of(candidate);
      if (fits && wanted) allowed.push_back(candidate);
    }
  }
  return allowed;
}

Result<ArithmeticChoice> choose_arithmetic(Backend& backend, const ir::Graph& graph,
                                           const TrainOptions& options,
                                           const SessionOptions& session, std::int64_t classes,
                                           const std::function<bool()>& stop_requested) {
  const std::vector<Arithmetic> allowed = allowed_arithmetic(graph, options, session.device);
  if (allowed.size() == 1) return ArithmeticChoice{allowed[0]};

  ASSIGN_OR_RETURN(const ir::Tensor inputs, random_inputs(graph, options.batch_size));
  ir::Tensor labels = ir::Tensor::zeros(ir::DataType::kInt64, {options.batch_size});
  for (std::int64_t i = 0; i < options.batch_size; ++i) {
    labels.mutable_data<std::int64_t>()[static_cast<std::size_t>(i)] = i % classes;
  }

  std::vector<std::unique_ptr<Session>> sessions(allowed.size());
  const auto work = [&](std::size_t way, std::int64_t count) -> Result<double> {
    if (sessions[way] == nullptr) {
      SessionOptions candidate = session;
      candidate.bfloat16 = allowed[way].bfloat16;
      candidate.channels_last = allowed[way].channels_last;
      ASSIGN_OR_RETURN(sessions[way], backend.create_session(graph, candidate));
      // The first step prepares LibTorch's primitives, which in a long one is not seen.
      ASSIGN_OR_RETURN(const double first, seconds_of_step(*sessions[way], inputs, labels));
      if (count == 1 && first >= kLongSeconds) return first;
    }
    double seconds = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(const double step, seconds_of_step(*sessions[way], inputs, labels));
      seconds += step;
    }
    return seconds;
  };
  ASSIGN_OR_RETURN(const Fastest fastest, find_fastest(allowed.size(), work, stop_requested));

  ArithmeticChoice choice{allowed[fastest.way]};
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    choice.measured.push_back(
        {.precision = std::string(to_string(precision_of(allowed[i]))),
         .memory_format = std::string(to_string(memory_format_of(allowed[i]))),
         .images_per_s = static_cast<double>(options.batch_size) / fastest.seconds[i]});
  }
  std::stable_sort(choice.measured.begin(), choice.measured.end(),
                   [](const auto& a, const auto& b) { return a.images_per_s > b.images_per_s; });
  return choice;
}

std::string describe_measured(std::span<const MeasuredArithmetic> measured) {
  std::string text;
  for (const MeasuredArithmetic& m : measured) {
    text += fmt::format("{}{}, {}: {:.0f} images/s", text.empty() ? "" : "; ", m.precision,
                        m.memory_format, m.images_per_s);
  }
  return text;
}

}  // namespace lathe::train
