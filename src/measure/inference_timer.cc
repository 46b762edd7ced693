#include "measure/inference_timer.h"

#include <barrier>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "backends/backends.h"
#include "base/statistics.h"
#include "base/stopwatch.h"
#include "formats/model_file.h"
#include "measure/profile.h"
#include "measure/random_inputs.h"
#include "ops/infer_shapes.h"

namespace lathe::measure {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

Clock::time_point after(double seconds) {
  return Clock::now() +
         std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

template <typename Visit>
void for_each_field(auto& loaded, Visit visit) {
  visit("backend_version", loaded.backend_version);
  visit("batch", loaded.batch);
  visit("threads", loaded.threads);
  visit("streams", loaded.streams);
  visit("load_ms", loaded.load_ms);
  visit("first_ms", loaded.first_ms);
  visit("macs", loaded.macs);
  visit("arena_bytes", loaded.arena_bytes);
  visit("weight_bytes", loaded.weight_bytes);
  visit("notes", loaded.notes);
}

std::int64_t batch_of(const engine::Executable& executable) {
  if (executable.inputs().empty()) return 1;
  const auto& shape = executable.inputs()[0].type.shape;
  return shape && !shape->empty() ? (*shape)[0].value() : 1;
}

std::int64_t macs_of(const ir::Graph& graph, const engine::CompileOptions& options) {
  if (!graph.opsets.empty()) return 0;
  const auto bound = engine::bind_shapes(graph, options);
  return bound.ok() ? ops::count_macs(*bound).value_or(0) : 0;
}

}  // namespace

nlohmann::json to_json(const LoadedModel& loaded) {
  nlohmann::json json;
  for_each_field(loaded, [&](const char* name, const auto& field) { json[name] = field; });
  return json;
}

LoadedModel loaded_model_from_json(const nlohmann::json& json) {
  LoadedModel loaded;
  for_each_field(loaded, [&](const char* name, auto& field) { json.at(name).get_to(field); });
  return loaded;
}

Result<InferenceTimer> InferenceTimer::load(const Path& model, const std::string& backend_name,
                                            const engine::CompileOptions& options,
                                            std::uint64_t seed) {
  InferenceTimer timer;
  LoadedModel& loaded = timer.loaded_;
  ASSIGN_OR_RETURN(const engine::Backend* backend, engine::find_backend(backend_name));
  if (auto state = backend->available(); !state.available)
    return Error(ErrorCode::kUnavailable, std::move(state.reason));
  const Stopwatch reading;
  ASSIGN_OR_RETURN(ir::Graph graph, formats::load_model(model, formats::UnknownOperators::kKeep));
  const double read_ms = reading.milliseconds();
  loaded.macs = macs_of(graph, options);
  const Stopwatch compiling;
  ASSIGN_OR_RETURN(timer.executable_, backend->compile(std::move(graph), options));
  if (options.streams <= 1) timer.context_ = timer.executable_->new_context();
  loaded.load_ms = read_ms + compiling.milliseconds();
  loaded.batch = batch_of(*timer.executable_);
  if (options.batch != 1 && loaded.batch != options.batch) {
    return invalid_argument(
        "the batch is fixed at {} (by the model, --shape or --dim), it cannot "
        "be measured at {}",
        loaded.batch, options.batch);
  }
  ASSIGN_OR_RETURN(timer.inputs_, random_inputs(timer.executable_->inputs(), seed));
  const Stopwatch first;
  RETURN_IF_ERROR(timer.run_once());
  loaded.first_ms = first.milliseconds();
  timer.typical_ms_ = loaded.first_ms;

  loaded.backend_version = backend->version();
  loaded.threads = timer.executable_->threads();
  loaded.streams = timer.executable_->streams();
  loaded.arena_bytes = static_cast<std::int64_t>(timer.executable_->arena_bytes());
  loaded.weight_bytes = static_cast<std::int64_t>(timer.executable_->weight_bytes());
  loaded.notes = timer.executable_->notes();
  return timer;
}

Status InferenceTimer::run_once() {
  if (context_ != nullptr) {
    RETURN_IF_ERROR(context_->run(inputs_));
  } else {
    RETURN_IF_ERROR(executable_->submit(inputs_).get());
  }
  return {};
}

Result<Round> InferenceTimer::measure(double seconds) {
  if (typical_ms_ < seconds * 1000) {
    const auto end = after(seconds / 10);
    do {
      RETURN_IF_ERROR(run_once());
    } while (Clock::now() < end);
  }
  auto round = context_ != nullptr ? measure_one_by_one(seconds) : measure_streams(seconds);
  if (round.ok()) typical_ms_ = quantile(round->latencies_ms, 0.5);
  return round;
}

Result<std::optional<double>> InferenceTimer::interpreter_share() const {
  constexpr double kShort = 100;  // ms
  const auto context = executable_->new_context();
  if (!context->enable_profiling()) return std::optional<double>();
  RETURN_IF_ERROR(context->run(inputs_));
  if (typical_ms_ < kShort) {  // the first run also gets memory
    context->enable_profiling();
    RETURN_IF_ERROR(context->run(inputs_));
  }
  return measure::interpreter_share(context->profile());
}

Result<Round> InferenceTimer::measure_one_by_one(double seconds) {
  Round round;
  round.latencies_ms.reserve(static_cast<std::size_t>(seconds * 1000 / typical_ms_) + 16);
  const auto begin = Clock::now();
  const auto end = after(seconds);
  auto now = begin;
  do {
    RETURN_IF_ERROR(context_->run(inputs_));
    const auto done = Clock::now();
    round.latencies_ms.push_back(milliseconds(done - now));
    now = done;
  } while (now < end);
  round.wall_ms = milliseconds(now - begin);
  return round;
}

Result<Round> InferenceTimer::measure_streams(double seconds) {
  struct Client {
    std::vector<double> latencies_ms;
    Clock::time_point end;
    std::optional<Error> failed;
  };
  std::vector<Client> clients(static_cast<std::size_t>(executable_->streams()));
  Clock::time_point begin;
  std::barrier start(static_cast<std::ptrdiff_t>(clients.size()),
                     [&begin]() noexcept { begin = Clock::now(); });
  const auto work = [&](Client& client) {
    start.arrive_and_wait();
    auto now = begin;
    do {
      const auto outputs = executable_->submit(inputs_).get();
      if (!outputs.ok()) {
        client.failed = outputs.error();
        return;
      }
      client.end = Clock::now();
      client.latencies_ms.push_back(milliseconds(client.end - now));
      now = client.end;
    } while (milliseconds(now - begin) < seconds * 1000);
  };
  {
    std::vector<std::jthread> threads;
    threads.reserve(clients.size());
    for (Client& client : clients) threads.emplace_back([&] { work(client); });
  }
  Round round;
  for (const Client& client : clients) {
    if (client.failed) return *client.failed;
    round.latencies_ms.insert(round.latencies_ms.end(), client.latencies_ms.begin(),
                              client.latencies_ms.end());
    round.wall_ms = std::max(round.wall_ms, milliseconds(client.end - begin));
  }
  return round;
}

}  // namespace lathe::measure
