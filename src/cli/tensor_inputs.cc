#include "cli/tensor_inputs.h"

#include "data/npy.h"

namespace lathe::cli {

Result<std::vector<ir::Tensor>> read_tensor_inputs(const std::vector<std::string>& arguments,
                                                   const ir::Graph& graph) {
  std::vector<ir::Tensor> tensors(graph.inputs().size());
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    const std::string name = equals == std::string::npos ? "" : argument.substr(0, equals);
    if (name.empty() && tensors.size() != 1) {
      return invalid_argument("'{}': the model has {} inputs, expected name=file.npy", argument,
                              tensors.size());
    }
    std::size_t index = 0;
    while (!name.empty() && index < tensors.size() &&
           graph.value(graph.inputs()[index]).name != name)
      ++index;
    if (index == tensors.size()) return invalid_argument("the model has no input '{}'", name);
    ASSIGN_OR_RETURN(
        tensors[index],
        data::read_npy(equals == std::string::npos ? argument : argument.substr(equals + 1)));
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!tensors[i].defined())
      return invalid_argument("input '{}' was not given", graph.value(graph.inputs()[i]).name);
  }
  return tensors;
}

void take_extents(const std::vector<ir::Tensor>& inputs, const ir::Graph& graph,
                  engine::CompileOptions& options) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ir::Value& input = graph.value(graph.inputs()[i]);
    std::vector<std::int64_t> extents = inputs[i].dims();
    const std::optional<ir::Shape>& shape = graph.tensor_type(graph.inputs()[i]).shape;
    if (shape && shape->size() != extents.size()) continue;
    for (std::size_t axis = 0; shape && axis < extents.size(); ++axis) {
      const ir::Dim& dim = (*shape)[axis];
      if (dim.known()) {
        extents[axis] = dim.value();
      } else if (const auto given = options.dimensions.find(dim.name());
                 given != options.dimensions.end()) {
        extents[axis] = given->second;
      }
    }
    const bool alone = inputs.size() == 1 && options.shapes.contains("");
    if (!alone) options.shapes.emplace(input.name, std::move(extents));
  }
}

}  // namespace lathe::cli
