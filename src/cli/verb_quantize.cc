#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/comparison.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "formats/model_file.h"
#include "measure/evaluate.h"
#include "shrink/quantize/quantize.h"

namespace lathe::cli {
namespace {

struct Call {
  std::string model;
  std::string out;
  DataOptions data;
  shrink::QuantizeOptions options;
  std::int64_t eval_limit = 0;
  bool no_compare = false;
  std::string page;
  ComparisonOptions comparison;
  OutputOptions output;
};

Status run(Call& call) {
  ASSIGN_OR_RETURN(const ir::Graph graph, formats::load_model(call.model));
  ASSIGN_OR_RETURN(const auto training, call.data.open("train"));
  ASSIGN_OR_RETURN(call.options.calibration.preprocess, call.data.parse_preprocess());
  call.options.calibration.on_progress = progress_callback("calibrating", call.output.quiet);
  ASSIGN_OR_RETURN(ir::Graph quantized,
                   shrink::quantize(graph, training, call.options).with_context(call.model));
  if (call.options.calibration.preprocess)
    data::write_preprocess(*call.options.calibration.preprocess, quantized.metadata);
  RETURN_IF_ERROR(formats::save_model(quantized, call.out));
  if (call.no_compare) {
    if (call.output.json) {
      print_json({{"model", call.out}});
    } else {
      print(fmt::format("{}: written\n", call.out));
    }
    return {};
  }

  data::DatasetOptions limited;
  limited.limit = call.eval_limit;
  ASSIGN_OR_RETURN(const data::Split split, data::parse_split(call.data.split));
  ASSIGN_OR_RETURN(const auto test, data::open_dataset(call.data.spec, split, limited));
  call.comparison.before_file = call.model;
  call.comparison.after_file = call.out;
  call.comparison.quiet = call.output.quiet;
  // What was written is what is measured.
  ASSIGN_OR_RETURN(const ir::Graph written, formats::load_model(call.out));
  ASSIGN_OR_RETURN(report::Report report, compare_models(graph, written, test, call.comparison));
  report.title = fmt::format("{}: float32 to int8", Path(call.model).stem().string());
  report.summary = fmt::format(
      "Post-training static quantization, calibrated on {} training samples of {}; accuracy on {} "
      "{} samples.",
      std::min(call.options.calibration.samples, training->size()), call.data.spec, test->size(),
      call.data.split);
  report.commands = {
      fmt::format("lathe quantize {} --data {} --samples {} -o {}", call.model, call.data.spec,
                  call.options.calibration.samples, call.out),
      fmt::format("lathe eval {} --data {}", call.out, call.data.spec),
      fmt::format("lathe bench {} {} --threads {}", call.model, call.out, call.comparison.threads)};
  if (!call.page.empty()) RETURN_IF_ERROR(report::write_html(report, call.page));
  if (call.output.json) {
    nlohmann::json json = comparison_json(report);
    json["model"] = call.out;
    if (!call.page.empty()) json["report"] = call.page;
    print_json(json);
    return {};
  }
  print(comparison_table(report));
  print(
      fmt::format("written: {}{}\n", call.out, call.page.empty() ? "" : ", report: " + call.page));
  return {};
}

std::function<Status()> declare(CLI::App& app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->model, "The float32 model")->required();
  app.add_option("-o,--output", call->out, "The .onnx file to write")->required();
  call->data.declare(app, true, "test");
  app.add_option("--samples", call->options.calibration.samples, "Training samples to calibrate on")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", call->options.calibration.seed, "Seed of their choice");
  app.add_option("--exclude", call->options.excluded,
                 "Names of layers that stay float32, separated by commas")
      ->delimiter(',');
  app.add_option("--eval-limit", call->eval_limit, "Compare on at most N test samples (0: all)")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--no-compare", call->no_compare, "Only write the model");
  app.add_option("--report", call->page, "Write the comparison as an HTML page");
  app.add_option("--threads", call->comparison.threads, "Threads of the latency measurement")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  call->output.declare(app);
  return [call] { return run(*call); };
}

}  // namespace

Verb quantize_verb() {
  return {"quantize", "Turn a float32 model into int8 and prove it", declare};
}

}  // namespace lathe::cli
