#include "ops/output_type.h"

namespace lathe::ops {

Result<ir::DataType> output_type(const InferContext& context, std::string_view attribute,
                                 ir::DataType otherwise) {
  const ir::Node& node = context.node();
  const TypeSet& allowed = find_op(node.domain, node.op_type)->signature->output(0)->types;
  const std::int64_t* stated = context.attributes().find_int(attribute);
  if (stated == nullptr) {
    if (otherwise == ir::DataType::kUndefined || allowed.contains_tensor(otherwise))
      return otherwise;
    return invalid_data("attribute '{}' is missing, and the output cannot be {} as the input is",
                        attribute, ir::data_type_name(otherwise));
  }
  const auto number = static_cast<std::int32_t>(*stated);
  if (*stated != number || number == 0 || !ir::is_known_data_type(number))
    return invalid_data("attribute '{}' is {}, which is no element type", attribute, *stated);
  const auto type = static_cast<ir::DataType>(number);
  if (allowed.contains_tensor(type)) return type;
  return invalid_data("attribute '{}' is {}, expected {}", attribute, ir::data_type_name(type),
                      allowed.to_string());
}

}  // namespace lathe::ops
