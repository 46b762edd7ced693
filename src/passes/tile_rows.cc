#include "passes/tile_rows.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <vector>

#include "ir/domains.h"
#include "ops/attributes.h"
#include "ops/fused.h"
#include "ops/infer_shapes.h"
#include "ops/op_def.h"
#include "ops/window.h"

namespace lathe::passes {
namespace {

using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::ValueId;

constexpr std::size_t kRowAxis = 2;
// More work than this, as a share of what there is without strips, is not worth any memory.
constexpr double kMostWork = 2;

// Rows [begin, end) of a value.
struct Rows {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  [[nodiscard]] std::int64_t count() const { return end - begin; }
  bool operator==(const Rows&) const = default;
  auto operator<=>(const Rows&) const = default;
};

Rows hull(Rows a, Rows b) { return {std::min(a.begin, b.begin), std::max(a.end, b.end)}; }

// How the rows of a node's output follow from those of its operands.
struct RowMap {
  std::vector<std::size_t> windowed;  // slots that are read by the window
  std::vector<std::size_t> parallel;  // slots that are read in the same rows
  std::vector<std::size_t> whole;     // computed ones that have no rows
  bool has_window = false;
  std::int64_t reach = 1;  // rows that the window spans
  std::int64_t stride = 1;
  std::int64_t pad_top = 0;
  std::int64_t in_rows = 0;
  std::vector<std::int64_t> pads;  // all of them, as the attribute has them
};

// What the window reads of its operand for some rows, with the padding that is left of it.
struct WindowRows {
  Rows rows;
  std::int64_t top = 0;
  std::int64_t bottom = 0;
};

WindowRows window_rows(const RowMap& map, Rows out) {
  const std::int64_t begin = out.begin * map.stride - map.pad_top;
  const std::int64_t end = (out.end - 1) * map.stride - map.pad_top + map.reach;
  return {{std::max<std::int64_t>(begin, 0), std::min(end, map.in_rows)},
          std::max<std::int64_t>(-begin, 0),
          std::max<std::int64_t>(end - map.in_rows, 0)};
}

std::optional<std::vector<std::int64_t>> dims_of(const Graph& graph, ValueId value) {
  const ir::TensorType& type = graph.tensor_type(value);
  return type.shape ? ir::known_dims(*type.shape) : std::nullopt;
}

std::int64_t rows_of(const Graph& graph, ValueId value) {
  return graph.tensor_type(value).shape->at(kRowAxis).value();
}

std::int64_t row_bytes(const Graph& graph, ValueId value) {
  const auto dims = *dims_of(graph, value);
  const int bits = ir::bits_per_element(graph.tensor_type(value).data_type);
  return dims[0] * dims[1] * dims[3] * bits / 8;
}

std::int64_t bytes_of(const Graph& graph, ValueId value) {
  const auto dims = dims_of(graph, value);
  if (!dims) return 0;
  const int bits = ir::bits_per_element(graph.tensor_type(value).data_type);
  return std::accumulate(dims->begin(), dims->end(), std::int64_t{1}, std::multiplies<>()) * bits /
         8;
}

// Of a node on values of four axes.
std::int64_t axis_of(const Node& node) {
  const std::int64_t axis = ops::attributes(node).get_int("axis");
  return axis < 0 ? axis + 4 : axis;
}

class RowMapper {
 public:
  RowMapper(const Graph& graph, const Node& node) : graph_(graph), node_(node) {}

  // Empty where the node cannot be computed by rows.
  std::optional<RowMap> map() {
    const auto op = ops::unfuse(node_);
    if (!op || node_.outputs.size() != 1) return std::nullopt;
    const auto out = dims_of(graph_, node_.output());
    if (!out || out->size() != 4 || (*out)[kRowAxis] < 2 ||
        ir::bits_per_element(graph_.tensor_type(node_.output()).data_type) % 8 != 0)
      return std::nullopt;
    out_rows_ = (*out)[kRowAxis];
    const bool taken = is_window(op->main) ? take_window(*op) : take_elementwise(*op);
    if (!taken) return std::nullopt;
    if (op->epilogue.residual != ir::kNoValue && !take_operand(op->epilogue.residual_slot))
      return std::nullopt;
    if (map_.windowed.empty() && map_.parallel.empty()) return std::nullopt;
    return map_;
  }

