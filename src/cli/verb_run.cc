#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "backends/backends.h"
#include "base/near_path.h"
#include "base/words.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/output_files.h"
#include "cli/predictions.h"
#include "cli/tensor_inputs.h"
#include "cli/verb.h"
#include "data/decode_image.h"
#include "data/image_listing.h"
#include "data/match_classes.h"
#include "data/npy.h"
#include "engine/backend.h"
#include "formats/model_file.h"
#include "measure/profile.h"
#include "report/text_table.h"
#include "report/utf8.h"

namespace lathe::cli {
namespace {

struct Call {
  std::string model;
  std::vector<std::string> inputs;
  std::string out;
  std::size_t top = 3;
  bool top_given = false;
  DataOptions data;
  BackendOptions backend;
  OutputFiles files;
  OutputOptions output;
};

void print_interpreter_share(std::optional<double> share, bool quiet) {
  const std::string note = measure::describe_interpreter_share(share);
  if (!note.empty()) print_notes(std::span(&note, 1), quiet);
}

bool is_npy(const std::string& argument) { return extension_of(argument) == ".npy"; }

Status write_tensors(const std::string& path, const std::vector<ir::Tensor>& outputs,
                     std::span<const engine::TensorInfo> infos) {
  if (path.empty()) return {};
  if (is_npy(path)) return data::write_npy(path, outputs[0]);
  std::map<std::string, ir::Tensor> named;
  for (std::size_t i = 0; i < outputs.size(); ++i) named[infos[i].name] = outputs[i];
  return data::write_npz(path, named);
}

nlohmann::json json_of(std::optional<double> share) {
  return share ? nlohmann::json(*share) : nlohmann::json();
}

// A number or a string; null for what is neither.
nlohmann::json element_of(const ir::Tensor& tensor, std::int64_t i) {
  if (tensor.data_type() == ir::DataType::kString)
    return tensor.data<std::string>()[static_cast<std::size_t>(i)];
  return ir::is_numeric(tensor.data_type()) ? nlohmann::json(tensor.get_double(i))
                                            : nlohmann::json();
}

std::string text_of(const nlohmann::json& element) {
  if (element.is_string())
    return fmt::format("'{}'", report::visible(element.get_ref<const std::string&>()));
  return element.is_number() ? fmt::format("{:.6g}", element.get<double>()) : "?";
}

void print_tensors(const Call& call, const std::vector<ir::Tensor>& outputs,
                   const engine::Executable& executable, std::optional<double> interpreter_share) {
  const std::span<const engine::TensorInfo> infos = executable.outputs();
  constexpr std::int64_t kShown = 10;
  nlohmann::json list = nlohmann::json::array();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    nlohmann::json values = nlohmann::json::array();
    std::string text;
    for (std::int64_t k = 0; k < std::min(kShown, outputs[i].num_elements()); ++k) {
      values.push_back(element_of(outputs[i], k));
      text += " " + text_of(values.back());
    }
    const std::string& name = infos[i].name;
    list.push_back(
        {{"name", name}, {"type", outputs[i].type().to_string()}, {"first_values", values}});
    if (call.output.json) continue;
    call.files.print(fmt::format("{}  {} {}{}\n", name, outputs[i].type().to_string(), text,
                                 outputs[i].num_elements() > kShown ? " ..." : ""));
  }
  if (call.output.json) {
    print_json({{"model", call.model},
                {"outputs", list},
                {"interpreter_share", json_of(interpreter_share)},
                {"notes", executable.notes()}});
  }
}

Status run_tensors(Call& call, ir::Graph graph) {
  constexpr const char* kWhere = ".npy inputs, which reach the model as they are";
  RETURN_IF_ERROR(call.data.refuse({"--split", "--limit", "--preprocess", "--strict"}, kWhere));
  if (call.top_given) return invalid_argument("--top has no effect on {}", kWhere);
  for (const std::string& input : call.inputs) {
    call.files.reads("INPUT", input.substr(input.find('=') + 1));
  }
  const bool one_output = graph.outputs().size() == 1;
  call.files.writes(
      "-o", call.out,
      one_output ? std::vector<std::string>{".npy", ".npz"} : std::vector<std::string>{".npz"});
  RETURN_IF_ERROR(call.files.check(call.output));
  ASSIGN_OR_RETURN(engine::CompileOptions options, call.backend.compile.parse());
  ASSIGN_OR_RETURN(const std::vector<ir::Tensor> inputs, read_tensor_inputs(call.inputs, graph));
  take_extents(inputs, graph, options);
  RETURN_IF_ERROR(call.backend.explain_choice(graph, options));
  ASSIGN_OR_RETURN(const engine::Backend* backend, engine::find_backend(call.backend.backend));
  ASSIGN_OR_RETURN(const auto executable,
                   backend->compile(std::move(graph), options).with_context(call.model));
  const auto context = executable->new_context();
  context->enable_profiling();
  ASSIGN_OR_RETURN(const std::vector<ir::Tensor> outputs, context->run(inputs));
  const std::optional<double> slow = measure::interpreter_share(context->profile());
  print_notes(executable->notes(), call.output.quiet);
  print_interpreter_share(slow, call.output.quiet);
  RETURN_IF_ERROR(write_tensors(call.out, outputs, executable->outputs()));
  print_tensors(call, outputs, *executable, slow);
  return {};
}

// The files named, and those in the folders named and below. Adds to `notes` what is left out.
Result<std::vector<std::string>> image_files(const std::vector<std::string>& inputs,
                                             std::vector<std::string>& notes) {
  std::vector<std::string> files;
  for (const std::string& input : inputs) {
    std::error_code failed;
    if (!std::filesystem::is_directory(input, failed)) {
      files.push_back(input);
      continue;
    }
    ASSIGN_OR_RETURN(const data::ImageFiles found, data::find_images(input));
    files.insert(files.end(), found.files.begin(), found.files.end());
    for (std::string& note : found.left_out.notes(input)) notes.push_back(std::move(note));
  }
  return files;
}

// Classifies one sample after the other.
class SampleRun {
 public:
  SampleRun(const Call& call, measure::Classifier classifier)
      : call_(call), classifier_(std::move(classifier)) {
    classifier_.watch_interpreter();
  }

