#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/options.h"
#include "cli/verb.h"
#include "formats/model_file.h"
#include "measure/evaluate.h"
#include "report/format.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

struct Call {
  std::string model;
  DataOptions data;
  BackendOptions backend;
  std::int64_t batch = 32;
  bool per_class = false;
  OutputOptions output;
};

// Accuracy of each class and what it is most often taken for.
std::string class_table(const measure::Evaluation& result, const std::vector<std::string>& names) {
  report::TextTable table({{"class"},
                           {"samples", report::Align::kRight},
                           {"top-1", report::Align::kRight},
                           {"most often taken for"}});
  const auto name_of = [&](std::int64_t c) {
    return c < static_cast<std::int64_t>(names.size()) ? names[static_cast<std::size_t>(c)]
                                                       : std::to_string(c);
  };
  for (std::int64_t truth = 0; truth < static_cast<std::int64_t>(names.size()); ++truth) {
    const auto* row = &result.confusion[static_cast<std::size_t>(truth * result.classes)];
    std::int64_t total = 0;
    std::int64_t worst = -1;
    for (std::int64_t c = 0; c < result.classes; ++c) {
      total += row[c];
      if (c != truth && row[c] > 0 && (worst < 0 || row[c] > row[worst])) worst = c;
    }
    if (total == 0) continue;
    table.add_row(
        {name_of(truth), std::to_string(total),
         report::format_percent(static_cast<double>(row[truth]) / static_cast<double>(total)),
         worst < 0 ? "" : fmt::format("{} ({})", name_of(worst), row[worst])});
  }
  return table.to_string(report::stdout_is_terminal());
}

Status run(const Call& call) {
  ASSIGN_OR_RETURN(const ir::Graph graph,
                   formats::load_model(call.model, formats::UnknownOperators::kKeep));
  ASSIGN_OR_RETURN(const auto dataset, call.data.open());
  measure::EvaluateOptions options;
  options.backend = call.backend.backend;
  ASSIGN_OR_RETURN(options.compile, call.backend.compile.parse());
  options.compile.batch = call.batch;
  RETURN_IF_ERROR(call.backend.explain_choice(graph, options.compile));
  options.strict = call.data.strict;
  ASSIGN_OR_RETURN(options.preprocess, call.data.parse_preprocess());
  options.on_progress = progress_callback("evaluating", call.output.quiet);
  ASSIGN_OR_RETURN(const measure::Evaluation result,
                   measure::evaluate(graph, dataset, options).with_context(call.model));
  print_notes(result.notes, call.output.quiet);
  if (call.output.json) {
    print_json({{"model", call.model},
                {"data", call.data.spec},
                {"split", call.data.split},
                {"backend", options.backend},
                {"samples", result.samples},
                {"corrupt", result.corrupt},
                {"top1", result.top1},
                {"top5", result.top5},
                {"images_per_s", result.images_per_s},
                {"notes", result.notes}});
    return {};
  }
  if (call.per_class) print(class_table(result, dataset->class_names()));
  print(fmt::format("top-1 {}  top-5 {}  on {} samples of {} ({}), {:.0f} images/s with {}\n",
                    report::format_percent(result.top1), report::format_percent(result.top5),
                    result.samples, call.data.spec, call.data.split, result.images_per_s,
                    options.backend));
  if (result.corrupt > 0)
    print(fmt::format("{} samples could not be read and were left out\n", result.corrupt));
  return {};
}

std::function<Status()> declare(CLI::App& app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->model, "The model file")->required();
  call->data.declare(app, true, "test");
  call->backend.declare(app);
  app.add_option("--batch", call->batch, "Samples at a time")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_flag("--per-class", call->per_class, "Accuracy of each class and its commonest mistake");
  call->output.declare(app);
  return [call] { return run(*call); };
}

}  // namespace

Verb eval_verb() { return {"eval", "Measure a model's accuracy on a dataset", declare}; }

}  // namespace lathe::cli