 private:
  static bool is_window(const Node& main) {
    return main.is("Conv") || main.is("QLinearConv") || main.is("MaxPool") ||
           main.is("AveragePool") || main.is("ConvInteger");
  }

  [[nodiscard]] std::optional<ops::Dims> kernel_of(const Node& main) const {
    if (main.is("MaxPool") || main.is("AveragePool")) {
      const auto kernel = ops::required_kernel_shape(main, 2);
      return kernel.ok() ? std::optional(*kernel) : std::nullopt;
    }
    const auto weights = dims_of(graph_, main.input(main.is("QLinearConv") ? 3 : 1));
    if (!weights || weights->size() != 4) return std::nullopt;
    return ops::Dims(weights->begin() + 2, weights->end());
  }

  bool take_window(const ops::FusedOperator& op) {
    const Node& main = op.main;
    const ir::TensorType& in = graph_.tensor_type(main.input(0));
    if (!in.has_rank(4) || !ir::fully_known(*in.shape)) return false;
    for (std::size_t i = 1; i < main.inputs.size(); ++i)
      if (main.input(i) != ir::kNoValue && graph_.constant(main.input(i)) == nullptr) return false;
    if ((main.is("MaxPool") || main.is("AveragePool")) &&
        ops::attributes(main).get_int("ceil_mode") != 0)
      return false;
    const auto kernel = kernel_of(main);
    if (!kernel) return false;
    const auto window = ops::resolve_window(main, *kernel, std::span(*in.shape).subspan(2));
    if (!window.ok() || window->kernel.size() != 2) return false;
    map_.has_window = true;
    map_.windowed = {op.slots[0]};
    map_.reach = (window->kernel[0] - 1) * window->dilations[0] + 1;
    map_.stride = window->strides[0];
    map_.pad_top = window->pads_begin[0];
    map_.in_rows = (*in.shape)[kRowAxis].value();
    map_.pads = {window->pads_begin[0], window->pads_begin[1], window->pads_end[0],
                 window->pads_end[1]};
    // Windows that lie in the padding alone would read nothing of some strip.
    return map_.pad_top < map_.reach && window->pads_end[0] < map_.reach;
  }

  bool take_elementwise(const ops::FusedOperator& op) {
    const Node& main = op.main;
    const ops::OpDef* def = ops::find_op(main.domain, main.op_type);
    if (def == nullptr) return false;
    const bool joins = main.is("Concat") && axis_of(main) == 1;
    const bool quantizes = main.is("QLinearAdd", ir::kMicrosoftDomain) ||
                           main.is("QuantizeLinear") || main.is("DequantizeLinear");
    if (!joins && !quantizes && !def->traits.unary_elementwise && !def->traits.binary_elementwise)
      return false;
    // Scales and the like along rows.
    if (main.has_attribute("axis") && axis_of(main) == kRowAxis) return false;
    for (std::size_t i = 0; i < main.inputs.size(); ++i)
      if (main.input(i) != ir::kNoValue && !take_operand(op.slots[i])) return false;
    return true;
  }

  // One that the output's rows read in the same rows, or that has no rows.
  bool take_operand(std::size_t slot) {
    const ValueId value = node_.input(slot);
    const auto dims = dims_of(graph_, value);
    if (!dims || dims->size() > 4) return false;
    const std::int64_t rows = dims->size() < 2 ? 1 : (*dims)[dims->size() - 2];
    if (rows == 1) {
      if (graph_.constant(value) == nullptr) map_.whole.push_back(slot);
      return true;
    }
    if (graph_.constant(value) != nullptr || dims->size() != 4 || rows != out_rows_) return false;
    map_.parallel.push_back(slot);
    return true;
  }

  const Graph& graph_;
  const Node& node_;
  std::int64_t out_rows_ = 0;
  RowMap map_;
};

// Nodes first to last of an order, and how many strips they are computed in.
struct Part {
  std::size_t first = 0;
  std::size_t last = 0;
  std::int64_t strips = 1;
};

class Tiler {
 public:
  Tiler(Graph graph, std::int64_t rows) : graph_(std::move(graph)), rows_(rows) {}

