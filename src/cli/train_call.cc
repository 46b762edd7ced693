#include "cli/train_call.h"

#include <algorithm>
#include <filesystem>

#include "base/machine.h"
#include "base/progress.h"
#include "base/stream.h"
#include "base/suggest.h"
#include "base/words.h"
#include "ir/architectures.h"
#include "train/train.h"

namespace lathe::cli {
namespace {

constexpr std::string_view kAugmentations[] = {"none", "flip", "crop", "rotate", "color"};

// An option that was given in vain, and why.
struct Idle {
  const char* flag;
  bool idle;
  const char* reason;
};

Status refuse_idle(const TrainCall& call, std::initializer_list<Idle> list) {
  for (const Idle& option : list) {
    if (option.idle && call.given(option.flag)) {
      return invalid_argument("{} has no effect: {}", option.flag, option.reason);
    }
  }
  return {};
}

}  // namespace

void TrainCall::declare(Arguments parser) {
  app = parser;
  train::TrainOptions& o = options;
  parser.add_option("MODEL", model, "A model to go on with, instead of --arch");
  parser.add_option("--arch", architecture, "Architecture to train from scratch: see `lathe new`");
  parser.add_option("-o,--output", out, "The .onnx file to write, when training is done")
      ->required();
  data.declare(parser, true, "");
  parser.get_option("--limit")->description(
      "Use at most N training samples, the held-out ones among them (0: all)");
  parser.add_option("--size", size, "Resize images to HxW, with --arch");
  shapes.declare(parser);
  opset_flag.declare(parser);
  parser
      .add_option("--validation-share", validation_share,
                  "Share of the training samples held out to choose the best epoch")
      ->capture_default_str()
      ->check(in_range(0.0, 0.9));
  parser.add_option("--augment", augment, "flip, crop, rotate, color or none, separated by commas")
      ->delimiter(',');
  parser.add_option("--epochs", o.epochs, "Times through the training samples")
      ->capture_default_str()
      ->check(kPositiveNumber);
  parser.add_option("--batch", o.batch_size, "Samples per step")
      ->capture_default_str()
      ->check(kPositiveNumber);
  parser.add_option("--optimizer", optimizer, "sgd or adamw")->capture_default_str();
  parser.add_option("--lr", o.learning_rate, "Highest learning rate (sgd: 0.1, adamw: 0.002)");
  parser.add_option("--momentum", o.momentum, "Of sgd")->capture_default_str();
  parser.add_option("--weight-decay", o.weight_decay,
                    "Of weights, not biases (sgd: 5e-4, adamw: 0.01)");
  parser.add_option("--schedule", schedule, "constant, cosine, one-cycle, step or plateau")
      ->capture_default_str();
  parser.add_option("--warmup", o.warmup,
                    "Share of all steps in which the rate climbs (not for one-cycle)");
  parser.add_option("--step-epochs", o.step_epochs, "Epochs between the steps of --schedule step")
      ->capture_default_str();
  parser.add_option("--step-factor", o.step_factor, "Factor of a step")->capture_default_str();
  parser
      .add_option("--plateau-patience", o.plateau_patience,
                  "Epochs without progress before --schedule plateau lowers the rate")
      ->capture_default_str();
  parser.add_option("--plateau-factor", o.plateau_factor, "Factor of that")->capture_default_str();
  parser.add_option("--label-smoothing", o.label_smoothing,
                    "Share of the target spread over all classes");
  parser.add_option("--accumulate", o.accumulate, "Batches whose gradients make one step")
      ->capture_default_str();
  parser.add_option("--clip-norm", o.gradient_clip_norm, "Largest norm of the gradient (0: any)");
  parser.add_option("--early-stop", o.early_stop_patience,
                    "Stop after so many epochs without progress (0: never)");
  parser.add_option("--precision", precision, "auto (measured), float32 or bfloat16")
      ->capture_default_str();
  parser
      .add_option("--memory-format", memory_format, "auto (measured), contiguous or channels-last")
      ->capture_default_str();
  parser.add_option("--device", o.device, "auto, cpu, cuda or cuda:N")->capture_default_str();
  parser.add_option("--threads", o.threads, "Threads (0: all allowed cores)");
  parser.add_option("--seed", o.seed, "Seed of weights, shuffles, augmentation and dropout");
  const Option named =
      parser.add_option("--checkpoint", checkpoint,
                        "Written after each epoch, and kept (default: OUT.checkpoint, "
                        "removed when training is done)");
  const Option none =
      parser.add_flag("--no-checkpoint", no_checkpoint, "Write none")->excludes(named);
  parser
      .add_flag(
          "--resume", o.resume,
          "Go on from the checkpoint, exactly; --epochs may be more, or no more than are done")
      ->excludes(none);
  parser.add_option("--history", history, "Write the history as JSON");
  parser.add_option("--chart", chart, "Write the history as an SVG chart");
  files.declare(parser);
  output.declare(parser);
}

bool TrainCall::given(const std::string& flag) const { return app.count(flag) > 0; }

Status TrainCall::prepare() {
  if (model.empty() == architecture.empty()) {
    return invalid_argument("give either a MODEL to go on with or --arch NAME");
  }
  ASSIGN_OR_RETURN(opset, opset_flag.parse());
  RETURN_IF_ERROR(parse_names());
  RETURN_IF_ERROR(check_effects());
  if (has_own_checkpoint() && !is_stream(out)) options.checkpoint = out + ".checkpoint";
  if (!checkpoint.empty()) options.checkpoint = checkpoint;
  RETURN_IF_ERROR(train::validate(options));
  RETURN_IF_ERROR(parse_size());
  RETURN_IF_ERROR(check_files());
  return plan_checkpoint();
}

Status TrainCall::parse_names() {
  ASSIGN_OR_RETURN(options.optimizer, train::parse_optimizer(optimizer));
  ASSIGN_OR_RETURN(options.schedule, train::parse_schedule(schedule));
  ASSIGN_OR_RETURN(options.precision, train::parse_precision(precision));
  ASSIGN_OR_RETURN(options.memory_format, train::parse_memory_format(memory_format));
  for (const std::string& name : augment) {
    if (std::find(std::begin(kAugmentations), std::end(kAugmentations), name) ==
        std::end(kAugmentations)) {
      return invalid_argument(
          "unknown augmentation '{}': known are none, flip, crop, rotate, color{}", name,
          did_you_mean(name, kAugmentations));
    }
    if (name == "none" && augment.size() > 1) {
      return invalid_argument("--augment: 'none' and others contradict each other");
    }
  }
  options.strict = data.strict;
  return {};
}

Status TrainCall::parse_size() {
  if (!size.empty()) {
    ASSIGN_OR_RETURN(extents, parse_extents("--size", size));
  }
  if (architecture.empty()) return {};
  ir::ArchitectureOptions shape;
  if (extents) {
    shape.channels = 1;  // at least
    shape.height = extents->height;
    shape.width = extents->width;
  }
  RETURN_IF_ERROR(ir::check_architecture(architecture, shape).with_context("--arch"));
  const auto memory = read_memory().total_bytes;
  if (!extents || !memory) return {};
  const double batch = static_cast<double>(options.batch_size) *
                       static_cast<double>(shape.height * shape.width) * sizeof(float);
  if (batch <= static_cast<double>(*memory)) return {};
  return invalid_argument(
      "--size {}: a batch of {} takes {} at least, the machine has {} of memory; --batch takes "
      "fewer at a time",
      size, counted(options.batch_size, "image"), format_bytes(batch),
      format_bytes(static_cast<double>(*memory)));
}

Status TrainCall::check_effects() const {
  using train::Schedule;
  const bool one_cycle = options.schedule == Schedule::kOneCycle;
  const bool step = options.schedule == Schedule::kStep;
  const bool plateau = options.schedule == Schedule::kPlateau;
  return refuse_idle(
      *this,
      {{"--size", !model.empty(), "a MODEL has a size of its own, --size goes with --arch"},
       {"--shape", model.empty(), "it goes with a MODEL, --arch takes --size"},
       {"--dim", model.empty(), "it goes with a MODEL, --arch takes --size"},
       {"--size", !data.preprocess.empty(), "--preprocess says the size"},
       {"--momentum", options.optimizer != train::Optimizer::kSgd, "it goes with --optimizer sgd"},
       {"--warmup", one_cycle && options.warmup > 0, "--schedule one-cycle climbs by itself"},
       {"--step-epochs", !step, "it goes with --schedule step"},
       {"--step-factor", !step, "it goes with --schedule step"},
       {"--plateau-patience", !plateau, "it goes with --schedule plateau"},
       {"--plateau-factor", !plateau, "it goes with --schedule plateau"},
       {"--early-stop", validation_share == 0 && options.early_stop_patience > 0,
        "without held-out samples (--validation-share 0) there is no accuracy to watch"}});
}

Status TrainCall::check_effects_on(const data::Dataset& training) const {
  const std::string features = training.name() + " holds features, not images";
  const bool augments = !augment.empty() && augment[0] != "none";
  const bool images = training.is_images();
  return refuse_idle(*this, {{"--size", !images, features.c_str()},
                             {"--preprocess", !images, features.c_str()},
                             {"--augment", !images && augments, features.c_str()}});
}

void TrainCall::prepare_augmentation(std::int64_t height) {
  data::Augmentation& a = options.augmentation;
  for (const std::string& name : augment) {
    if (name == "flip") a.horizontal_flip = true;
    if (name == "crop")
      a.random_crop_padding = static_cast<int>(std::max<std::int64_t>(1, height / 8));
    if (name == "rotate") a.rotation_degrees = 15;
    if (name == "color") {
      a.brightness = a.contrast = a.saturation = 0.2F;
      a.hue = 0.02F;
    }
  }
}

Status TrainCall::check_files() {
  files.reads("MODEL", model);
  data.add_to(files);
  files.writes("-o", out, {".onnx"});
  files.writes("--history", history, {".json"});
  files.writes("--chart", chart, {".svg"});
  files.writes("--checkpoint", options.checkpoint.string());
  return files.check(output);
}

// Another run's checkpoint is gone on with or left alone.
Status TrainCall::plan_checkpoint() {
  std::error_code failed;
  const std::string path = options.checkpoint.string();
  if (path.empty() || !std::filesystem::exists(options.checkpoint, failed)) return {};
  if (is_stream(path)) return {};
  const auto left = train::summarize_checkpoint(options.checkpoint);
  if (options.resume) {
    if (!left.ok()) return left.error();
    if (!given("--epochs") && left->epochs > 0) options.epochs = left->epochs;
    return {};
  }
  if (files.force()) return {};
  if (!left.ok()) {
    return invalid_argument("--checkpoint {}: is there and is none, --force replaces it", path);
  }
  return invalid_argument(
      "{} holds {} of an earlier run: --resume goes on with it, --force starts anew", path,
      left->epochs > 0 ? fmt::format("{} of {}", left->epochs_done, counted(left->epochs, "epoch"))
                       : counted(left->epochs_done, "epoch"));
}

}  // namespace lathe::cli
