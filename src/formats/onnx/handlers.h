// Which operators are read from ONNX files, and how nodes of older opsets become canonical ones.
//
// Adding an operator: one line in handlers.inc, and, where older opsets meant something else, one
// function upgrade_name in upgrade_name.cc, declared in upgrades.h.
#pragma once

#include <span>
#include <string_view>

#include "formats/onnx/node_upgrade.h"

namespace lathe::formats {

// Opsets of the default domain that are read. 22 and 23 changed none of the operators in
// handlers.inc but for element types and two attributes of the quantization operators, which shape
// inference refuses.
inline constexpr int kOldestOpset = 7;
inline constexpr int kNewestOpset = 23;

using UpgradeFn = Status (*)(NodeUpgrade&);

struct OperatorHandler {
  std::string_view domain;
  std::string_view name;
  int since;          // see handlers.inc
  int changed;        // nodes of an older opset are handed to `upgrade`
  UpgradeFn upgrade;  // null where nothing is to be done
};

// All of handlers.inc, in its order.
std::span<const OperatorHandler> operator_handlers();

// Null where Lathe does not read the operator: it has no handler, or ops/ does not know it.
// Constant has no entry in ops/: reading makes graph constants of it.
const OperatorHandler* find_handler(std::string_view domain, std::string_view op_type);

}  // namespace lathe::formats