  Result<Graph> tile() {
    ASSIGN_OR_RETURN(order_, graph_.topological_order());
    place_.assign(graph_.node_id_limit(), 0);
    for (std::size_t i = 0; i < order_.size(); ++i) {
      place_[static_cast<std::size_t>(order_[i])] = i;
      maps_.push_back(RowMapper(graph_, graph_.node(order_[i])).map());
    }
    const std::vector<std::int64_t> live = live_bytes();
    std::vector<Part> parts;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (!maps_[i]) continue;
      const std::optional<Part> part = best_part(i, live);
      if (part) parts.push_back(*part);
      while (i + 1 < order_.size() && maps_[i + 1]) ++i;
    }
    if (parts.empty()) return std::move(graph_);
    for (const Part& part : parts) rewrite(part);
    RETURN_IF_ERROR(ops::infer_shapes(graph_));
    return std::move(graph_);
  }

 private:
  using Ranges = std::map<ValueId, Rows>;

  [[nodiscard]] const Node& node_at(std::size_t place) const { return graph_.node(order_[place]); }
  [[nodiscard]] std::optional<std::size_t> maker(ValueId value) const {
    const NodeId id = graph_.value(value).producer;
    if (id == ir::kNoNode) return std::nullopt;
    return place_[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] bool is_made_in(const Part& part, ValueId value) const {
    const auto made = maker(value);
    return made && part.first <= *made && *made <= part.last;
  }
  [[nodiscard]] bool is_read_behind(const Part& part, ValueId value) const {
    const auto readers = graph_.readers(value);
    return graph_.is_output(value) || std::any_of(readers.begin(), readers.end(), [&](NodeId id) {
             return place_[static_cast<std::size_t>(id)] > part.last;
           });
  }
  [[nodiscard]] std::size_t last_reader(ValueId value) const {
    std::size_t last = 0;
    for (const NodeId id : graph_.readers(value))
      last = std::max(last, place_[static_cast<std::size_t>(id)]);
    return last;
  }

  // Bytes of the values that are there while each node runs, but for the caller's.
  [[nodiscard]] std::vector<std::int64_t> live_bytes() const {
    std::vector<std::int64_t> live(order_.size(), 0);
    for (std::size_t i = 0; i < order_.size(); ++i) {
      for (const ValueId made : node_at(i).outputs) {
        if (made == ir::kNoValue || graph_.is_output(made)) continue;
        const std::size_t last = std::max(i, last_reader(made));
        for (std::size_t k = i; k <= last; ++k) live[k] += bytes_of(graph_, made);
      }
    }
    return live;
  }

  // The values of a part that are read behind it.
  [[nodiscard]] std::vector<ValueId> outputs_of(const Part& part) const {
    std::vector<ValueId> outputs;
    for (std::size_t i = part.first; i <= part.last; ++i)
      if (is_read_behind(part, node_at(i).output())) outputs.push_back(node_at(i).output());
    return outputs;
  }

  static Rows strip_of(std::int64_t rows, std::int64_t strip, std::int64_t strips) {
    return {rows * strip / strips, rows * (strip + 1) / strips};
  }

  // What one strip needs of each value. What it does not need is not there.
  [[nodiscard]] Ranges ranges_of(const Part& part, std::int64_t strip) const {
    Ranges ranges;
    const auto need = [&](ValueId value, Rows rows) {
      const auto [it, is_new] = ranges.emplace(value, rows);
      if (!is_new) it->second = hull(it->second, rows);
    };
    for (const ValueId output : outputs_of(part)) {
      const Rows own = strip_of(rows_of(graph_, output), strip, part.strips);
      if (own.count() > 0) need(output, own);
    }
    for (std::size_t i = part.last + 1; i-- > part.first;) {
      const auto wanted = ranges.find(node_at(i).output());
      if (wanted == ranges.end()) continue;
      const Rows out = wanted->second;
      for (const std::size_t slot : maps_[i]->windowed)
        need(node_at(i).input(slot), window_rows(*maps_[i], out).rows);
      for (const std::size_t slot : maps_[i]->parallel) need(node_at(i).input(slot), out);
    }
    return ranges;
  }

  struct Cost {
    std::int64_t bytes = 0;
    double work = 1;  // as a share of that without strips
  };

  // While the part runs.
  [[nodiscard]] Cost cost_of(const Part& part) const {
    Cost cost;
    const Ranges ranges = ranges_of(part, part.strips / 2);
    // What stays whole: made before and read later, and the part's outputs, in strips and put
    // together.
    for (std::size_t i = 0; i < part.first; ++i) {
      for (const ValueId made : node_at(i).outputs) {
        if (made != ir::kNoValue && !graph_.is_output(made) && last_reader(made) >= part.first)
          cost.bytes += bytes_of(graph_, made);
      }
    }
    for (const ValueId output : outputs_of(part))
      cost.bytes += (graph_.is_output(output) ? 1 : 2) * bytes_of(graph_, output);
    // And of one strip, what is there at once.
    std::vector<std::int64_t> strip(part.last - part.first + 1, 0);
    const auto hold = [&](ValueId value, std::size_t from, Rows rows) {
      const std::size_t last = std::min(last_reader(value), part.last);
      for (std::size_t k = from; k <= last; ++k)
        strip[k - part.first] += rows.count() * row_bytes(graph_, value);
    };
    double work = 0;
    double work_in_strips = 0;
    for (std::size_t i = part.first; i <= part.last; ++i) {
      const auto made = ranges.find(node_at(i).output());
      const double whole =
          static_cast<double>(ops::count_node_macs(graph_, order_[i]).value_or(0)) +
          static_cast<double>(bytes_of(graph_, node_at(i).output()));
      work += whole;
      if (made == ranges.end()) continue;
      const auto all_rows = static_cast<double>(rows_of(graph_, made->first));
      work_in_strips += whole * static_cast<double>(made->second.count() * part.strips) / all_rows;
      if (!is_read_behind(part, made->first)) hold(made->first, i, made->second);
    }
    for (const auto& [value, rows] : ranges)
      if (!is_made_in(part, value)) hold(value, part.first, rows);
    cost.bytes += *std::max_element(strip.begin(), strip.end());
    cost.work = work > 0 ? work_in_strips / work : 1;
    return cost;
  }

  // Of those that begin at a place, the one that leaves the least memory at its busiest moment;
  // nothing where none gains.
  [[nodiscard]] std::optional<Part> best_part(std::size_t first,
                                              const std::vector<std::int64_t>& live) const {
    std::size_t end = first;
    std::int64_t tallest = 0;
    while (end < order_.size() && maps_[end] && reads_no_whole_of(first, end)) {
      tallest = std::max(tallest, tallest_operand(end));
      ++end;
    }
    const std::int64_t strips = (tallest + rows_ - 1) / rows_;
    if (strips < 2 || end - first < 2) return std::nullopt;
    std::int64_t least = *std::max_element(live.begin() + static_cast<std::ptrdiff_t>(first),
                                           live.begin() + static_cast<std::ptrdiff_t>(end));
    std::optional<Part> best;
    for (std::size_t last = first + 1; last < end; ++last) {
      const Part part{first, last, strips};
      const Cost cost = cost_of(part);
      std::int64_t bytes = cost.bytes;
      for (std::size_t i = last + 1; i < end; ++i) bytes = std::max(bytes, live[i]);
      if (cost.work > kMostWork || bytes >= least) continue;
      least = bytes;
      best = part;
    }
    return best;
  }

  // Whether what a node reads as a whole is made outside of the part.
  [[nodiscard]] bool reads_no_whole_of(std::size_t first, std::size_t place) const {
    return std::none_of(maps_[place]->whole.begin(), maps_[place]->whole.end(),
                        [&](std::size_t slot) {
                          const auto made = maker(node_at(place).input(slot));
                          return made && *made >= first;
                        });
  }

  [[nodiscard]] std::int64_t tallest_operand(std::size_t place) const {
    std::int64_t rows = rows_of(graph_, node_at(place).output());
    for (const auto* slots : {&maps_[place]->windowed, &maps_[place]->parallel})
      for (const std::size_t slot : *slots)
        rows = std::max(rows, rows_of(graph_, node_at(place).input(slot)));
    return rows;
  }

  ValueId slice(ValueId from, Rows rows) {
    const auto one = [&](std::int64_t number) {
      return graph_.add_constant("rows", ir::Tensor::vector_int64({&number, 1}));
    };
    return graph_.add("Slice", std::array{from, one(rows.begin), one(rows.end),
                                          one(static_cast<std::int64_t>(kRowAxis))});
  }

  // Rows of a value, which may be those of a strip that are there already.
  struct Strip {
    ValueId value = ir::kNoValue;
    Rows rows;
  };
  ValueId rows_from(const Strip& strip, Rows wanted) {
    if (strip.rows == wanted) return strip.value;
    return slice(strip.value, {wanted.begin - strip.rows.begin, wanted.end - strip.rows.begin});
  }

  void rewrite(const Part& part) {
    const std::vector<ValueId> outputs = outputs_of(part);
    std::vector<std::vector<ValueId>> strips(outputs.size());
    for (std::int64_t k = 0; k < part.strips; ++k) {
      std::map<ValueId, Strip> made;
      add_strip(part, k, made);
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        const Rows own = strip_of(rows_of(graph_, outputs[i]), k, part.strips);
        if (own.count() > 0) strips[i].push_back(rows_from(made.at(outputs[i]), own));
      }
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const ValueId whole =
          graph_.add("Concat", strips[i], {{"axis", static_cast<std::int64_t>(kRowAxis)}});
      graph_.set_type(whole, graph_.type(outputs[i]));
      graph_.replace_uses(outputs[i], whole);
    }
    for (std::size_t i = part.last + 1; i-- > part.first;) graph_.remove_node(order_[i]);
  }

