// Runs batches of any size through an executable compiled for a fixed one.
#pragma once

#include <memory>

#include "engine/backend.h"

namespace lathe::measure {

// The first `rows` rows of a tensor, or the tensor filled up with zeros to so many.
Result<ir::Tensor> with_rows(const ir::Tensor& tensor, std::int64_t rows);

class BatchRunner {
 public:
  // Compiles for options.batch rows, or for the model's own batch where that is fixed. The model
  // has one input.
  static Result<BatchRunner> create(ir::Graph graph, const engine::Backend& backend,
                                    const engine::CompileOptions& options);

  [[nodiscard]] std::int64_t batch() const { return batch_; }
  [[nodiscard]] const engine::Executable& executable() const { return *executable_; }

  // The outputs for `inputs` [n, ...], n at most batch(): a smaller n is filled up with zeros, and
  // the outputs, whose first axis must be the batch, are cut back to n rows.
  Result<std::vector<ir::Tensor>> run(const ir::Tensor& inputs) const;
  // The same without waiting; as many batches as the executable has streams run at once.
  class Pending;
  Result<Pending> submit(const ir::Tensor& inputs) const;

 private:
  std::shared_ptr<const engine::Executable> executable_;
  std::int64_t batch_ = 1;
};

// A batch in flight.
class BatchRunner::Pending {
 public:
  // Waits for the outputs and cuts them back; once only.
  Result<std::vector<ir::Tensor>> get();

 private:
  friend class BatchRunner;
  Pending(std::future<engine::Outputs> future, std::int64_t rows)
      : future_(std::move(future)), rows_(rows) {}
  std::future<engine::Outputs> future_;
  std::int64_t rows_;
};

}  // namespace lathe::measure
