#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/words.h"
#include "cli/interrupt.h"
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
  bool batch_given = false;
  bool per_class = false;
  OutputOptions output;
};

// A class of which there are samples, and what it is most often taken for.
struct ClassRow {
  std::string name;
  std::int64_t samples = 0;
  double top1 = 0;
  std::string mistake;  // empty where there is none
  std::int64_t mistakes = 0;
};

// In the order of the model's outputs.
std::vector<ClassRow> class_rows(const measure::Evaluation& result) {
  std::vector<ClassRow> rows;
  for (std::int64_t truth = 0; truth < result.classes; ++truth) {
    const auto* counts = &result.confusion[static_cast<std::size_t>(truth * result.classes)];
    ClassRow row;
    row.name = result.class_names[static_cast<std::size_t>(truth)];
    for (std::int64_t c = 0; c < result.classes; ++c) {
      row.samples += counts[c];
      if (c == truth || counts[c] <= row.mistakes) continue;
      row.mistakes = counts[c];
      row.mistake = result.class_names[static_cast<std::size_t>(c)];
    }
    if (row.samples == 0) continue;
    row.top1 = static_cast<double>(counts[truth]) / static_cast<double>(row.samples);
    rows.push_back(std::move(row));
  }
  return rows;
}

nlohmann::json to_json(const std::vector<ClassRow>& rows) {
  nlohmann::json list = nlohmann::json::array();
  for (const ClassRow& row : rows) {
    list.push_back({{"label", row.name}, {"samples", row.samples}, {"top1", row.top1}});
    if (row.mistakes == 0) continue;
    list.back()["taken_for"] = row.mistake;
    list.back()["taken_for_samples"] = row.mistakes;
  }
  return list;
}

// Of many classes those with the lowest accuracy, which is what one looks for.
std::string class_table(std::vector<ClassRow> rows) {
  constexpr std::size_t kMostRows = 50;
  const std::size_t all = rows.size();
  if (all > kMostRows) {
    std::ranges::stable_sort(rows, {}, &ClassRow::top1);
    rows.resize(kMostRows);
  }
  report::TextTable table({{"class", report::Align::kLeft, 40},
                           {"samples", report::Align::kRight},
                           {"top-1", report::Align::kRight},
                           {"most often taken for"}});
  for (const ClassRow& row : rows) {
    table.add_row({row.name, grouped(row.samples), report::format_percent(row.top1),
                   row.mistakes == 0 ? "" : fmt::format("{} ({})", row.mistake, row.mistakes)});
  }
  std::string text = table.to_string(report::stdout_is_terminal());
  if (all > kMostRows) {
    text += fmt::format("the {} of {} classes with the lowest top-1; --json has all\n", kMostRows,
                        grouped(static_cast<std::int64_t>(all)));
  }
  return text;
}

nlohmann::json to_json(const Call& call, const data::Dataset& dataset,
                       const measure::Evaluation& result) {
  nlohmann::json json{{"model", call.model},
                      {"data", call.data.spec},
                      {"split", call.data.split},
                      {"backend", call.backend.backend},
                      {"samples", result.samples},
                      {"corrupt", result.corrupt},
                      {"corrupt_samples", result.corrupt_messages},
                      {"files_left_out", dataset.origin().files_left_out},
                      {"top1", result.top1},
                      {"top5", result.top5},
                      {"images_per_s", result.images_per_s},
                      {"interrupted", result.interrupted},
                      {"data_notes", result.data_notes},
                      {"notes", result.notes}};
  if (const auto share = dataset.origin().drawn_share) json["split_share"] = *share;
  if (call.per_class) json["classes"] = to_json(class_rows(result));
  return json;
}

void print_for_people(const Call& call, const measure::Evaluation& result) {
  if (call.per_class) print(class_table(class_rows(result)));
  print(fmt::format("top-1 {}  top-5 {}  on {} of {} ({}), {:.0f} images/s with {}\n",
                    report::format_percent(result.top1), report::format_percent(result.top5),
                    counted(result.samples, "sample"), call.data.spec, call.data.split,
                    result.images_per_s, call.backend.backend));
  if (result.corrupt > 0) {
    print(fmt::format("left out {} that could not be read:\n", counted(result.corrupt, "sample")));
    for (const std::string& message : result.corrupt_messages) print("  " + message + "\n");
    if (const auto more = result.corrupt - std::ssize(result.corrupt_messages); more > 0) {
      print(fmt::format("  and {} more\n", grouped(more)));
    }
  }
}

// A batch that the file, --shape or --dim fixes is that of the model.
std::vector<std::string> batch_note(const Call& call, const ir::Graph& graph,
                                    const engine::CompileOptions& options) {
  const auto fixed = engine::fixed_batch(graph, options);
  if (!call.batch_given || !fixed || *fixed == options.batch) return {};
  return {fmt::format("--batch has no effect: the model's batch is fixed at {}", *fixed)};
}

Status run(const Call& call) {
  ASSIGN_OR_RETURN(ir::Graph graph,
                   formats::load_model(call.model, formats::UnknownOperators::kKeep));
  ASSIGN_OR_RETURN(const auto dataset, call.data.open());
  print_data_notes(dataset->origin().notes, call.output.quiet);
  measure::EvaluateOptions options;
  options.backend = call.backend.backend;
  ASSIGN_OR_RETURN(options.compile, call.backend.compile.parse());
  options.compile.batch = call.batch;
  print_notes(batch_note(call, graph, options.compile), call.output.quiet);
  RETURN_IF_ERROR(call.backend.explain_choice(graph, options.compile));
  options.strict = call.data.strict;
  ASSIGN_OR_RETURN(options.preprocess, call.data.parse_preprocess());
  options.on_progress = progress_callback("evaluating", call.output.quiet);
  const CatchInterrupts catching;
  options.stop_requested = interrupted;
  ASSIGN_OR_RETURN(const measure::Evaluation result,
                   measure::evaluate(std::move(graph), dataset, options).with_context(call.model));
  options.on_progress = {};  // takes its line away
  print_data_notes(result.data_notes, call.output.quiet);
  print_notes(result.notes, call.output.quiet);
  if (call.output.json) {
    print_json(to_json(call, *dataset, result));
  } else {
    print_for_people(call, result);
  }
  if (!result.interrupted) return {};
  return interruption("after {} of {}; the numbers are those of these", grouped(result.samples),
                      counted(dataset->size(), "sample"));
}

std::function<Status()> declare(Arguments app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->model, "The model file")->required();
  call->data.declare(app, true, "test");
  call->backend.declare(app);
  const Option batch = app.add_option("--batch", call->batch, "Samples at a time")
                           ->capture_default_str()
                           ->check(kPositiveNumber);
  app.add_flag("--per-class", call->per_class, "Accuracy of each class and its commonest mistake");
  call->output.declare(app);
  return [call, batch] {
    call->batch_given = batch->count() > 0;
    return run(*call);
  };
}

}  // namespace

Verb eval_verb() {
  return {"eval", "Measure a model's accuracy on a dataset", declare,
          "lathe eval cnn.onnx --data fashion-mnist --per-class"};
}

}  // namespace lathe::cli
