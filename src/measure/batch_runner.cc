#include "measure/batch_runner.h"

#include <cstring>

namespace lathe::measure {

Result<ir::Tensor> with_rows(const ir::Tensor& tensor, std::int64_t rows) {
  if (tensor.dim(0) == rows) return tensor;
  std::vector<std::int64_t> dims = tensor.dims();
  dims[0] = rows;
  ASSIGN_OR_RETURN(ir::Tensor result, ir::Tensor::create(tensor.data_type(), dims));
  std::memcpy(result.mutable_bytes().data(), tensor.bytes().data(),
              std::min(result.num_bytes(), tensor.num_bytes()));
  return result;
}

Result<BatchRunner> BatchRunner::create(ir::Graph graph, const engine::Backend& backend,
                                        const engine::CompileOptions& options) {
  if (graph.inputs().size() != 1) {
    return unsupported("the model has {} inputs, expected one", graph.inputs().size());
  }
  BatchRunner runner;
  ASSIGN_OR_RETURN(runner.executable_, backend.compile(std::move(graph), options));
  const engine::TensorInfo& input = runner.executable_->inputs()[0];
  if (!engine::is_closed(input.type) || input.type.shape->empty())
    return unsupported("input '{}' is {}, expected a batch of known extents", input.name,
                       input.type.to_string());
  const ir::Shape& shape = *input.type.shape;
  runner.batch_ = shape[0].value();
  if (runner.batch_ < 1) return unsupported("the model's batch is {}", runner.batch_);
  for (const engine::TensorInfo& output : runner.executable_->outputs()) {
    // Of a foreign graph the extents may be unknown until it runs.
    if (!output.type.shape || output.type.shape->empty() ||
        ((*output.type.shape)[0].known() && (*output.type.shape)[0] != shape[0])) {
      return unsupported("output '{}' is {}, whose first axis is not the batch", output.name,
                         output.type.to_string());
    }
  }
  return runner;
}

Result<BatchRunner::Pending> BatchRunner::submit(const ir::Tensor& inputs) const {
  const std::int64_t rows = inputs.rank() == 0 ? 0 : inputs.dim(0);
  if (rows < 1 || rows > batch_)
    return invalid_argument("a batch of {} rows, expected 1 to {}", rows, batch_);
  ASSIGN_OR_RETURN(ir::Tensor filled, with_rows(inputs, batch_));
  return Pending(executable_->submit({std::move(filled)}), rows);
}

Result<std::vector<ir::Tensor>> BatchRunner::run(const ir::Tensor& inputs) const {
  ASSIGN_OR_RETURN(Pending pending, submit(inputs));
  return pending.get();
}

Result<std::vector<ir::Tensor>> BatchRunner::Pending::get() {
  ASSIGN_OR_RETURN(std::vector<ir::Tensor> outputs, future_.get());
  for (ir::Tensor& output : outputs) {
    if (output.rank() == 0 || output.dim(0) < rows_) {
      return invalid_data("an output is {}, expected {} rows at least", output.type().to_string(),
                          rows_);
    }
    ASSIGN_OR_RETURN(output, with_rows(output, rows_));
  }
  return outputs;
}

}  // namespace lathe::measure
