#include "formats/onnx/handlers.h"

#include <map>
#include <utility>

#include "formats/onnx/upgrades.h"
#include "ops/op_def.h"

namespace lathe::formats {
namespace {

constexpr UpgradeFn keep = nullptr;  // NOLINT(*-identifier-naming): as handlers.inc reads

constexpr OperatorHandler kHandlers[] = {
#define LATHE_ONNX_OPERATOR(domain, name, since, changed, upgrade) \
  {domain, #name, since, changed, upgrade},
#include "formats/onnx/handlers.inc"
#undef LATHE_ONNX_OPERATOR
};

}  // namespace

std::span<const OperatorHandler> operator_handlers() { return kHandlers; }

const OperatorHandler* find_handler(std::string_view domain, std::string_view op_type) {
  using Key = std::pair<std::string_view, std::string_view>;
  static const std::map<Key, const OperatorHandler*> kByName = [] {
    std::map<Key, const OperatorHandler*> by_name;
    for (const OperatorHandler& handler : kHandlers) {
      const bool known = ops::find_op(handler.domain, handler.name) != nullptr ||
                         (handler.domain.empty() && handler.name == "Constant");
      if (known) by_name.emplace(Key(handler.domain, handler.name), &handler);
    }
    return by_name;
  }();
  const auto it = kByName.find(Key(domain, op_type));
  return it == kByName.end() ? nullptr : it->second;
}

}  // namespace lathe::formats
