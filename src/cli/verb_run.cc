#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/options.h"
#include "cli/tensor_inputs.h"
#include "cli/verb.h"
#include "data/decode_image.h"
#include "data/npy.h"
#include "engine/backend.h"
#include "formats/model_file.h"
#include "measure/classifier.h"
#include "report/format.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

struct Call {
  std::string model;
  std::vector<std::string> inputs;
  std::string out;
  std::size_t top = 3;
  DataOptions data;
  BackendOptions backend;
  OutputOptions output;
};

bool is_npy(const std::string& argument) {
  return argument.size() > 4 && argument.substr(argument.size() - 4) == ".npy";
}

Status run_tensors(const Call& call, const ir::Graph& graph) {
  ASSIGN_OR_RETURN(const std::vector<ir::Tensor> inputs, read_tensor_inputs(call.inputs, graph));
  ASSIGN_OR_RETURN(engine::CompileOptions options, call.backend.compile.parse());
  take_extents(inputs, graph, options);
  RETURN_IF_ERROR(call.backend.explain_choice(graph, options));
  ASSIGN_OR_RETURN(const engine::Backend* backend, engine::find_backend(call.backend.backend));
  ASSIGN_OR_RETURN(const auto executable,
                   backend->compile(graph, options).with_context(call.model));
  ASSIGN_OR_RETURN(const std::vector<ir::Tensor> outputs, executable->new_context()->run(inputs));
  print_notes(executable->notes(), call.output.quiet);
  if (!call.out.empty() && outputs.size() == 1) {
    RETURN_IF_ERROR(data::write_npy(call.out, outputs[0]));
  } else if (!call.out.empty()) {
    std::map<std::string, ir::Tensor> named;
    for (std::size_t i = 0; i < outputs.size(); ++i)
      named[executable->outputs()[i].name] = outputs[i];
    RETURN_IF_ERROR(data::write_npz(call.out, named));
  }
  nlohmann::json list = nlohmann::json::array();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    constexpr std::int64_t kShown = 10;
    nlohmann::json values = nlohmann::json::array();
    std::string text;
    for (std::int64_t k = 0; k < std::min(kShown, outputs[i].num_elements()); ++k) {
      values.push_back(outputs[i].get_double(k));
      text += fmt::format(" {:.6g}", outputs[i].get_double(k));
    }
    const std::string& name = executable->outputs()[i].name;
    list.push_back(
        {{"name", name}, {"type", outputs[i].type().to_string()}, {"first_values", values}});
    if (!call.output.json) {
      print(fmt::format("{}  {} {}{}\n", name, outputs[i].type().to_string(), text,
                        outputs[i].num_elements() > kShown ? " ..." : ""));
    }
  }
  if (call.output.json) print_json({{"model", call.model}, {"outputs", list}});
  return {};
}

// The label, or the number of a class without one.
std::string label_of(const measure::ClassScore& score) {
  return score.label.empty() ? std::to_string(score.index) : score.label;
}

// Collects what was predicted and prints it at the end.
class Predictions {
 public:
  void add(const std::string& what, const std::vector<measure::ClassScore>& predictions,
           const std::string& truth = {}) {
    nlohmann::json classes = nlohmann::json::array();
    std::string others;
    for (std::size_t i = 0; i < predictions.size(); ++i) {
      const measure::ClassScore& p = predictions[i];
      classes.push_back(
          {{"label", label_of(p)}, {"index", p.index}, {"probability", p.probability}});
      if (i > 0)
        others += fmt::format("{}{} {}", i > 1 ? ", " : "", label_of(p),
                              report::format_percent(static_cast<double>(p.probability), 1));
    }
    nlohmann::json row{{"input", what}, {"predictions", classes}};
    if (!truth.empty()) row["truth"] = truth;
    json_.push_back(std::move(row));
    const measure::ClassScore& best = predictions.front();
    const std::string verdict =
        truth.empty() ? "" : (truth == label_of(best) ? "right" : "wrong, is " + truth);
    table_.add_row({what, label_of(best),
                    report::format_percent(static_cast<double>(best.probability), 1), verdict,
                    others});
  }
  void print_all(const Call& call) const {
    if (call.output.json) return print_json({{"model", call.model}, {"results", json_}});
    print(table_.to_string(report::stdout_is_terminal()));
  }

