#include "measure/conformance.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <limits>

#include "formats/onnx/read_onnx.h"
#include "ops/op_def.h"

namespace lathe::measure {
namespace {

// Values NAME_0.pb, NAME_1.pb, ... of a folder, of the types of these values of the graph.
Result<std::vector<ir::Datum>> read_values(const Path& folder, std::string_view name,
                                           const ir::Graph& graph,
                                           std::span<const ir::ValueId> values) {
  std::vector<ir::Datum> read;
  for (std::size_t i = 0;; ++i) {
    const Path path = folder / fmt::format("{}_{}.pb", name, i);
    if (!std::filesystem::exists(path)) return read;
    const ir::Type type = i < values.size() ? graph.type(values[i]) : ir::Type();
    ASSIGN_OR_RETURN(ir::Datum value, formats::read_onnx_value(path, type));
    read.push_back(std::move(value));
  }
}

// As ONNX's runner has it: bfloat16 may be off by its last place.
Tolerance tolerance_for(ir::DataType type, Tolerance given) {
  if (type == ir::DataType::kBFloat16) given.relative = std::max(given.relative, 0x1p-6);
  return given;
}

bool close(double actual, double expected, const Tolerance& tolerance) {
  if (std::isnan(expected)) return std::isnan(actual);
  if (std::isinf(expected)) return actual == expected;
  return std::abs(actual - expected) <=
         tolerance.absolute + tolerance.relative * std::abs(expected);
}

Status compare(const ir::Tensor& actual, const ir::Tensor& expected, const Tolerance& given) {
  const Tolerance tolerance = tolerance_for(expected.data_type(), given);
  if (actual.type() != expected.type()) {
    return invalid_data("is {}, expected {}", actual.type().to_string(),
                        expected.type().to_string());
  }
  if (actual.identical(expected)) return {};
  if (!ir::is_numeric(actual.data_type())) return invalid_data("differs");
  for (std::int64_t i = 0; i < actual.num_elements(); ++i) {
    if (!close(actual.get_double(i), expected.get_double(i), tolerance)) {
      return invalid_data("element {} is {}, expected {}", i, actual.get_double(i),
                          expected.get_double(i));
    }
  }
  return {};
}

Status compare(const ir::Datum& actual, const ir::Datum& expected, const Tolerance& tolerance);

Status compare_items(const std::vector<ir::Datum>& actual, const std::vector<ir::Datum>& expected,
                     const Tolerance& tolerance) {
  if (actual.size() != expected.size())
    return invalid_data("has {} items, expected {}", actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    RETURN_IF_ERROR(
        compare(actual[i], expected[i], tolerance).with_context(fmt::format("item {}", i)));
  }
  return {};
}

Status compare(const ir::Datum& actual, const ir::Datum& expected, const Tolerance& tolerance) {
  if (actual.tensor() != nullptr && expected.tensor() != nullptr)
    return compare(*actual.tensor(), *expected.tensor(), tolerance);
  if (!(actual.type() == expected.type())) {
    return invalid_data("is {}, expected {}", actual.type().to_string(),
                        expected.type().to_string());
  }
  if (actual.sequence() != nullptr)
    return compare_items(actual.sequence()->items, expected.sequence()->items, tolerance);
  if (actual.optional() != nullptr)
    return compare_items(actual.optional()->item, expected.optional()->item, tolerance);
  if (!actual.map()->keys.identical(expected.map()->keys)) return invalid_data("has other keys");
  return compare_items(actual.map()->values, expected.map()->values, tolerance);
}

struct DataSet {
  std::vector<ir::Datum> inputs;
  std::vector<ir::Datum> outputs;
};

Result<std::vector<DataSet>> read_data(const Path& folder, const ir::Graph& graph) {
  std::vector<DataSet> sets;
  for (int i = 0;; ++i) {
    const Path data = folder / fmt::format("test_data_set_{}", i);
    if (!std::filesystem::exists(data)) return sets;
    DataSet set;
    ASSIGN_OR_RETURN(set.inputs, read_values(data, "input", graph, graph.inputs()));
    ASSIGN_OR_RETURN(set.outputs, read_values(data, "output", graph, graph.outputs()));
    sets.push_back(std::move(set));
  }
}

// The tensors of a suite made before numpy knew of bfloat16: those that are declared as such are
// stored as uint16 of the same bits.
void read_bits_as_declared(std::vector<ir::Datum>& data, const ir::Graph& graph,
                           std::span<const ir::ValueId> values) {
  for (std::size_t i = 0; i < std::min(data.size(), values.size()); ++i) {
    const ir::Tensor* tensor = data[i].tensor();
    if (graph.tensor_type(values[i]).data_type != ir::DataType::kBFloat16 || tensor == nullptr ||
        tensor->data_type() != ir::DataType::kUint16)
      continue;
    ir::Tensor halves = ir::Tensor::zeros(ir::DataType::kBFloat16, tensor->dims());
    std::ranges::copy(tensor->bytes(), halves.mutable_bytes().begin());
    data[i] = std::move(halves);
  }
}

// The extents that the data has, as flags give them.
Result<engine::CompileOptions> options_for(const ir::Graph& graph, const DataSet& set) {
  if (set.inputs.size() != graph.inputs().size()) {
    return invalid_data("there are {} inputs, the model has {}", set.inputs.size(),
                        graph.inputs().size());
  }
  engine::CompileOptions options{.threads = 1};
  for (std::size_t i = 0; i < set.inputs.size(); ++i) {
    if (const ir::Tensor* tensor = set.inputs[i].tensor())
      options.shapes.emplace(graph.value(graph.inputs()[i]).name, tensor->dims());
  }
  return options;
}

Status run_set(const ir::Graph& graph, const DataSet& set, const engine::Backend& backend,
               const Tolerance& tolerance) {
  ASSIGN_OR_RETURN(const engine::CompileOptions options, options_for(graph, set));
  ASSIGN_OR_RETURN(const auto executable, backend.compile(graph, options));
  ASSIGN_OR_RETURN(const std::vector<ir::Datum> actual,
                   executable->new_context()->run_values(set.inputs));
  if (actual.size() != set.outputs.size()) {
    return invalid_data("there are {} outputs, expected {}", actual.size(), set.outputs.size());
  }
  for (std::size_t i = 0; i < actual.size(); ++i) {
    RETURN_IF_ERROR(
        compare(actual[i], set.outputs[i], tolerance).with_context(fmt::format("output {}", i)));
  }
  return {};
}

// Whether numbers are drawn while it runs, which are others each time. A Dropout at rest draws
// none.
bool draws_numbers(const ir::Graph& graph) {
  for (const ir::NodeId id : graph.node_ids()) {
    const ir::Node& node = graph.node(id);
    const ops::OpDef* op = ops::find_op(node.domain, node.op_type);
    const bool at_rest = node.is("Dropout") && node.input(2) == ir::kNoValue;
    if (op != nullptr && op->traits.impure && !at_rest) return true;
    for (const ir::Subgraph* subgraph : ir::subgraphs(node))
      if (draws_numbers(*subgraph->graph)) return true;
  }
  return false;
}

std::vector<std::string> operators_of(const ir::Graph& graph) {
  std::vector<std::string> types;
  for (const ir::NodeId id : graph.node_ids()) {
    std::string type = graph.node(id).qualified_type();
    if (std::find(types.begin(), types.end(), type) == types.end())
      types.push_back(std::move(type));
  }
  return types;
}

bool is_refusal(const Error& error) {
  return error.code() == ErrorCode::kUnsupported || error.code() == ErrorCode::kUnavailable;
}

void settle(CaseResult& result, Outcome outcome, std::string message) {
  result.outcome = outcome;
  result.message = std::move(message);
}

}  // namespace

std::string_view outcome_name(Outcome outcome) {
  constexpr std::string_view kNames[] = {"passed", "failed", "unsupported", "skipped"};
  return kNames[static_cast<std::size_t>(outcome)];
}

Result<std::vector<Path>> find_cases(const Path& root) {
  std::error_code failed;
  const auto is_case = [](const Path& folder) {
    std::error_code ignored;
    return std::filesystem::exists(folder / "model.onnx", ignored);
  };
  if (is_case(root)) return std::vector{root};
  std::vector<Path> cases;
  std::filesystem::recursive_directory_iterator entry(
      root, std::filesystem::directory_options::skip_permission_denied, failed);
  for (; !failed && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(failed)) {
    if (!entry->is_directory(failed) || !is_case(entry->path())) continue;
    cases.push_back(entry->path());
    entry.disable_recursion_pending();
  }
  if (failed) return error(ErrorCode::kIo, "{}: {}", root.string(), failed.message());
  if (cases.empty()) {
    return error(ErrorCode::kNotFound,
                 "{}: no folder below it has a model.onnx, as ONNX's backend tests have",
                 root.string());
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

CaseResult run_case(const Path& folder, const std::string& name, const engine::Backend& backend,
                    const Tolerance& given) {
  CaseResult result{.name = name};
  const auto graph = formats::read_onnx(folder / "model.onnx", formats::UnknownOperators::kKeep);
  if (!graph.ok()) {
    settle(result, is_refusal(graph.error()) ? Outcome::kUnsupported : Outcome::kFailed,
           graph.error().message());
    return result;
  }
  result.operators = operators_of(*graph);
  Tolerance tolerance = given;
  if (draws_numbers(*graph)) tolerance.absolute = std::numeric_limits<double>::infinity();
  if (const Status supported = backend.supports(*graph); !supported.ok()) {
    settle(result, Outcome::kUnsupported, supported.error().message());
    return result;
  }
  auto sets = read_data(folder, *graph);
  if (!sets.ok() || sets->empty()) {
    settle(result, Outcome::kSkipped, sets.ok() ? "it has no data" : sets.error().message());
    return result;
  }
  result.outcome = Outcome::kPassed;
  for (std::size_t i = 0; i < sets->size(); ++i) {
    read_bits_as_declared((*sets)[i].inputs, *graph, graph->inputs());
    read_bits_as_declared((*sets)[i].outputs, *graph, graph->outputs());
    const Status status = run_set(*graph, (*sets)[i], backend, tolerance);
    if (status.ok()) continue;
    const std::string place = sets->size() > 1 ? fmt::format("data set {}: ", i) : "";
    settle(result, is_refusal(status.error()) ? Outcome::kUnsupported : Outcome::kFailed,
           place + status.error().message());
    break;
  }
  return result;
}

}  // namespace lathe::measure
