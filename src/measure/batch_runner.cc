#include "measure/batch_runner.h"

#include <array>
#include <cstring>

namespace lathe::measure {
namespace {

// The first `rows` of a tensor, or the tensor padded with zeros to so many.
Result<ir::Tensor> with_rows(const ir::Tensor& tensor, std::int64_t rows) {
  if (tensor.dim(0) == rows) return tensor;
  std::vector<std::int64_t> dims = tensor.dims();
  dims[0] = rows;
  ASSIGN_OR_RETURN(ir::Tensor result, ir::Tensor::create(tensor.data_type(), dims));
  std::memcpy(result.mutable_bytes().data(), tensor.bytes().data(),
              std::min(result.num_bytes(), tensor.num_bytes()));
  return result;
}

}  // namespace

Result<BatchRunner> BatchRunner::create(const ir::Graph& graph, const std::string& backend,
                                        int threads, std::int64_t batch) {
  if (graph.inputs().size() != 1) {
    return unsupported("the model has {} inputs, expected one", graph.inputs().size());
  }
  ASSIGN_OR_RETURN(const engine::Backend* engine, engine::find_backend(backend));
  BatchRunner runner;
  ASSIGN_OR_RETURN(runner.executable_,
                   engine->compile(graph, {.threads = threads, .batch = batch}));
  const ir::Shape& shape = *runner.executable_->inputs()[0].type.shape;
  if (shape.empty()) return unsupported("the model's input is a scalar");
  runner.batch_ = shape[0].value();
  if (runner.batch_ < 1) return unsupported("the model's batch is {}", runner.batch_);
  for (const engine::TensorInfo& output : runner.executable_->outputs()) {
    if (output.type.shape->empty() || (*output.type.shape)[0] != shape[0]) {
      return unsupported("output '{}' is {}, whose first axis is not the batch", output.name,
                         output.type.to_string());
    }
  }
  runner.context_ = runner.executable_->new_context();
  return runner;
}

Result<std::vector<ir::Tensor>> BatchRunner::run(const ir::Tensor& inputs) {
  const std::int64_t rows = inputs.rank() == 0 ? 0 : inputs.dim(0);
  if (rows < 1 || rows > batch_)
    return invalid_argument("a batch of {} rows, expected 1 to {}", rows, batch_);
  ASSIGN_OR_RETURN(const ir::Tensor filled, with_rows(inputs, batch_));
  ASSIGN_OR_RETURN(std::vector<ir::Tensor> outputs, context_->run(std::array{filled}));
  for (ir::Tensor& output : outputs) {
    ASSIGN_OR_RETURN(output, with_rows(output, rows));
  }
  return outputs;
}

}  // namespace lathe::measure
