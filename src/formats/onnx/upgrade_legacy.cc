// Operators whose form changed before opset 7.
#include "formats/onnx/upgrades.h"

namespace lathe::formats {

// The type was a name.
Status upgrade_cast(NodeUpgrade& upgrade) {
  const auto name = upgrade.take<std::string>("to");
  if (!name) return {};
  std::string word;
  for (const char c : *name) word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (word == "float") word = "float32";
  if (word == "double") word = "float64";
  ASSIGN_OR_RETURN(const ir::DataType type, ir::parse_data_type(word));
  upgrade.set_attribute("to", static_cast<std::int64_t>(type));
  return {};
}

// The exponent of the norm was real.
Status upgrade_lp_pool(NodeUpgrade& upgrade) {
  const auto it = upgrade.node().attributes.find("p");
  if (it == upgrade.node().attributes.end() || !std::holds_alternative<float>(it->second))
    return {};
  const float p = std::get<float>(it->second);
  if (!(p >= 1 && p <= 1e6F) || p != static_cast<float>(static_cast<std::int64_t>(p)))
    return unsupported("attribute 'p' is {}, expected a whole number", p);
  upgrade.set_attribute("p", static_cast<std::int64_t>(p));
  return {};
}

// All of the output, or the last of it alone; today those are two outputs, of which a node has
// those that are read.
Status upgrade_recurrent(NodeUpgrade& upgrade) {
  upgrade.take<std::int64_t>("output_sequence");
  return {};
}

// One axis was repeated.
Status upgrade_tile(NodeUpgrade& upgrade) {
  if (upgrade.node().inputs.size() < 3) return {};
  const ir::Tensor* tiles = upgrade.constant(1);
  const ir::Tensor* axis = upgrade.constant(2);
  const auto& shape = upgrade.input_type(0).shape;
  if (tiles == nullptr || axis == nullptr || !shape || tiles->num_elements() != 1 ||
      axis->num_elements() != 1 || !ir::is_numeric(tiles->data_type()) ||
      !ir::is_numeric(axis->data_type()))
    return unsupported("tiles and axis of opset {} that are not constant", upgrade.opset());
  std::vector<std::int64_t> repeats(shape->size(), 1);
  const std::int64_t at = axis->get_int64(0);
  if (at < 0 || at >= static_cast<std::int64_t>(repeats.size()))
    return invalid_data("axis is {} for rank {}", at, repeats.size());
  repeats[static_cast<std::size_t>(at)] = tiles->get_int64(0);
  upgrade.truncate_inputs(1);
  upgrade.set_constant_input(1, "repeats", ir::Tensor::vector_int64(repeats));
  return {};
}

}  // namespace lathe::formats