  void add_strip(const Part& part, std::int64_t k, std::map<ValueId, Strip>& made) {
    const Ranges ranges = ranges_of(part, k);
    const auto read = [&](ValueId value, Rows rows) {
      if (!is_made_in(part, value) && !made.contains(value)) {
        const Rows needed = ranges.at(value);
        const bool all = needed == Rows{0, rows_of(graph_, value)};
        made[value] = {all ? value : slice(value, needed), needed};
      }
      return rows_from(made.at(value), rows);
    };
    for (std::size_t i = part.first; i <= part.last; ++i) {
      const auto wanted = ranges.find(node_at(i).output());
      if (wanted == ranges.end()) continue;
      const RowMap& map = *maps_[i];
      Node copy = node_at(i);
      const ValueId original = copy.output();
      if (!copy.name.empty()) copy.name += fmt::format("/{}", k);
      for (const std::size_t slot : map.parallel)
        copy.inputs[slot] = read(copy.inputs[slot], wanted->second);
      if (map.has_window) {
        const WindowRows window = window_rows(map, wanted->second);
        for (const std::size_t slot : map.windowed)
          copy.inputs[slot] = read(node_at(i).inputs[slot], window.rows);
        set_pads(copy, {window.top, map.pads[1], window.bottom, map.pads[3]});
      }
      const std::string name = graph_.value(original).name;
      copy.outputs = {graph_.add_value(name)};
      made[original] = {copy.outputs[0], wanted->second};
      graph_.add_node(std::move(copy));
    }
  }

  // Of the node, or of the main operator of one that is fused.
  static void set_pads(Node& node, std::vector<std::int64_t> pads) {
    const auto body = node.attributes.find("body");
    if (body == node.attributes.end()) {
      node.attributes["pads"] = std::move(pads);
      node.attributes.erase("auto_pad");
      return;
    }
    auto& subgraph = std::get<ir::Subgraph>(body->second);
    Graph inner = *subgraph.graph;
    const NodeId main = inner.topological_order().value().front();
    inner.set_attribute(main, "pads", std::move(pads));
    if (inner.node(main).has_attribute("auto_pad")) inner.remove_attribute(main, "auto_pad");
    subgraph.graph = std::make_shared<const Graph>(std::move(inner));
  }

  Graph graph_;
  const std::int64_t rows_;
  std::vector<NodeId> order_;
  std::vector<std::size_t> place_;           // by node
  std::vector<std::optional<RowMap>> maps_;  // by place
};

}  // namespace

Result<ir::Graph> tile_rows(ir::Graph graph, std::int64_t rows) {
  return Tiler(std::move(graph), std::max<std::int64_t>(rows, 1)).tile();
}

}  // namespace lathe::passes