 private:
  nlohmann::json json_ = nlohmann::json::array();
  report::TextTable table_{{{"input", report::Align::kLeft, 40},
                            {"class"},
                            {"probability", report::Align::kRight},
                            {""},
                            {"then"}}};
};

Result<std::vector<std::string>> image_files(const std::vector<std::string>& arguments) {
  std::vector<std::string> files;
  for (const std::string& argument : arguments) {
    std::error_code failed;
    if (!std::filesystem::is_directory(argument, failed)) {
      files.push_back(argument);
      continue;
    }
    const std::size_t first = files.size();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argument, failed)) {
      std::string extension = entry.path().extension().string();
      std::transform(extension.begin(), extension.end(), extension.begin(),
                     [](unsigned char c) { return std::tolower(c); });
      if (extension == ".png" || extension == ".jpg" || extension == ".jpeg")
        files.push_back(entry.path().string());
    }
    if (files.size() == first)
      return error(ErrorCode::kNotFound, "{}: no .png, .jpg or .jpeg files", argument);
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(first), files.end());
  }
  return files;
}

Status run(const Call& call) {
  ASSIGN_OR_RETURN(const ir::Graph graph,
                   formats::load_model(call.model, formats::UnknownOperators::kKeep));
  if (call.inputs.empty() == call.data.spec.empty()) {
    return invalid_argument("give images, a folder or .npy inputs, or --data SPEC");
  }
  if (!call.inputs.empty() && is_npy(call.inputs[0])) return run_tensors(call, graph);

  ASSIGN_OR_RETURN(const auto preprocess, call.data.parse_preprocess());
  ASSIGN_OR_RETURN(const engine::CompileOptions options, call.backend.compile.parse());
  RETURN_IF_ERROR(call.backend.explain_choice(graph, options));
  ASSIGN_OR_RETURN(const engine::Backend* backend, engine::find_backend(call.backend.backend));
  ASSIGN_OR_RETURN(
      measure::Classifier classifier,
      measure::Classifier::create(graph, *backend, options, preprocess).with_context(call.model));
  print_notes(classifier.notes(), call.output.quiet);
  Predictions predictions;
  std::int64_t failed = 0;
  const auto skip = [&](const Error& problem) -> Status {
    if (call.data.strict) return problem;
    std::fprintf(stderr, "lathe run: %s\n", problem.message().c_str());
    ++failed;
    return {};
  };
  if (call.inputs.empty()) {
    ASSIGN_OR_RETURN(const auto dataset, call.data.open());
    for (std::int64_t i = 0; i < dataset->size(); ++i) {
      auto sample = dataset->get(i);
      if (!sample.ok()) {
        RETURN_IF_ERROR(skip(sample.error()));
        continue;
      }
      ASSIGN_OR_RETURN(const auto found, dataset->is_images()
                                             ? classifier.classify(sample->image, call.top)
                                             : classifier.classify(sample->features, call.top));
      predictions.add(dataset->describe(i), found,
                      dataset->class_names().at(static_cast<std::size_t>(sample->label)));
    }
  } else {
    ASSIGN_OR_RETURN(const std::vector<std::string> files, image_files(call.inputs));
    for (const std::string& file : files) {
      const auto image = data::load_image(file);
      if (!image.ok()) {
        RETURN_IF_ERROR(skip(image.error()));
        continue;
      }
      ASSIGN_OR_RETURN(const auto found, classifier.classify(*image, call.top));
      predictions.add(file, found);
    }
    if (failed == static_cast<std::int64_t>(files.size()))
      return invalid_data("no image could be read");
  }
  predictions.print_all(call);
  return {};
}

std::function<Status()> declare(CLI::App& app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->model, "The model file")->required();
  app.add_option("INPUT", call->inputs, "Images, folders of images, file.npy or name=file.npy");
  app.add_option("-o,--output", call->out,
                 "Write raw outputs: .npy, or .npz where there are several");
  app.add_option("--top", call->top, "Classes to show")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  call->data.declare(app, false, "test");
  call->backend.declare(app);
  call->output.declare(app);
  return [call] { return run(*call); };
}

}  // namespace

Verb run_verb() { return {"run", "Run a model on images or arrays", declare}; }

}  // namespace lathe::cli