  Status run_files() {
    ASSIGN_OR_RETURN(const std::vector<std::string> files, image_files(call_.inputs, data_notes_));
    print_data_notes(data_notes_, call_.output.quiet);
    return for_each(std::ssize(files), [&](std::int64_t i, Prediction& prediction) -> Status {
      prediction.input = files[static_cast<std::size_t>(i)];
      const auto image = data::load_image(prediction.input);
      if (!image.ok() && image.error().code() == ErrorCode::kNotFound) {
        return error(ErrorCode::kNotFound, "{}{}", image.error().message(),
                     did_you_mean_path(prediction.input));
      }
      if (!image.ok()) return image.error();
      return classify(*image, prediction);
    });
  }

  Status run_dataset(std::shared_ptr<const data::Dataset> dataset) {
    ASSIGN_OR_RETURN(dataset, data::match_classes(std::move(dataset), classifier_.labels(),
                                                  classifier_.classes()));
    data_notes_ = dataset->origin().notes;
    print_data_notes(data_notes_, call_.output.quiet);
    return for_each(dataset->size(), [&](std::int64_t i, Prediction& prediction) -> Status {
      prediction.input = dataset->describe(i);
      prediction.truth = dataset->class_names().at(static_cast<std::size_t>(dataset->label(i)));
      ASSIGN_OR_RETURN(const data::Sample sample, dataset->get(i));
      RETURN_IF_ERROR(dataset->is_images() ? classify(sample.image, prediction)
                                           : classify(sample.features, prediction));
      prediction.right = !prediction.classes.empty() && prediction.classes[0].index == sample.label;
      return {};
    });
  }

 private:
  template <typename Input>
  Status classify(const Input& input, Prediction& prediction) {
    ASSIGN_OR_RETURN(prediction.scores, classifier_.scores(input).with_context(prediction.input));
    prediction.classes = classifier_.rank(prediction.scores, call_.top);
    return {};
  }

  // Until interrupted; what fails is said and counted. Then writes and prints.
  template <typename Predict>
  Status for_each(std::int64_t count, const Predict& predict) {
    const CatchInterrupts catching;
    const auto progress = progress_callback("classifying", call_.output.quiet);
    std::int64_t failed = 0;
    std::int64_t done = 0;
    for (; done < count && !interrupted(); ++done) {
      Prediction& prediction = predictions_.emplace_back();
      const Status status = predict(done, prediction);
      if (!status.ok()) {
        // What fits no sample of the model's would fail for all.
        const bool fits_none = status.error().code() == ErrorCode::kInvalidArgument;
        if (call_.data.strict || fits_none) return status.error();
        prediction.error = status.error().message();
        if (failed++ < kMostNamed) {
          say("lathe run: " + prediction.error);
        }
      }
      progress(done + 1, count);
    }
    if (done == count && !call_.out.empty()) {
      RETURN_IF_ERROR(write_predictions(call_.out, predictions_));
    }
    print_interpreter_share(classifier_.interpreter_share(), call_.output.quiet);
    print_all(done < count);
    if (done < count) {
      return interruption("after {} of {}{}", grouped(done), counted(count, "sample"),
                          call_.out.empty() ? "" : "; " + call_.out + " was not written");
    }
    if (failed == 0) return {};
    if (failed > kMostNamed) {
      say(fmt::format("lathe run: and {} more, which --json names", grouped(failed - kMostNamed)));
    }
    return invalid_data("{} of {} failed", grouped(failed), counted(count, "sample"));
  }

