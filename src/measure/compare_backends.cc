#include "measure/compare_backends.h"

#include <algorithm>
#include <deque>

#include "backends/backends.h"
#include "ir/is_quantized.h"

namespace lathe::measure {
namespace {

using engine::Executable;

// Batches in the making at a time, beyond what the executables' streams take.
constexpr std::size_t kAhead = 1;

std::string maker_of(const ir::Graph& graph, ir::ValueId id) {
  const ir::NodeId producer = graph.value(id).producer;
  return producer == ir::kNoNode ? "" : ir::describe_node(graph, producer);
}

std::vector<ValueDifference> blank_differences(const ir::Graph& graph,
                                               std::span<const ir::ValueId> ids) {
  std::vector<ValueDifference> list;
  for (const ir::ValueId id : ids) {
    list.push_back({graph.value(id).name,
                    maker_of(graph, id),
                    ir::is_integer(graph.tensor_type(id).data_type),
                    {}});
  }
  return list;
}

// One executable's side of the comparison.
struct Side {
  explicit Side(std::shared_ptr<const Executable> runs) : executable(std::move(runs)) {}
  Side(Side&&) = default;
  Side& operator=(Side&&) = default;

  std::shared_ptr<const Executable> executable;
  std::deque<std::future<engine::Outputs>> pending;
};

Result<Side> make_side(const ir::Graph& graph, const std::string& name,
                       const engine::CompileOptions& options) {
  ASSIGN_OR_RETURN(const engine::Backend* backend, engine::find_backend(name));
  ASSIGN_OR_RETURN(auto executable, backend->compile(graph, options));
  return Side(std::move(executable));
}

Status add_differences(std::vector<ValueDifference>& list, const std::vector<ir::Tensor>& expected,
                       const std::vector<ir::Tensor>& actual, std::int64_t rows) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    RETURN_IF_ERROR(list[i]
                        .difference.add(expected.at(i), actual.at(i), rows)
                        .with_context(fmt::format("output '{}'", list[i].name)));
  }
  return {};
}

// Runs one batch through all sides and compares.
class Conduct {
 public:
  Conduct(Side reference, std::vector<std::optional<Side>> sides, BackendComparisons& result)
      : reference_(std::move(reference)), sides_(std::move(sides)), result_(result) {}

  [[nodiscard]] bool full() const {
    return reference_.pending.size() >=
           static_cast<std::size_t>(reference_.executable->streams()) + kAhead;
  }
  [[nodiscard]] bool idle() const { return reference_.pending.empty(); }

  void submit(const InputBatch& batch) {
    reference_.pending.push_back(reference_.executable->submit(batch.inputs));
    for (auto& side : sides_) {
      if (side) side->pending.push_back(side->executable->submit(batch.inputs));
    }
    const bool has_rows = !batch.inputs.empty() && batch.inputs[0].rank() > 0;
    const std::int64_t all = has_rows ? batch.inputs[0].dim(0) : 1;
    rows_.emplace_back(batch.rows, batch.rows >= 0 ? batch.rows : all);
  }

  // Takes the oldest batch and counts it.
  Status collect() {
    const auto [rows, counted] = rows_.front();
    rows_.pop_front();
    const engine::Outputs expected = take(reference_);
    for (std::size_t i = 0; i < sides_.size(); ++i) {
      if (!sides_[i]) continue;
      const engine::Outputs actual = take(*sides_[i]);
      BackendComparison& comparison = result_.backends[i];
      if (comparison.failure || !expected.ok()) continue;
      const Status added = actual.ok()
                               ? add_differences(comparison.outputs, *expected, *actual, rows)
                               : Status(actual.error());
      if (!added.ok()) comparison.failure = added.error();
    }
    if (!expected.ok()) return expected.error().with_context(result_.against);
    ++result_.batches;
    result_.rows += counted;
    return {};
  }

 private:
  static engine::Outputs take(Side& side) {
    engine::Outputs outputs = side.pending.front().get();
    side.pending.pop_front();
    return outputs;
  }

  Side reference_;
  std::vector<std::optional<Side>> sides_;
  // Of each batch in flight: rows that are no padding as InputBatch has them, and their number.
  std::deque<std::pair<std::int64_t, std::int64_t>> rows_;
  BackendComparisons& result_;
};

// What `backend` makes of the exposed graph against the reference's values.
Status compare_nodes(const ir::Graph& exposed, const std::vector<ir::Tensor>& expected,
                     const InputBatch& batch, const engine::CompileOptions& options,
                     BackendComparison& comparison) {
  ASSIGN_OR_RETURN(const engine::Backend* backend, engine::find_backend(comparison.backend));
  ASSIGN_OR_RETURN(const auto executable, backend->compile(exposed, options));
  ASSIGN_OR_RETURN(const auto actual, executable->new_context()->run(batch.inputs));
  std::vector<ValueDifference> nodes = blank_differences(exposed, exposed.outputs());
  RETURN_IF_ERROR(add_differences(nodes, expected, actual, batch.rows));
  comparison.nodes = std::move(nodes);
  return {};
}

Status compare_inner_nodes(const ir::Graph& graph, const InputBatch& batch,
                           const CompareOptions& options, BackendComparisons& result) {
  if (!graph.opsets.empty()) {
    return unsupported("inner nodes of a model with operators that Lathe lacks cannot be compared");
  }
  ir::Graph exposed = graph;
  exposed.set_outputs(comparable_values(graph));
  ASSIGN_OR_RETURN(const engine::Backend* reference, engine::find_backend(options.against));
  ASSIGN_OR_RETURN(const auto executable, reference->compile(exposed, options.compile));
  ASSIGN_OR_RETURN(const auto expected, executable->new_context()->run(batch.inputs));
  for (BackendComparison& comparison : result.backends) {
    if (comparison.failure) continue;
    const Status compared = compare_nodes(exposed, expected, batch, options.compile, comparison);
    if (!compared.ok()) comparison.nodes_failure = compared.error();
  }
  return {};
}

}  // namespace

