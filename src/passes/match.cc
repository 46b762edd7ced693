#include "passes/match.h"

#include <algorithm>
#include <cmath>

namespace lathe::passes {
namespace {

bool is_close(double a, double b) { return std::abs(a - b) <= 1e-5 * std::abs(b); }

// Longer products are none that an exporter writes.
constexpr std::size_t kMostFactors = 8;

void collect(const ir::Graph& graph, ir::ValueId value, Product& product) {
  if (const auto constant = number(graph, value)) {
    product.number *= *constant;
    return;
  }
  const ir::Node* node = graph.producer(value);
  if (node != nullptr && product.factors.size() < kMostFactors) {
    if (node->is("Mul")) {
      collect(graph, node->input(0), product);
      collect(graph, node->input(1), product);
      return;
    }
    const auto exponent = node->is("Pow") ? number(graph, node->input(1)) : std::nullopt;
    if (exponent && (*exponent == 2 || *exponent == 3)) {
      for (int i = 0; i < static_cast<int>(*exponent); ++i) collect(graph, node->input(0), product);
      return;
    }
    const auto divisor = node->is("Div") ? number(graph, node->input(1)) : std::nullopt;
    if (divisor && *divisor != 0) {
      collect(graph, node->input(0), product);
      product.number /= *divisor;
      return;
    }
  }
  product.factors.push_back(value);
}

}  // namespace

const ir::Node* made_by(const ir::Graph& graph, ir::ValueId value, std::string_view op) {
  const ir::Node* node = graph.producer(value);
  return node != nullptr && node->is(op) ? node : nullptr;
}

std::optional<double> number(const ir::Graph& graph, ir::ValueId value) {
  const ir::Tensor* tensor = graph.constant(value);
  if (tensor == nullptr || !ir::is_numeric(tensor->data_type()) || tensor->num_elements() != 1 ||
      !tensor->has_elements())
    return std::nullopt;
  return tensor->get_double(0);
}

bool is_number(const ir::Graph& graph, ir::ValueId value, double wanted) {
  const auto found = number(graph, value);
  return found && is_close(*found, wanted);
}

std::optional<WithNumber> with_number(const ir::Graph& graph, const ir::Node* node) {
  if (node == nullptr || node->inputs.size() != 2) return std::nullopt;
  for (const std::size_t slot : {std::size_t{1}, std::size_t{0}}) {
    const auto constant = number(graph, node->input(slot));
    if (constant) return WithNumber{node->input(1 - slot), *constant};
  }
  return std::nullopt;
}

Product factors_of(const ir::Graph& graph, ir::ValueId value) {
  Product product;
  collect(graph, value, product);
  std::sort(product.factors.begin(), product.factors.end());
  return product;
}

bool is_product(const Product& product, double wanted, std::vector<ir::ValueId> factors) {
  std::sort(factors.begin(), factors.end());
  return is_close(product.number, wanted) && product.factors == factors;
}

}  // namespace lathe::passes
