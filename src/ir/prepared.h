// What a compiled model carries beside its graph: weights as the native engine's kernels read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/attribute.h"

namespace lathe::ir {

// Constants of the graph as one kernel reads them.
struct PackedConstants {
  int region = 0;      // of the program that the graph makes (engine/program.h)
  std::string kernel;  // by name
  // As the engine's PackingKey has them.
  std::vector<ValueId> constants;
  std::vector<std::int64_t> parameters;
  std::span<const std::byte> bytes;  // at a multiple of 64
};

// The graph beside it has been through the passes already: nothing but the native engine and the
// evaluator runs it, and nothing rewrites it. Immutable.
struct Prepared {
  std::string source;         // the name of the file that was compiled
  std::string lathe_version;  // that compiled it
  std::string isa;            // that its kernels need
  int packing_version = 0;    // kernels::kPackingVersion
  std::vector<PackedConstants> packed;
  // Constants that are there for what needs another packing. They are read from the file when that
  // happens, and have not been looked at before.
  std::vector<ValueId> spare;
  // Whether their bytes are those that were written; the error says that they are damaged.
  std::function<Status()> check_spare;
  std::shared_ptr<const void> memory;  // keeps the bytes of `packed`
};

}  // namespace lathe::ir
