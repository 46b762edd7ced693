#include "train/run_description.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/json_text.h"
#include "base/random.h"
#include "data/subset.h"
#include "ir/print.h"

namespace lathe::train {
namespace {

// Tells graphs apart, by structure and by weights.
std::string graph_hash(const ir::Graph& graph) {
  std::uint64_t hash = data::stable_hash(ir::to_text(graph));
  for (std::size_t i = 0; i < graph.value_count(); ++i) {
    const ir::Tensor* constant = graph.constant(static_cast<ir::ValueId>(i));
    if (constant == nullptr || constant->data_type() == ir::DataType::kString) continue;
    const std::span<const std::byte> bytes = constant->bytes();
    hash = mix_seed(hash,
                    data::stable_hash({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  }
  return fmt::format("{:016x}", hash);
}

// A rate that depends on the length of the whole run.
bool schedule_needs_length(const TrainOptions& options) {
  return options.schedule == Schedule::kCosine || options.schedule == Schedule::kOneCycle ||
         options.warmup > 0;
}

// What is no option of TrainOptions, the reasons before what follows from them: a difference in
// data makes one in preprocessing and in the graph.
struct Other {
  std::string_view key;
  std::string_view difference;  // of {then} and {now}
};
constexpr Other kOthers[] = {
    {"training data", "--data was {then}, is {now}"},
    {"training samples", "there were {then} training samples, are {now}; see --limit and --data"},
    {"validation samples",
     "there were {then} held-out samples, are {now}; see --validation-share and --limit"},
    {"precision", "--precision was {then}, is {now}"},
    {"memory_format", "--memory-format was {then}, is {now}"},
    {"device", "--device was {then}, is {now}"},
    {"threads", "--threads was {then}, is {now}"},
    {"preprocess", "the preprocessing was {then}, is {now}; see --preprocess and --size"},
    {"graph", "the model that training starts from is another one; see MODEL, --arch and --seed"},
};

Status check_same(const nlohmann::json& then, const nlohmann::json& now, const std::string& key,
                  std::string_view difference) {
  const auto value = now.find(key);
  if (value == now.end()) return {};
  const auto old = then.find(key);
  if (old == then.end()) return invalid_argument("it does not say what {} was", flag_of(key));
  // As a checkpoint keeps them: names of files may be no UTF-8.
  const std::string then_text = json_text(*old);
  const std::string now_text = json_text(*value);
  if (then_text == now_text) return {};
  return invalid_argument(fmt::runtime(difference), fmt::arg("then", then_text),
                          fmt::arg("now", now_text));
}

}  // namespace

nlohmann::json describe_run(const TrainOptions& options, const ir::Graph& graph,
                            const data::Dataset& training, const data::Dataset* validation,
                            const data::Preprocess* preprocess) {
  nlohmann::json run = to_json(options);
  run["graph"] = graph_hash(graph);
  run["training data"] = training.name();
  run["training samples"] = training.size();
  run["validation samples"] = validation == nullptr ? 0 : validation->size();
  run["precision"] = to_string(options.precision);
  run["memory_format"] = to_string(options.memory_format);
  run["device"] = options.device;
  run["threads"] = options.threads;
  if (preprocess != nullptr) run["preprocess"] = data::to_json(*preprocess);
  return run;
}

Status adopt_choices(const nlohmann::json& run, TrainOptions& options) {
  const auto text = [&](const char* key) { return run.value(key, std::string()); };
  if (options.precision == Precision::kAuto) {
    ASSIGN_OR_RETURN(options.precision, parse_precision(text("precision")));
  }
  if (options.memory_format == MemoryFormat::kAuto) {
    ASSIGN_OR_RETURN(options.memory_format, parse_memory_format(text("memory_format")));
  }
  if (options.device == "auto") options.device = text("device");
  if (options.threads == 0) options.threads = run.value("threads", 0);
  return {};
}

Status check_same_run(const nlohmann::json& then, const nlohmann::json& now) {
  const nlohmann::json options = to_json(TrainOptions{});
  for (const auto& [key, usual] : options.items()) {
    if (key == "epochs") continue;
    RETURN_IF_ERROR(
        check_same(then, now, key, fmt::format("{} was {{then}}, is {{now}}", flag_of(key))));
  }
  for (const Other& other : kOthers) {
    RETURN_IF_ERROR(check_same(then, now, std::string(other.key), other.difference));
  }
  return {};
}

std::string remark_on_length(const nlohmann::json& then, const TrainOptions& now,
                             std::int64_t done) {
  const auto epochs = then.find("epochs");
  if (epochs == then.end() || *epochs == now.epochs || done >= now.epochs ||
      !schedule_needs_length(now)) {
    return {};
  }
  return fmt::format(
      "--epochs was {}, is {}: the rates of the epochs that are done were those of the {} schedule "
      "over {}, the rest follows that over {}",
      json_text(*epochs), now.epochs, to_string(now.schedule), json_text(*epochs), now.epochs);
}

}  // namespace lathe::train
