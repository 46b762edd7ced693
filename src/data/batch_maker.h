// Samples to one batch of tensors: what each of a Loader's threads does.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "data/image_cache.h"
#include "data/loader.h"
#include "data/preprocess.h"

namespace lathe::data {

struct MadeBatch {
  Batch batch;
  std::vector<std::pair<std::int64_t, Error>> corrupt;  // index and fault of what was left out
};

// Immutable but for its cache: any number of threads may use it.
class BatchMaker {
 public:
  // An error where the arguments make no sense together (see Loader).
  static Result<std::unique_ptr<const BatchMaker>> create(std::shared_ptr<const Dataset> dataset,
                                                          std::optional<Preprocess> preprocess,
                                                          const LoaderOptions& options);

  // The samples `indices` in that order, as they are in `epoch`. With options.strict it stops at
  // the first one that cannot be read. An error where memory runs out.
  [[nodiscard]] Result<MadeBatch> make(std::span<const std::int64_t> indices,
                                       std::int64_t epoch) const;

 private:
  BatchMaker(std::shared_ptr<const Dataset> dataset, std::optional<Preprocessor> preprocessor,
             const LoaderOptions& options);
  [[nodiscard]] Result<MadeBatch> make_checked(std::span<const std::int64_t> indices,
                                               std::int64_t epoch) const;
  [[nodiscard]] Status fill(std::int64_t index, std::int64_t epoch, std::span<float> out) const;

  std::shared_ptr<const Dataset> dataset_;
  std::optional<Preprocessor> preprocessor_;  // absent for features
  LoaderOptions options_;
  std::vector<std::int64_t> shape_;
  std::size_t size_;  // values in one sample
  mutable ImageCache cache_;
};

}  // namespace lathe::data
