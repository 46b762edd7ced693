#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/stream.h"
#include "base/words.h"
#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/output_files.h"
#include "cli/verb.h"
#include "data/match_classes.h"
#include "formats/model_file.h"
#include "measure/compare_variants.h"
#include "measure/evaluate.h"
#include "measure/system_info.h"
#include "report/format.h"
#include "report/html_report.h"
#include "report/variant_table.h"
#include "shrink/quantize/quantize.h"

namespace lathe::cli {
namespace {

// Of DequantizeLinear along an axis.
constexpr int kPerChannelOpset = 13;

struct Call {
  std::string model;
  std::string out;
  DataOptions data;
  shrink::QuantizeOptions options;
  bool no_compare = false;
  std::string without_compare;  // an option that then has no effect, if one is given
  std::string page;
  ShapeFlags shapes;
  OpsetFlag opset;
  measure::CompareVariantsOptions comparison;
  std::string command;  // the call as it was made
  OutputFiles files;
  OutputOptions output;
};

using DatasetPointer = std::shared_ptr<const data::Dataset>;

// Shows one bar after the other, each with its own title.
auto progress_bars(bool quiet) {
  struct State {
    std::string title;
    std::function<void(std::int64_t, std::int64_t)> show;
  };
  return [quiet, state = std::make_shared<State>()](std::string_view title, std::int64_t done,
                                                    std::int64_t total) {
    if (state->show == nullptr || state->title != title) {
      state->title = title;
      state->show = progress_callback(state->title, quiet);
    }
    state->show(done, total);
  };
}

// "512 training samples", with those that could not be read.
std::string describe(const shrink::CalibrationSamples& samples) {
  std::string text = counted(samples.seen, "training sample");
  if (samples.left_out > 0) {
    text += fmt::format(" ({} could not be read and {} left out)", grouped(samples.left_out),
                        samples.left_out == 1 ? "was" : "were");
  }
  return text;
}

nlohmann::json to_json(const shrink::CalibrationSamples& samples) {
  return {{"samples", samples.seen}, {"corrupt", samples.left_out}};
}

report::Report make_report(const Call& call, measure::VariantComparison comparison,
                           const ir::Graph& written, const shrink::CalibrationSamples& samples,
                           const data::Dataset& test) {
  report::Report report;
  report.title = fmt::format("{}: float32 to int8", Path(call.model).stem().string());
  report.summary = fmt::format(
      "Post-training static quantization, calibrated on {} of {}; accuracy on {} of the {} split.",
      describe(samples), call.data.spec, counted(test.size(), "sample"), call.data.split);
  report.system = measure::describe(measure::system_info(true));
  const engine::CompileOptions& compared = call.comparison.compile;
  report.system.emplace_back(
      "Latency", fmt::format("batch {}, {}", engine::fixed_batch(written, compared).value_or(1),
                             counted(compared.threads, "thread")));
  report.comparison = std::move(comparison);
  report.history = report::read_history(written);
  const std::vector<std::string> shapes = call.shapes.words();
  std::vector<std::string> eval{"lathe",        "eval",    call.out,       "--data",
                                call.data.spec, "--split", call.data.split};
  if (call.data.limit > 0) eval.insert(eval.end(), {"--limit", std::to_string(call.data.limit)});
  if (call.data.strict) eval.emplace_back("--strict");
  eval.insert(eval.end(), shapes.begin(), shapes.end());
  std::vector<std::string> bench{"lathe",  "bench",     call.model,
                                 call.out, "--threads", std::to_string(compared.threads)};
  bench.insert(bench.end(), shapes.begin(), shapes.end());
  report.commands = {call.command, shell_command(eval), shell_command(bench)};
  report.generated_at = report::current_time();
  return report;
}

// Compares what was written with what it was made from.
Status compare(Call& call, const ir::Graph& graph, const shrink::CalibrationSamples& samples,
               const DatasetPointer& test) {
  ASSIGN_OR_RETURN(const ir::Graph written, formats::load_model(call.out));
  const std::array sources{measure::VariantSource{"float32", call.model, &graph},
                           measure::VariantSource{"int8", call.out, &written}};
  call.comparison.strict = call.data.strict;
  call.comparison.preprocess = call.options.calibration.preprocess;
  call.comparison.on_progress = progress_bars(call.output.quiet);
  call.comparison.stop_requested = interrupted;
  call.comparison.late_remedy = "--no-compare leaves the measurements out";
  ASSIGN_OR_RETURN(measure::VariantComparison comparison,
                   measure::compare_variants(sources, test, call.comparison));
  const bool complete = !comparison.interrupted;
  nlohmann::json json{{"model", call.out},
                      {"calibration", to_json(samples)},
                      {"variants", measure::variants_json(comparison.variants)}};
  const std::string table = report::comparison_text(comparison, report::stdout_is_terminal());
  const bool with_page = complete && !call.page.empty();
  if (with_page) {
    const report::Report report = make_report(call, std::move(comparison), written, samples, *test);
    RETURN_IF_ERROR(report::write_html(report, call.page));
    json["report"] = call.page;
  }
  if (call.output.json) {
    print_json(json);
  } else {
    call.files.print(table);
    if (complete)
      call.files.print(fmt::format("calibrated on {}\nwritten: {}{}\n", describe(samples), call.out,
                                   with_page ? ", report: " + call.page : std::string()));
  }
  if (complete) return {};
  return interruption("{} is complete and kept, its comparison is not{}", call.out,
                      call.page.empty() ? "" : ", so that no report was written");
}

// Takes --shape and --dim, which the model that is written leaves open again.
Status take_shapes(Call& call, const ir::Graph& graph) {
  engine::CompileOptions& comparing = call.comparison.compile;
  RETURN_IF_ERROR(call.shapes.add_to(comparing));
  RETURN_IF_ERROR(engine::bind_shapes(graph, comparing).with_context(call.model));
  call.options.calibration.compile.shapes = comparing.shapes;
  call.options.calibration.compile.dimensions = comparing.dimensions;
  return {};
}

Status run(Call& call) {
  if (call.no_compare && !call.without_compare.empty()) {
    return invalid_argument("{} has no effect with --no-compare, which leaves the comparison out",
                            call.without_compare);
  }
  ASSIGN_OR_RETURN(const auto opset, call.opset.parse());
  if (opset && *opset < kPerChannelOpset) {
    return invalid_argument("--opset {}: scales per channel came with opset {}", *opset,
                            kPerChannelOpset);
  }
  call.files.reads("MODEL", call.model);
  call.data.add_to(call.files);
  call.files.writes("-o", call.out, {".onnx"});
  call.files.writes("--report", call.page);
  RETURN_IF_ERROR(call.files.check(call.output));
  if (!call.no_compare && is_stream(call.out)) {
    return invalid_argument(
        "-o {}: the comparison cannot read back what goes there; --no-compare leaves it out",
        call.out);
  }
  if (!call.no_compare && is_same_file(call.model, call.out)) {
    return invalid_argument(
        "-o {}: replaces MODEL, which the comparison reads; --no-compare leaves that out",
        call.out);
  }
  ASSIGN_OR_RETURN(call.options.calibration.preprocess, call.data.parse_preprocess());
  ASSIGN_OR_RETURN(const ir::Graph graph, formats::load_model(call.model));
  RETURN_IF_ERROR(formats::check_opset(graph, opset).with_context("--opset"));
  RETURN_IF_ERROR(take_shapes(call, graph));
  ASSIGN_OR_RETURN(const DatasetPointer training,
                   data::open_dataset(call.data.spec, data::Split::kTrain));
  DatasetPointer test;
  if (!call.no_compare) {
    ASSIGN_OR_RETURN(test, call.data.open());
    ASSIGN_OR_RETURN(test, data::match_labels(std::move(test), graph.metadata));
    print_data_notes(test->origin().notes, call.output.quiet);
  }
  print_data_notes(training->origin().notes, call.output.quiet);

  const CatchInterrupts catching;
  call.options.calibration.strict = call.data.strict;
  call.options.calibration.on_progress = progress_callback("calibrating", call.output.quiet);
  call.options.calibration.stop_requested = interrupted;
  auto quantized = shrink::quantize(graph, training, call.options);
  if (!quantized.ok()) {
    if (quantized.error().code() != ErrorCode::kInterrupted)
      return quantized.error().with_context(call.model);
    return interruption("{}; nothing was written", quantized.error().message());
  }
  if (call.options.calibration.preprocess)
    data::write_preprocess(*call.options.calibration.preprocess, quantized->graph.metadata);
  RETURN_IF_ERROR(formats::save_model(quantized->graph, call.out, opset));
  if (call.no_compare) {
    if (call.output.json) {
      print_json({{"model", call.out}, {"calibration", to_json(quantized->samples)}});
    } else {
      call.files.print(
          fmt::format("calibrated on {}\nwritten: {}\n", describe(quantized->samples), call.out));
    }
    return {};
  }
  const Status compared = compare(call, graph, quantized->samples, test);
  if (compared.ok() || compared.error().code() == ErrorCode::kInterrupted) return compared;
  return compared.error().with_context(fmt::format("{} was written; comparing it", call.out));
}

std::function<Status()> declare(Arguments app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->model, "The float32 model")->required();
  app.add_option("-o,--output", call->out, "The .onnx file to write")->required();
  call->data.declare(app, true, "test");
  app.get_option("--split")->description("Of the samples to compare on: train, test or all");
  app.get_option("--limit")->description(
      "Compare on at most N samples of the split (0: all); --samples bounds those to calibrate on");
  app.add_option("--eval-limit", call->data.limit, "")->group("");  // what --limit was called
  app.add_option("--samples", call->options.calibration.samples,
                 "Calibrate on at most N training samples (0: all)")
      ->capture_default_str()
      ->check(kNonNegativeNumber);
  app.add_option("--seed", call->options.calibration.seed, "Seed of the choice among them");
  app.add_option("--exclude", call->options.excluded,
                 "Names of layers that stay float32, separated by commas")
      ->delimiter(',');
  call->shapes.declare(app);
  call->opset.declare(app);
  app.add_flag("--no-compare", call->no_compare, "Only write the model");
  app.add_option("--report", call->page, "Write the comparison as an HTML page");
  app.add_option("--threads", call->comparison.compile.threads,
                 "Threads of the latency measurement; calibration takes all cores")
      ->capture_default_str()
      ->check(kPositiveNumber);
  call->files.declare(app);
  call->output.declare(app);
  return [call, app] {
    for (const char* name : {"--report", "--split", "--limit", "--eval-limit", "--threads"}) {
      if (app.get_option(name)->count() > 0 && call->without_compare.empty())
        call->without_compare = name;
    }
    call->command = command_line(app.app());
    return run(*call);
  };
}

}  // namespace

Verb quantize_verb() {
  return {"quantize", "Turn a float32 model into int8 and prove it", declare,
          "lathe quantize cnn.onnx --data fashion-mnist -o cnn-int8.onnx --report report.html"};
}

}  // namespace lathe::cli
