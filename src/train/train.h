// Trains any graph on a dataset with LibTorch, and runs a graph through LibTorch once.
//
//   TrainOptions options{.epochs = 20};
//   ASSIGN_OR_RETURN(TrainResult result,
//                    train::train(graph, training, validation, &preprocess, options, &observer));
//   formats::save(result.graph, "cnn.onnx");
//
// The graph is executed as it stands: its float32 initializers are the parameters, and the trained
// ones are written back under the same names. LibTorch itself lives in a module that is loaded at
// the first call; where it is missing every function here answers ErrorCode::kUnavailable with the
// way to get it. Not to be called from several threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "data/preprocess.h"
#include "ir/graph.h"
#include "train/history.h"
#include "train/options.h"

namespace lathe::train {

// How fast a combination of precision and memory format trains, from a few steps.
struct MeasuredArithmetic {
  std::string precision;
  std::string memory_format;
  double images_per_s = 0;
};

struct TrainResult {
  // The input graph with the weights and running statistics of the best epoch: highest validation
  // accuracy, lower validation loss between equals; the last epoch where there is no validation
  // set. Batch normalization is in inference form but not folded, dropout is kept. The graph's
  // metadata has "lathe.preprocess", "lathe.labels", and in "lathe.history" one more step,
  // {"step": "train", ...}. A fixed batch extent is open in it.
  ir::Graph graph;
  std::vector<EpochRecord> history = {};  // all epochs, those before a resume included
  std::int64_t best_epoch = 0;  // 0 where the run was stopped before the first epoch's end
  bool stopped = false;         // by the observer: the graph is no finished result
  bool stopped_early = false;   // by early_stop_patience
  std::string precision;        // "float32", "bfloat16"
  std::string memory_format;    // "contiguous", "channels-last"
  std::vector<MeasuredArithmetic> measured = {};  // where these were chosen, fastest first
  std::string device;                             // "cpu", "cuda:0"
  int threads = 1;
  std::string torch_version;
  std::int64_t skipped_samples = 0;  // could not be read, over all epochs of this process
};

// Where a run stands, after each batch.
struct BatchProgress {
  std::int64_t epoch = 0;  // from 1
  std::int64_t epochs = 0;
  std::int64_t batch = 0;  // from 1, in this epoch
  std::int64_t batches = 0;
  double loss = 0;  // means over the epoch so far
  double top1 = 0;
  double images_per_s = 0;
};

class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  // What the user may want to know, before training begins: one line of text each.
  virtual void on_note(const std::string& /*note*/) {}
  // Before the first batch, with what was chosen: "bfloat16, channels-last, cpu, 2 threads,
  // LibTorch 1.13.1".
  virtual void on_start(const std::string& /*how*/) {}
  virtual void on_batch(const BatchProgress& /*progress*/) {}
  virtual void on_epoch(const EpochRecord& /*record*/) {}
  // Asked after each batch, of validation too, and while arithmetic is measured: true ends the run.
  // The result then holds the best of the whole epochs, and so does the checkpoint.
  virtual bool stop_requested() { return false; }
};

// The graph has one input, [N, C, H, W] or [N, features] (a fixed N is opened, see open_batch.h),
// and one output of logits or probabilities, [N, classes]; a Softmax at the end is left out of the
// loss, which is the cross entropy with the dataset's labels. `validation` may be null.
// `preprocess` is null for datasets of ready features. `observer` may be null.
//
// Where the graph's metadata has labels, the datasets' classes are matched with them by
// data::match_or_replace_labels, and the result has the same labels in the same places. The notes
// say where the data's classes replace them instead, and which classes have no sample.
//
// The same arguments give the same weights on the same machine and number of threads. With
// options.checkpoint, a run that is killed at any moment and started again with options.resume ends
// with the same bits as one that was not. Resumed for more epochs, those that are done stay as they
// are, under the schedule that they had; for no more than are done, it ends at once with the best
// of them.
//
// Errors: kUnavailable (no LibTorch), kUnsupported naming the node that cannot be trained,
// kInvalidArgument naming the option, or a class that is no label, kInvalidData where the data has
// one class only or can be read of one only, the loss is no longer finite, or a sample cannot be
// read under options.strict.
Result<TrainResult> train(const ir::Graph& graph, std::shared_ptr<const data::Dataset> training,
                          std::shared_ptr<const data::Dataset> validation,
                          const data::Preprocess* preprocess, const TrainOptions& options,
                          TrainObserver* observer = nullptr);

// How far the run has come that left a checkpoint.
struct CheckpointSummary {
  std::int64_t epochs_done = 0;
  std::int64_t epochs = 0;  // that it was to have
};
Result<CheckpointSummary> summarize_checkpoint(const Path& path);

// One forward pass in float32 on the CPU, in evaluation mode: inputs in the order of
// graph.inputs(), outputs in the order of graph.outputs(). An independent check of the reference
// evaluator and of the engine.
Result<std::vector<ir::Tensor>> forward(const ir::Graph& graph, std::span<const ir::Tensor> inputs);

// E.g. "LibTorch 1.13.1, CPU only", or the error that says how to get it.
Result<std::string> backend_description();

}  // namespace lathe::train
