#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/progress.h"
#include "base/words.h"
#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/train_call.h"
#include "cli/train_history.h"
#include "cli/train_inputs.h"
#include "cli/train_printer.h"
#include "cli/verb.h"
#include "formats/model_file.h"
#include "report/format.h"
#include "train/train.h"

namespace lathe::cli {
namespace {

// Whether more was trained than the call asks for, as by a slip, so that the epochs beyond it may
// be wanted yet.
bool is_cut_short(const TrainCall& call, const train::TrainResult& result) {
  return std::ssize(result.history) > call.options.epochs;
}

// The model first, and the checkpoint goes last: whatever fails, nothing is lost.
Status write_results(const TrainCall& call, const TrainingModel& model,
                     const train::TrainResult& result) {
  ASSIGN_OR_RETURN(const ir::Graph graph, reopen(model, result.graph));
  RETURN_IF_ERROR(formats::save_model(graph, call.out, call.opset));
  if (!call.history.empty()) RETURN_IF_ERROR(write_history(call.history, result));
  if (!call.chart.empty()) RETURN_IF_ERROR(write_history_chart(call.chart, result));
  std::error_code absent;
  if (call.has_own_checkpoint() && !is_cut_short(call, result))
    std::filesystem::remove(call.options.checkpoint, absent);
  return {};
}

nlohmann::json to_json(const TrainCall& call, const train::TrainResult& result,
                       const std::vector<std::string>& notes) {
  nlohmann::json measured = nlohmann::json::array();
  for (const train::MeasuredArithmetic& m : result.measured) {
    measured.push_back({{"precision", m.precision},
                        {"memory_format", m.memory_format},
                        {"images_per_s", m.images_per_s}});
  }
  return {{"model", call.out},
          {"best_epoch", result.best_epoch},
          {"precision", result.precision},
          {"memory_format", result.memory_format},
          {"measured", measured},
          {"device", result.device},
          {"torch_version", result.torch_version},
          {"stopped", result.stopped},
          {"stopped_early", result.stopped_early},
          {"skipped_samples", result.skipped_samples},
          {"notes", notes},
          {"history", train::to_json(result.history)}};
}

std::string summary(const TrainCall& call, const train::TrainResult& result,
                    const data::Dataset* validation) {
  const train::EpochRecord* best = nullptr;
  double seconds = 0;
  for (const train::EpochRecord& record : result.history) {
    seconds += record.seconds;
    if (record.epoch == result.best_epoch) best = &record;
  }
  const auto epochs = static_cast<std::int64_t>(result.history.size());
  std::string text =
      fmt::format("{}: {} in {}", call.out, counted(epochs, "epoch"), format_duration(seconds));
  if (best != nullptr && validation != nullptr) {
    text += fmt::format(", best is epoch {} with top-1 {} on {}", result.best_epoch,
                        report::format_percent(best->validation_top1),
                        counted(validation->size(), "held-out sample"));
  }
  if (result.stopped_early) text += fmt::format(", stopped early by --early-stop");
  if (result.skipped_samples > 0) {
    text += fmt::format("\n{} could not be read and {} left out",
                        counted(result.skipped_samples, "sample"),
                        result.skipped_samples == 1 ? "was" : "were");
  }
  return text + "\nnext: " + shell_command({"lathe", "eval", call.out, "--data", call.data.spec}) +
         "\n";
}

std::string describe_cut(const TrainCall& call, const train::TrainResult& result) {
  const auto done = std::ssize(result.history);
  return fmt::format(
      "--epochs {} is less than the {} that are done: {} holds the best of these, epoch {}, and {} "
      "is kept; --resume --epochs N with N above {} goes on with it",
      call.options.epochs, done, call.out, result.best_epoch, call.options.checkpoint.string(),
      done);
}

// What became of a run that was asked to stop.
Error stopped(const TrainCall& call, const train::TrainResult& result) {
  const auto done = static_cast<std::int64_t>(result.history.size());
  if (done == 0) {
    return interruption("before the first epoch was whole, so nothing is kept; {} was not written",
                        call.out);
  }
  const std::string of_all = fmt::format("{} of {}", done, counted(call.options.epochs, "epoch"));
  if (call.options.checkpoint.empty()) {
    return interruption("{} were done and, without a checkpoint, are lost; {} was not written",
                        of_all, call.out);
  }
  return interruption(
      "{} {} kept in {}; {} was not written. The same call with --resume goes on, with --resume "
      "--epochs {} it takes the best so far, epoch {}",
      of_all, done == 1 ? "is" : "are", call.options.checkpoint.string(), call.out, done,
      result.best_epoch);
}

Status run(TrainCall& call) {
  RETURN_IF_ERROR(call.prepare());
  const CatchInterrupts catching;
  ASSIGN_OR_RETURN(const TrainingData data, open_training_data(call));
  RETURN_IF_ERROR(call.check_effects_on(*data.training));
  const auto model = make_training_model(call, *data.training);
  if (interrupted()) return interruption("before training began; {} was not written", call.out);
  if (!model.ok()) return model.error();
  const data::Preprocess* preprocess = model->preprocess ? &*model->preprocess : nullptr;
  RETURN_IF_ERROR(formats::check_opset(model->graph, call.opset).with_context("--opset"));
  call.prepare_augmentation(preprocess != nullptr ? preprocess->height : 0);

  TrainPrinter printer(call.output.quiet);
  for (const std::string& note : data.training->origin().notes) printer.on_note(note);
  const train::TrainOptions& options = call.options;
  if (options.schedule == train::Schedule::kStep && options.step_epochs >= options.epochs) {
    printer.on_note(
        fmt::format("--step-epochs {}: no step comes within {}, the rate stays as it is",
                    options.step_epochs, counted(options.epochs, "epoch")));
  }
  const auto result = train::train(model->graph, data.training, data.validation, preprocess,
                                   call.options, &printer);
  printer.finish();
  if (!result.ok()) return result.error();
  if (!result->stopped) {
    RETURN_IF_ERROR(write_results(call, *model, *result));
    if (is_cut_short(call, *result)) printer.on_note(describe_cut(call, *result));
  }
  if (call.output.json) {
    print_json(to_json(call, *result, printer.notes()));
  } else if (!result->stopped) {
    call.files.print(summary(call, *result, data.validation.get()));
  }
  if (result->stopped) return stopped(call, *result);
  return {};
}

std::function<Status()> declare(Arguments app) {
  auto call = std::make_shared<TrainCall>();
  call->declare(app);
  return [call] { return run(*call); };
}

}  // namespace

Verb train_verb() {
  return {"train", "Train an architecture or a model on a dataset", declare,
          "lathe train --arch cnn --data fashion-mnist -o cnn.onnx\n"
          "lathe train cnn.onnx --data images:photos --epochs 5 -o finer.onnx"};
}

}  // namespace lathe::cli