  void print_all(bool is_interrupted) const {
    if (!call_.output.json) {
      return call_.files.print(prediction_table(predictions_, report::stdout_is_terminal()));
    }
    nlohmann::json json = prediction_json(predictions_);
    json["model"] = call_.model;
    json["interrupted"] = is_interrupted;
    json["data_notes"] = data_notes_;
    json["interpreter_share"] = json_of(classifier_.interpreter_share());
    json["notes"] = classifier_.notes();
    print_json(json);
  }

  static constexpr std::int64_t kMostNamed = 10;
  const Call& call_;
  measure::Classifier classifier_;
  std::vector<std::string> data_notes_;
  std::vector<Prediction> predictions_;
};

// Images, or the samples of a dataset.
Status run_samples(Call& call, ir::Graph graph) {
  std::shared_ptr<const data::Dataset> dataset;
  if (call.data.spec.empty()) {
    RETURN_IF_ERROR(call.data.refuse({"--split", "--limit"}, "image files"));
  } else {
    ASSIGN_OR_RETURN(dataset, call.data.open());
  }
  const bool takes_features = dataset != nullptr && !dataset->is_images();
  if (takes_features) RETURN_IF_ERROR(call.data.refuse({"--preprocess"}, "data of features"));
  for (const std::string& input : call.inputs) call.files.reads("INPUT", input);
  call.data.add_to(call.files);
  call.files.writes("-o", call.out, {std::begin(kPredictionFiles), std::end(kPredictionFiles)});
  RETURN_IF_ERROR(call.files.check(call.output));
  ASSIGN_OR_RETURN(const auto preprocess, call.data.parse_preprocess());
  ASSIGN_OR_RETURN(const engine::CompileOptions options, call.backend.compile.parse());
  RETURN_IF_ERROR(call.backend.explain_choice(graph, options));
  ASSIGN_OR_RETURN(const engine::Backend* backend, engine::find_backend(call.backend.backend));
  ASSIGN_OR_RETURN(measure::Classifier classifier,
                   measure::Classifier::create(std::move(graph), *backend, options, preprocess)
                       .with_context(call.model));
  print_notes(classifier.notes(), call.output.quiet);
  if (!takes_features && !classifier.takes_images()) return classifier.no_preprocess();
  SampleRun samples(call, std::move(classifier));
  return dataset == nullptr ? samples.run_files() : samples.run_dataset(std::move(dataset));
}

// What is for several inferences at a time.
Status check_concurrency(const CompileFlags& flags) {
  const char* given = flags.streams > 1              ? "--streams"
                      : flags.prefer == "throughput" ? "--prefer throughput"
                                                     : nullptr;
  if (given == nullptr) return {};
  return invalid_argument(
      "{} has no effect: run takes one input after the other; eval and bench keep several in "
      "flight",
      given);
}

Status run(Call& call) {
  RETURN_IF_ERROR(check_concurrency(call.backend.compile));
  if (call.inputs.empty() == call.data.spec.empty()) {
    return invalid_argument("give images, a folder or .npy inputs, or --data SPEC");
  }
  const auto arrays = std::ranges::count_if(call.inputs, is_npy);
  if (arrays > 0 && arrays < std::ssize(call.inputs)) {
    return invalid_argument("give images or .npy inputs, not both");
  }
  call.files.reads("MODEL", call.model);
  ASSIGN_OR_RETURN(ir::Graph graph,
                   formats::load_model(call.model, formats::UnknownOperators::kKeep));
  return arrays > 0 ? run_tensors(call, std::move(graph)) : run_samples(call, std::move(graph));
}

std::function<Status()> declare(Arguments app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->model, "The model file")->required();
  app.add_option("INPUT", call->inputs, "Images, folders of images, file.npy or name=file.npy");
  app.add_option("-o,--output", call->out,
                 "Of .npy inputs, write what comes out: .npy, or .npz where there are several; of "
                 "images, all raw outputs: .npy or .npz, or the classes: .json or .csv");
  const Option top = app.add_option("--top", call->top, "Classes to show")
                         ->capture_default_str()
                         ->check(kPositiveNumber);
  call->data.declare(app, false, "test");
  call->backend.declare(app);
  call->files.declare(app);
  call->output.declare(app);
  return [call, top] {
    call->top_given = top->count() > 0;
    return run(*call);
  };
}

}  // namespace

Verb run_verb() {
  return {"run", "Run a model on images or arrays", declare,
          "lathe run cnn.onnx boot.png\n"
          "lathe run detector.onnx input=image.npy -o boxes.npz"};
}

}  // namespace lathe::cli
