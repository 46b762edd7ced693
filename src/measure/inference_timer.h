// Times the inferences of one model through one backend, in this process.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "engine/backend.h"
#include "measure/rounds.h"

namespace lathe::measure {

// What is known once a model is loaded and has run for the first time.
struct LoadedModel {
  std::string backend_version;
  std::int64_t batch = 1;  // the first extent of the first input
  int threads = 1;         // of one inference, and
  int streams = 1;         // inferences at a time, as the executable has them
  double load_ms = 0;      // reading the file and compiling it
  double first_ms = 0;     // the first inference
  std::int64_t macs = 0;   // of one batch; 0 where the graph has operators that Lathe lacks
  std::int64_t arena_bytes = 0;
  std::int64_t weight_bytes = 0;
  std::vector<std::string> notes;  // Executable::notes
};
nlohmann::json to_json(const LoadedModel& loaded);
LoadedModel loaded_model_from_json(const nlohmann::json& json);

class InferenceTimer {
 public:
  // Loads, compiles and runs once. `options.threads` and `options.streams` are not 0. A model whose
  // batch the file fixes at another size than `options.batch` is refused, unless that is 1.
  static Result<InferenceTimer> load(const Path& model, const std::string& backend,
                                     const engine::CompileOptions& options, std::uint64_t seed);

  [[nodiscard]] const LoadedModel& loaded() const { return loaded_; }

  // Inferences for about `seconds`, at least one. With one stream one after the other. With
  // several, as many requests (Executable::submit) are in flight at any time, each submitted when
  // an earlier one is answered; a latency is then the time from submitting to the answer. After a
  // pause the first inferences are slower: they are not counted, a tenth of the time and at least
  // one, save where one takes longer than `seconds`.
  Result<Round> measure(double seconds);

  // measure::interpreter_share() of an inference in a context of its own; nothing where the backend
  // cannot tell.
  Result<std::optional<double>> interpreter_share() const;

 private:
  InferenceTimer() = default;
  Status run_once();
  Result<Round> measure_one_by_one(double seconds);
  Result<Round> measure_streams(double seconds);

  LoadedModel loaded_;
  std::shared_ptr<const engine::Executable> executable_;
  std::unique_ptr<engine::Context> context_;  // with one stream
  std::vector<ir::Tensor> inputs_;
  double typical_ms_ = 0;
};

}  // namespace lathe::measure
