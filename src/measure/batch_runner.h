// Runs batches of any size through an executable compiled for a fixed one.
#pragma once

#include <memory>

#include "engine/backend.h"

namespace lathe::measure {

class BatchRunner {
 public:
  // Compiles for `batch` rows, or for the model's own batch where that is fixed. The model has one
  // input.
  static Result<BatchRunner> create(const ir::Graph& graph, const std::string& backend, int threads,
                                    std::int64_t batch);

  [[nodiscard]] std::int64_t batch() const { return batch_; }
  [[nodiscard]] const engine::Executable& executable() const { return *executable_; }
  [[nodiscard]] engine::Context& context() { return *context_; }

  // The outputs for `inputs` [n, ...], n at most batch(): a smaller n is filled up with zeros, and
  // the outputs, whose first axis must be the batch, are cut back to n rows.
  Result<std::vector<ir::Tensor>> run(const ir::Tensor& inputs);

 private:
  std::shared_ptr<const engine::Executable> executable_;
  std::unique_ptr<engine::Context> context_;
  std::int64_t batch_ = 1;
};

}  // namespace lathe::measure
