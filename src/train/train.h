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

struct TrainResult {
  // The input graph with the weights and running statistics of the best epoch: highest validation
  // accuracy, lower validation loss between equals; the last epoch where there is no validation
  // set. Batch normalization is in inference form but not folded, dropout is kept. The graph's
  // metadata "lathe.history" has one more step, {"step": "train", ...}.
  ir::Graph graph;
  std::vector<EpochRecord> history = {};  // all epochs, those before a resume included
  std::int64_t best_epoch = 0;  // 0 where the run was stopped before the first epoch's end
  bool stopped = false;         // by the observer
  bool stopped_early = false;   // by early_stop_patience
  std::string precision;        // "float32", "bfloat16"
  std::string memory_format;    // "contiguous", "channels-last"
  std::string device;           // "cpu", "cuda:0"
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
  double seconds_left = 0;  // estimated, to the end of the last epoch
};

class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  // Before the first batch, with what was chosen: "bfloat16, channels-last, cpu, 2 threads,
  // LibTorch 1.13.1".
  virtual void on_start(const std::string& /*how*/) {}
  virtual void on_batch(const BatchProgress& /*progress*/) {}
  virtual void on_epoch(const EpochRecord& /*record*/) {}
  // Asked after each batch: true ends the run. The result then holds the best epoch so far, and the
  // checkpoint the last whole one.
  virtual bool stop_requested() { return false; }
};

// The graph has one input, [N, C, H, W] or [N, features], and one output of logits or
// probabilities, [N, classes]; a Softmax at the end is left out of the loss, which is the cross
// entropy with the dataset's labels. `validation` may be null. `preprocess` is null for datasets of
// ready features. `observer` may be null.
//
// The same arguments give the same weights on the same machine and number of threads. With
// options.checkpoint, a run that is killed at any moment and started again with options.resume ends
// with the same bits as one that was not.
//
// Errors: kUnavailable (no LibTorch), kUnsupported naming the node that cannot be trained,
// kInvalidArgument naming the option, kInvalidData where the loss is no longer finite or a sample
// cannot be read under options.strict.
Result<TrainResult> train(const ir::Graph& graph, std::shared_ptr<const data::Dataset> training,
                          std::shared_ptr<const data::Dataset> validation,
                          const data::Preprocess* preprocess, const TrainOptions& options,
                          TrainObserver* observer = nullptr);

// One forward pass in float32 on the CPU, in evaluation mode: inputs in the order of
// graph.inputs(), outputs in the order of graph.outputs(). An independent check of the reference
// evaluator and of the engine.
Result<std::vector<ir::Tensor>> forward(const ir::Graph& graph, std::span<const ir::Tensor> inputs);

// E.g. "LibTorch 1.13.1, CPU only", or the error that says how to get it.
Result<std::string> backend_description();

}  // namespace lathe::train
