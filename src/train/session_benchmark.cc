// Training steps per arithmetic and memory format. Images per second are the items.
#include <benchmark/benchmark.h>
#include <set>
#include <string>

#include "base/cpu.h"
#include "base/random.h"
#include "ir/architectures.h"
#include "train/load_backend.h"

namespace lathe::train {
namespace {

constexpr std::int64_t kBatch = 128;

void train_step(benchmark::State& state, const char* architecture, bool bfloat16,
                bool channels_last, int threads) {
  const auto backend = load_backend();
  if (!backend.ok()) {
    state.SkipWithError(backend.error().message().c_str());
    return;
  }
  const ir::Graph graph =
      ir::make_architecture(architecture,
                            {.channels = 3, .height = 32, .width = 32, .classes = 10, .seed = 1})
          .value();
  const auto session =
      (*backend)
          ->create_session(
              graph, {.bfloat16 = bfloat16, .channels_last = channels_last, .threads = threads})
          .value();
  ir::Tensor inputs = ir::Tensor::zeros(ir::DataType::kFloat32, {kBatch, 3, 32, 32});
  Random random(1);
  for (float& value : inputs.mutable_data<float>()) value = random.uniform(-1, 1);
  const ir::Tensor labels = ir::Tensor::zeros(ir::DataType::kInt64, {kBatch});
  // The first step prepares LibTorch's primitives.
  LATHE_CHECK(session->accumulate(inputs, labels, 1).ok());
  for (auto _ : state) {
    const Status done = session->accumulate(inputs, labels, 1);
    if (!done.ok() || !session->update(1e-3, 0.9).ok()) {
      state.SkipWithError("a step failed");
      return;
    }
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}

void add_benchmarks() {
  for (const char* architecture : {"cnn", "resnet8"}) {
    for (const bool bfloat16 : {false, true}) {
      for (const bool channels_last : {false, true}) {
        for (const int threads : std::set{1, allowed_cores()}) {
          const std::string name =
              fmt::format("{}/{}/{}/threads:{}", architecture, bfloat16 ? "bfloat16" : "float32",
                          channels_last ? "channels-last" : "contiguous", threads);
          benchmark::RegisterBenchmark(name.c_str(), train_step, architecture, bfloat16,
                                       channels_last, threads)
              ->UseRealTime();
        }
      }
    }
  }
}

}  // namespace
}  // namespace lathe::train

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  lathe::train::add_benchmarks();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
