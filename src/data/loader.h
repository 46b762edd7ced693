// Batches for training and evaluation, prepared by worker threads.
//
//   Loader loader(dataset, preprocess, {.batch_size = 128, .shuffle = true, .seed = 1});
//   loader.start_epoch(0);
//   for (;;) {
//     ASSIGN_OR_RETURN(std::optional<Batch> batch, loader.next());
//     if (!batch) break;
//     step(batch->inputs, batch->labels);
//   }
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "data/preprocess.h"
#include "ir/tensor.h"

namespace lathe::data {

struct LoaderOptions {
  std::int64_t batch_size = 128;
  bool shuffle = false;
  bool drop_last = false;  // leaves out a last batch that is not full
  std::uint64_t seed = 0;
  int workers = 0;           // threads; 0 means allowed_cores()
  int prefetch_batches = 4;  // ready or in the making ahead of the consumer, at least 1
  Augmentation augmentation = {};
  bool strict = false;  // a sample that cannot be read is an error
  // Images that are decoded from files are kept, resized but not yet augmented, until they take
  // this many bytes; the rest is decoded in each epoch. 0 for a single pass.
  std::int64_t cache_bytes = std::int64_t{512} << 20;
};

struct Batch {
  ir::Tensor inputs;                  // float32 [N,C,H,W], or [N, shape of features]
  ir::Tensor labels;                  // int64 [N]
  std::vector<std::int64_t> indices;  // of the samples in the dataset, N of them
};

// One epoch yields every sample once. Order and values depend on the dataset, the options, the
// epoch and nothing else: not on the number of workers. Memory beside the dataset's own:
// prefetch_batches batches, cache_bytes, and one image per worker.
//
// A sample that cannot be read is left out of its batch, which shrinks, and is logged by name (the
// first ten) and counted; with `strict` it ends the epoch as an error. An epoch without a single
// readable sample is an error too.
//
// One thread consumes; it alone may call anything here.
class Loader {
 public:
  // Images go through `preprocess`; without it they must be of one size and come as pixel / 255.
  // Features come as float32 and no preprocess applies to them. Where an argument is wrong (one
  // that check() refuses, a batch size below 1) next() says so.
  Loader(std::shared_ptr<const Dataset> dataset, std::optional<Preprocess> preprocess,
         LoaderOptions options);
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  ~Loader();

  [[nodiscard]] const Dataset& dataset() const;
  [[nodiscard]] std::int64_t batches_per_epoch() const;
  // An epoch before it need not be finished.
  void start_epoch(std::int64_t epoch);
  // Empty at the end of the epoch, and once more after that. After an error: the same error.
  Result<std::optional<Batch>> next();

  // Of all epochs; each sample once.
  [[nodiscard]] std::int64_t corrupt_samples() const;
  [[nodiscard]] const std::vector<std::string>& first_corrupt_messages() const;  // at most ten

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lathe::data
