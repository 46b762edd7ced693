#include "ir/attribute.h"

#include <algorithm>
#include <array>
#include <bit>
#include <fmt/ranges.h>

#include "ir/graph.h"

namespace lathe::ir {

std::string_view attribute_kind_name(const Attribute& attribute) {
  constexpr std::array kNames = {"int",    "float",   "string",  "tensor", "graph", "ints",
                                 "floats", "strings", "tensors", "graphs", "type"};
  static_assert(kNames.size() == std::variant_size_v<Attribute>);
  return kNames.at(attribute.index());
}

namespace {

struct Printer {
  std::string operator()(std::int64_t v) const { return fmt::to_string(v); }
  std::string operator()(float v) const { return fmt::format("{}", v); }
  std::string operator()(const std::string& v) const { return fmt::format("\"{}\"", v); }
  std::string operator()(const Tensor& v) const {
    if (!is_numeric(v.data_type()) || v.num_elements() > 8) return v.type().to_string();
    std::vector<double> elements;
    for (std::int64_t i = 0; i < v.num_elements(); ++i) elements.push_back(v.get_double(i));
    return fmt::format("{}{{{}}}", v.type().to_string(), fmt::join(elements, ","));
  }
  std::string operator()(const Subgraph& v) const {
    std::vector<std::string> operators;
    for (const NodeId id : v.graph->node_ids()) operators.push_back(v.graph->node(id).op_type);
    constexpr std::size_t kMost = 8;
    if (operators.size() > kMost) return fmt::format("graph({} nodes)", operators.size());
    return fmt::format("graph({})", fmt::join(operators, ","));
  }
  std::string operator()(const Type& v) const { return v.to_string(); }
  template <typename T>
  std::string operator()(const std::vector<T>& v) const {
    std::vector<std::string> parts;
    for (const T& item : v) parts.push_back((*this)(item));
    return fmt::format("[{}]", fmt::join(parts, ","));
  }
};

// Of two values of one kind.
struct Comparison {
  bool operator()(const Tensor& a, const Tensor& b) const { return a.identical(b); }
  bool operator()(const Subgraph& a, const Subgraph& b) const {
    return a.graph == b.graph && a.captures == b.captures;
  }
  // As bits: NaN equals itself.
  bool operator()(float a, float b) const {
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
  }
  template <typename T>
  bool operator()(const std::vector<T>& a, const std::vector<T>& b) const {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), *this);
  }
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return a == b;
  }
};

}  // namespace

bool identical(const Attribute& a, const Attribute& b) {
  return a.index() == b.index() &&
         std::visit([&]<typename T>(const T& value) { return Comparison{}(value, std::get<T>(b)); },
                    a);
}

bool identical(const AttributeMap& a, const AttributeMap& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && identical(x.second, y.second);
  });
}

std::string to_string(const Attribute& attribute) { return std::visit(Printer{}, attribute); }

}  // namespace lathe::ir
