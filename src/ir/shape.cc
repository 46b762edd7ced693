#include "ir/shape.h"

#include <algorithm>
#include <fmt/ranges.h>

namespace lathe::ir {

Shape make_shape(std::span<const std::int64_t> dims) { return {dims.begin(), dims.end()}; }

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ',';
    text += shape[i].to_string();
  }
  return text + "]";
}

std::string to_string(const std::vector<std::int64_t>& dims) {
  return fmt::format("[{}]", fmt::join(dims, ","));
}

bool fully_known(const Shape& shape) {
  return std::all_of(shape.begin(), shape.end(), [](const Dim& dim) { return dim.known(); });
}

std::optional<std::vector<std::int64_t>> known_dims(const Shape& shape) {
  if (!fully_known(shape)) return std::nullopt;
  std::vector<std::int64_t> dims;
  dims.reserve(shape.size());
  for (const Dim& dim : shape) dims.push_back(dim.value());
  return dims;
}

Result<std::int64_t> element_count(std::span<const std::int64_t> dims) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 56;
  std::int64_t count = 1;
  bool empty = false;
  const auto text = [&] { return to_string(std::vector(dims.begin(), dims.end())); };
  for (const std::int64_t dim : dims) {
    if (dim < 0) return invalid_data("shape {} has a negative extent", text());
    if (dim == 0) {
      empty = true;
    } else if (count > kLimit / dim) {
      return error(ErrorCode::kResourceExhausted, "shape {} has too many elements", text());
    } else {
      count *= dim;
    }
  }
  return empty ? 0 : count;
}

Status check_extents(const Shape& shape) {
  std::vector<std::int64_t> known;
  for (const Dim& dim : shape) {
    if (dim.known()) known.push_back(dim.value());
  }
  RETURN_IF_ERROR(element_count(known));
  return {};
}

std::string TensorType::to_string() const {
  return std::string(data_type_name(data_type)) + (shape ? ir::to_string(*shape) : "[*]");
}

}  // namespace lathe::ir
