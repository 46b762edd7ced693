#include <algorithm>
#include <deque>

#include "ops/infer_shapes.h"
#include "passes/graph_editor.h"
#include "passes/rule.h"

namespace lathe::passes {
namespace {

// Patches per node of the graph at most: far more than rules need that come to an end.
constexpr std::size_t kMostPatchesPerNode = 32;

bool looks_at(const Rule& rule, const ir::Node& node) {
  return rule.operators.empty() || std::find(rule.operators.begin(), rule.operators.end(),
                                             node.op_type) != rule.operators.end();
}

bool is_wanted(const Rule& rule, const RunOptions& options) {
  return !options.disabled.contains(rule.name) && rule.since_opset <= options.opset;
}

// The nodes that are still to be looked at, first come, first served, each once at a time.
class Worklist {
 public:
  void push(ir::NodeId id) {
    const auto index = static_cast<std::size_t>(id);
    if (index >= waiting_.size()) waiting_.resize(index + 1, false);
    if (waiting_[index]) return;
    waiting_[index] = true;
    queue_.push_back(id);
  }
  std::optional<ir::NodeId> pop() {
    if (queue_.empty()) return std::nullopt;
    const ir::NodeId id = queue_.front();
    queue_.pop_front();
    waiting_[static_cast<std::size_t>(id)] = false;
    return id;
  }

 private:
  std::deque<ir::NodeId> queue_;
  std::vector<bool> waiting_;
};

RuleReport& row_of(const Rule& rule, std::vector<RuleReport>& reports) {
  const auto row = std::find_if(reports.begin(), reports.end(),
                                [&](const RuleReport& r) { return r.name == rule.name; });
  if (row != reports.end()) return *row;
  return reports.emplace_back(RuleReport{.name = std::string(rule.name)});
}

class Driver {
 public:
  explicit Driver(const RunOptions& options) : options_(options) {}

  Status run(ir::Graph& graph, Phase phase) {
    RETURN_IF_ERROR(run_subgraphs(graph, phase));
    ASSIGN_OR_RETURN(const std::vector<ir::NodeId> order, graph.topological_order());
    Worklist worklist;
    for (const ir::NodeId id : order) worklist.push(id);
    std::size_t left = kMostPatchesPerNode * (order.size() + 1);
    GraphEditor editor(graph);
    while (const auto id = worklist.pop()) {
      for (const Rule* rule : phase) {
        if (graph.is_removed(*id)) break;
        if (!is_wanted(*rule, options_) || !looks_at(*rule, graph.node(*id))) continue;
        ASSIGN_OR_RETURN(const auto touched, apply(*rule, editor, *id));
        if (!touched) continue;
        if (left-- == 0) {
          return error(ErrorCode::kInternal, "pass {}: does not come to an end, at node {}",
                       rule->name, ir::describe_node(graph, *id));
        }
        for (const ir::NodeId node : *touched) worklist.push(node);
      }
    }
    return {};
  }

 private:
  // The nodes that a patch has touched, or nothing where the rule does not apply.
  Result<std::optional<std::vector<ir::NodeId>>> apply(const Rule& rule, GraphEditor& editor,
                                                       ir::NodeId id) {
    const auto start = std::chrono::steady_clock::now();
    const auto in_rule = [&](const Error& error) {
      return error.with_context(fmt::format("pass {}", rule.name));
    };
    auto patch = rule.apply(editor.graph(), id);
    if (!patch.ok()) return in_rule(patch.error());
    std::optional<std::vector<ir::NodeId>> touched;
    if (patch->has_value()) {
      auto applied = editor.apply(*std::move(*patch), id);
      if (!applied.ok()) return in_rule(applied.error());
      touched = *std::move(applied);
    }
    report(rule, touched.has_value(), std::chrono::steady_clock::now() - start);
    return touched;
  }

  void report(const Rule& rule, bool fired, std::chrono::duration<double, std::milli> took) {
    if (options_.reports == nullptr) return;
    RuleReport& row = row_of(rule, *options_.reports);
    row.fired += fired ? 1 : 0;
    row.milliseconds += took.count();
  }

  Result<ir::Subgraph> run_subgraph(const ir::Subgraph& given, Phase phase) {
    ir::Graph body = *given.graph;
    RETURN_IF_ERROR(run(body, phase));
    RETURN_IF_ERROR(body.compact());
    return ir::Subgraph{std::make_shared<const ir::Graph>(std::move(body)), given.captures};
  }

  Status run_subgraphs(ir::Graph& graph, Phase phase) {
    for (const ir::NodeId id : graph.node_ids()) {
      // What is in a Fused node is as its kernel wants it.
      if (ir::subgraphs(graph.node(id)).empty() || graph.node(id).is("Fused", ir::kLatheDomain))
        continue;
      const ir::AttributeMap attributes = graph.node(id).attributes;
      for (const auto& [key, attribute] : attributes) {
        if (const auto* one = std::get_if<ir::Subgraph>(&attribute)) {
          ASSIGN_OR_RETURN(ir::Subgraph body, run_subgraph(*one, phase));
          graph.set_attribute(id, key, std::move(body));
        } else if (const auto* list = std::get_if<std::vector<ir::Subgraph>>(&attribute)) {
          std::vector<ir::Subgraph> bodies;
          for (const ir::Subgraph& item : *list) {
            ASSIGN_OR_RETURN(ir::Subgraph body, run_subgraph(item, phase));
            bodies.push_back(std::move(body));
          }
          graph.set_attribute(id, key, std::move(bodies));
        }
      }
    }
    return {};
  }

  const RunOptions& options_;
};

}  // namespace

Result<ir::Graph> run_phases(ir::Graph graph, std::span<const Phase> phases,
                             const RunOptions& options) {
  Driver driver(options);
  for (const Phase phase : phases) {
    for (const Rule* rule : phase) {
      if (options.reports != nullptr && is_wanted(*rule, options)) row_of(*rule, *options.reports);
    }
    RETURN_IF_ERROR(driver.run(graph, phase));
  }
  const auto settle = [&]() -> Status {
    RETURN_IF_ERROR(graph.compact());
    RETURN_IF_ERROR(graph.verify());
    return ops::infer_shapes(graph);
  };
  if (Status settled = settle(); !settled.ok())
    return settled.error().with_context("after the passes");
  return graph;
}

}  // namespace lathe::passes
