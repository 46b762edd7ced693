#include <unordered_map>

#include "ops/op_def.h"

namespace lathe::ops {

#define LATHE_OP(name) OpDef define_##name();
#include "ops/ops.inc"
#undef LATHE_OP

namespace {

struct Registry {
  std::vector<OpDef> ops;
  std::unordered_map<OpName, const OpDef*, OpNameHash> by_name;

  Registry()
      : ops{
#define LATHE_OP(name) define_##name(),
#include "ops/ops.inc"
#undef LATHE_OP
        } {
    for (OpDef& op : ops) {
      const int opset = op.domain.empty() ? ir::kCanonicalOpset : newest_opset(op.domain);
      op.signature = find_signature(op.domain, op.name, opset);
      if (op.signature == nullptr) fatal(fmt::format("no signature of {}", op.name));
      by_name.emplace(OpName{op.domain, op.name}, &op);
    }
  }
};

const Registry& registry() {
  static const Registry made;
  return made;
}

}  // namespace

std::span<const OpDef> all_ops() { return registry().ops; }

const OpDef* find_op(std::string_view domain, std::string_view name) {
  const auto it = registry().by_name.find({domain, name});
  return it == registry().by_name.end() ? nullptr : it->second;
}

}  // namespace lathe::ops
