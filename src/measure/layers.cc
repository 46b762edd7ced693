#include "measure/layers.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <set>
#include <string_view>

#include "base/words.h"

namespace lathe::measure {
namespace {

// A leading separator is left out.
std::string_view trimmed(std::string_view name, char separator) {
  while (name.starts_with(separator)) name.remove_prefix(1);
  return name;
}

// "conv.weight" and "layer.0.conv" lie in something; what exporters number, "input.4", does not.
bool has_parts(std::string_view name, char separator) {
  const std::size_t last = trimmed(name, separator).rfind(separator);
  if (last == std::string_view::npos) return false;
  const std::string_view own = trimmed(name, separator).substr(last + 1);
  return !own.empty() && !std::all_of(own.begin(), own.end(), [](unsigned char letter) {
    return std::isdigit(letter) != 0;
  });
}

std::string_view layer_of(std::string_view name, char separator, int depth) {
  name = trimmed(name, separator);
  const std::size_t own = name.rfind(separator);
  if (own == std::string_view::npos) return name;
  std::size_t end = std::string_view::npos;
  for (std::size_t from = 0; depth > 0; --depth, from = end + 1) {
    end = name.find(separator, from);
    if (end >= own) return name.substr(0, own);
  }
  return name.substr(0, end);
}

std::vector<std::string> layers_at(std::span<const std::string> nodes, char separator, int depth) {
  std::vector<std::string> layers;
  for (const std::string& node : nodes) layers.emplace_back(layer_of(node, separator, depth));
  return layers;
}

std::size_t count_different(const std::vector<std::string>& layers) {
  return std::set<std::string_view>(layers.begin(), layers.end()).size();
}

}  // namespace

Layers find_layers(std::span<const std::string> nodes, int depth) {
  for (const char separator : {'/', '.'}) {
    const auto with_parts = std::count_if(nodes.begin(), nodes.end(), [&](const std::string& node) {
      return has_parts(node, separator);
    });
    if (with_parts * 2 < std::ssize(nodes) || with_parts == 0) continue;
    Layers layers{separator, std::max(1, depth), {}};
    layers.names = layers_at(nodes, separator, layers.depth);
    while (depth == 0) {
      std::vector<std::string> deeper = layers_at(nodes, separator, layers.depth + 1);
      if (deeper == layers.names || count_different(deeper) > kMostLayers) break;
      layers.names = std::move(deeper);
      ++layers.depth;
    }
    return layers;
  }
  return {};
}

std::string describe(const Layers& layers) {
  if (layers.separator == 0) return "the nodes' names have no parts that tell of layers";
  return layers.depth == 1
             ? fmt::format("the first part of the nodes' names, up to '{}'", layers.separator)
             : fmt::format("the first {} parts of the nodes' names, between '{}'", layers.depth,
                           layers.separator);
}

}  // namespace lathe::measure
