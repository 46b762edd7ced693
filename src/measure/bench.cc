#include "measure/bench.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "formats/model_file.h"
#include "measure/isolate.h"
#include "measure/system_info.h"
#include "ops/infer_shapes.h"

namespace lathe::measure {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// One table of names for both directions.
template <typename Visit>
void for_each_field(auto& result, Visit visit) {
  visit("model", result.model);
  visit("backend", result.backend);
  visit("threads", result.threads);
  visit("batch", result.batch);
  visit("runs", result.runs);
  visit("min_ms", result.min_ms);
  visit("p50_ms", result.p50_ms);
  visit("p90_ms", result.p90_ms);
  visit("p99_ms", result.p99_ms);
  visit("mean_ms", result.mean_ms);
  visit("items_per_s", result.items_per_s);
  visit("load_ms", result.load_ms);
  visit("first_ms", result.first_ms);
  visit("macs", result.macs);
  visit("gflops", result.gflops);
  visit("arena_bytes", result.arena_bytes);
  visit("weight_bytes", result.weight_bytes);
  visit("size_bytes", result.size_bytes);
  visit("peak_rss_bytes", result.peak_rss_bytes);
}

BenchResult from_json(const nlohmann::json& json) {
  BenchResult result;
  for_each_field(result, [&](const char* name, auto& field) { json.at(name).get_to(field); });
  return result;
}

}  // namespace

nlohmann::json to_json(const BenchResult& result) {
  nlohmann::json json;
  for_each_field(result, [&](const char* name, const auto& field) { json[name] = field; });
  return json;
}

double quantile(std::vector<double> values, double quantile) {
  LATHE_CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const double at = quantile * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - std::floor(at)) * (values[above] - values[below]);
}

Result<std::vector<ir::Tensor>> random_inputs(std::span<const engine::TensorInfo> infos,
                                              std::uint64_t seed) {
  std::vector<ir::Tensor> inputs;
  Random random(seed);
  for (const engine::TensorInfo& info : infos) {
    ASSIGN_OR_RETURN(ir::Tensor tensor,
                     ir::Tensor::create(info.type.data_type, *ir::known_dims(*info.type.shape)));
    const bool is_byte =
        info.type.data_type == ir::DataType::kInt8 || info.type.data_type == ir::DataType::kUint8;
    if (info.type.data_type == ir::DataType::kFloat32) {
      for (float& v : tensor.mutable_data<float>()) v = random.normal();
    } else if (is_byte) {
      for (std::byte& v : tensor.mutable_bytes()) v = static_cast<std::byte>(random.below(256));
    } else if (info.type.data_type != ir::DataType::kString) {
      const bool real = ir::is_floating_point(info.type.data_type);
      for (std::int64_t i = 0; i < tensor.num_elements(); ++i) {
        tensor.set_double(i, real ? static_cast<double>(random.normal()) : random.below(2));
      }
    }
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

Result<BenchResult> bench_graph(const ir::Graph& graph, const BenchOptions& options) {
  BenchResult result;
  result.backend = options.backend;
  result.threads = options.threads;
  ASSIGN_OR_RETURN(const engine::Backend* backend, engine::find_backend(options.backend));
  const engine::CompileOptions compiling{.threads = options.threads, .batch = options.batch};
  const auto start = Clock::now();
  ASSIGN_OR_RETURN(const auto executable, backend->compile(graph, compiling));
  const auto context = executable->new_context();
  result.load_ms = milliseconds_since(start);
  const auto& input_shape =
      executable->inputs().empty() ? std::nullopt : executable->inputs()[0].type.shape;
  result.batch = input_shape && !input_shape->empty() ? (*input_shape)[0].value() : 1;
  result.arena_bytes = static_cast<std::int64_t>(executable->arena_bytes());
  result.weight_bytes = static_cast<std::int64_t>(executable->weight_bytes());
  ASSIGN_OR_RETURN(const ir::Graph bound, engine::bind_shapes(graph, compiling));
  result.macs = ops::count_macs(bound);

  ASSIGN_OR_RETURN(const std::vector<ir::Tensor> inputs,
                   random_inputs(executable->inputs(), options.seed));
  const auto first = Clock::now();
  RETURN_IF_ERROR(context->run(inputs));
  result.first_ms = milliseconds_since(first);
  for (const auto warm_up = Clock::now(); milliseconds_since(warm_up) < options.seconds * 100;) {
    RETURN_IF_ERROR(context->run(inputs));
  }
  std::vector<double> times;
  const auto measuring = Clock::now();
  while (static_cast<std::int64_t>(times.size()) < options.min_runs ||
         (milliseconds_since(measuring) < options.seconds * 1000 &&
          static_cast<std::int64_t>(times.size()) < options.max_runs)) {
    const auto begin = Clock::now();
    RETURN_IF_ERROR(context->run(inputs));
    times.push_back(milliseconds_since(begin));
  }
  result.runs = static_cast<std::int64_t>(times.size());
  double sum = 0;
  for (const double t : times) sum += t;
  result.mean_ms = sum / static_cast<double>(times.size());
  result.min_ms = quantile(times, 0);
  result.p50_ms = quantile(times, 0.5);
  result.p90_ms = quantile(times, 0.9);
  result.p99_ms = quantile(times, 0.99);
  result.items_per_s = static_cast<double>(result.batch) / result.mean_ms * 1000;
  result.gflops = 2e-6 * static_cast<double>(result.macs) / result.p50_ms;
  return result;
}

Result<BenchResult> bench(const Path& model, const BenchOptions& options) {
  const auto work = [&]() -> Result<nlohmann::json> {
    const auto start = Clock::now();
    ASSIGN_OR_RETURN(const ir::Graph graph, formats::load_model(model));
    const double load_ms = milliseconds_since(start);
    ASSIGN_OR_RETURN(BenchResult result, bench_graph(graph, options).with_context(model.string()));
    result.load_ms += load_ms;
    result.peak_rss_bytes = peak_rss_bytes();
    return to_json(result);
  };
  ASSIGN_OR_RETURN(const nlohmann::json json, run_isolated(work));
  BenchResult result = from_json(json);
  result.model = model.string();
  std::error_code ignored;
  result.size_bytes = static_cast<std::int64_t>(std::filesystem::file_size(model, ignored));
  return result;
}

Result<std::vector<engine::StepProfile>> profile_graph(const ir::Graph& graph,
                                                       const BenchOptions& options,
                                                       std::int64_t runs) {
  ASSIGN_OR_RETURN(const engine::Backend* backend, engine::find_backend(options.backend));
  ASSIGN_OR_RETURN(const auto executable, backend->compile(graph, {.threads = options.threads,
                                                                   .batch = options.batch,
                                                                   .dimensions = {}}));
  const auto context = executable->new_context();
  ASSIGN_OR_RETURN(const std::vector<ir::Tensor> inputs,
                   random_inputs(executable->inputs(), options.seed));
  for (std::int64_t i = 0; i < std::max<std::int64_t>(1, runs / 10); ++i)
    RETURN_IF_ERROR(context->run(inputs));
  context->enable_profiling();
  for (std::int64_t i = 0; i < runs; ++i) RETURN_IF_ERROR(context->run(inputs));
  return context->profile();
}

}  // namespace lathe::measure