AgreementRule agreement_rule(const ir::Graph& graph, double tolerance, double same_class) {
  return {tolerance, ir::is_quantized(graph) ? same_class : 0};
}

bool ValueDifference::within(double tolerance) const {
  return integer ? difference.max_absolute() <= 1 : difference.max_relative() <= tolerance;
}

bool ValueDifference::agrees(const AgreementRule& rule) const {
  if (within(rule.tolerance)) return true;
  return rule.same_class > 0 && difference.top1_rows() > 0 &&
         difference.top1_agreement() >= rule.same_class;
}

bool BackendComparison::agrees(const AgreementRule& rule) const {
  return !failure && std::all_of(outputs.begin(), outputs.end(),
                                 [&](const ValueDifference& v) { return v.agrees(rule); });
}

const ValueDifference* BackendComparison::first_beyond(double tolerance) const {
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const ValueDifference& node) {
    return !node.within(tolerance);
  });
  return found == nodes.end() ? nullptr : &*found;
}

std::vector<ir::ValueId> comparable_values(const ir::Graph& graph) {
  const std::vector<ir::NodeId> order = graph.topological_order().value_or(graph.node_ids());
  // Values from which every way leads to a QuantizeLinear.
  std::vector<bool> inside(graph.value_count(), false);
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    for (const ir::ValueId output : graph.node(*id).outputs) {
      if (output == ir::kNoValue || graph.is_output(output)) continue;
      const auto readers = graph.readers(output);
      inside[static_cast<std::size_t>(output)] =
          !readers.empty() && std::all_of(readers.begin(), readers.end(), [&](ir::NodeId reader) {
            const ir::Node& node = graph.node(reader);
            if (node.is("QuantizeLinear")) return true;
            return std::all_of(node.outputs.begin(), node.outputs.end(), [&](ir::ValueId next) {
              return next == ir::kNoValue || inside[static_cast<std::size_t>(next)];
            });
          });
    }
  }
  std::vector<ir::ValueId> values;
  for (const ir::NodeId id : order) {
    const ir::Node& node = graph.node(id);
    const bool constant = std::all_of(node.inputs.begin(), node.inputs.end(), [&](ir::ValueId in) {
      return in == ir::kNoValue || graph.constant(in) != nullptr;
    });
    for (const ir::ValueId output : node.outputs) {
      if (output == ir::kNoValue || constant) continue;
      const bool hidden = !graph.is_output(output) &&
                          (node.is("DequantizeLinear") ||
                           (inside[static_cast<std::size_t>(output)] &&
                            ir::is_floating_point(graph.tensor_type(output).data_type)));
      if (!hidden) values.push_back(output);
    }
  }
  return values;
}

Result<BackendComparisons> compare_backends(const ir::Graph& graph, const InputSource& source,
                                            const CompareOptions& options) {
  BackendComparisons result;
  result.against = options.against;
  // The evaluator is slow: as many batches at once as there are cores.
  engine::CompileOptions reference_options = options.compile;
  if (options.against == "reference" || options.against == "lowered") {
    reference_options.preference = engine::Preference::kThroughput;
    reference_options.precision = engine::Precision::kFloat32;
    reference_options.memory_limit = 0;
    reference_options.streams = 0;
    reference_options.threads = 1;
    reference_options.providers.clear();
    reference_options.provider_options.clear();
  }
  auto reference = make_side(graph, options.against, reference_options);
  if (!reference.ok()) return reference.error().with_context(options.against);
  std::vector<std::optional<Side>> sides;
  for (const std::string& name : options.backends) {
    BackendComparison& comparison = result.backends.emplace_back();
    comparison.backend = name;
    ASSIGN_OR_RETURN(const engine::Backend* backend, engine::find_backend(name));
    comparison.version = backend->version();
    comparison.outputs = blank_differences(graph, graph.outputs());
    auto side = make_side(graph, name, options.compile);
    if (side.ok()) {
      comparison.notes = side->executable->notes();
      sides.emplace_back(std::move(*side));
    } else {
      comparison.failure = side.error();
      sides.emplace_back(std::nullopt);
    }
  }

  std::optional<InputBatch> first;
  const auto stopped = [&] { return options.stop_requested && options.stop_requested(); };
  Conduct conduct(std::move(*reference), std::move(sides), result);
  // Batches in flight are waited for after a stop too: they could not be left without that.
  for (bool more = true; more || !conduct.idle();) {
    if (more && !conduct.full()) {
      result.interrupted = stopped();
      if (result.interrupted) {
        more = false;
        continue;
      }
      ASSIGN_OR_RETURN(std::optional<InputBatch> batch, source());
      more = batch.has_value();
      if (!batch) continue;
      conduct.submit(*batch);
      if (!first) first = std::move(batch);
      continue;
    }
    RETURN_IF_ERROR(conduct.collect());
    if (options.on_progress) options.on_progress(result.rows);
  }
  if (result.interrupted) return result;
  if (!first) return invalid_argument("there is no input to compare on");
  if (options.inner_nodes) RETURN_IF_ERROR(compare_inner_nodes(graph, *first, options, result));
  return result;
}

}  // namespace lathe::measure
