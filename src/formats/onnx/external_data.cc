#include "formats/onnx/external_data.h"

#include <algorithm>

#include "formats/onnx/names.h"
#include "formats/onnx/tensor_bytes.h"

namespace lathe::formats {

Status check_location(const std::string& location) {
  if (location.empty()) return invalid_data("external data has no location");
  RETURN_IF_ERROR(check_name(location, "external data location"));
  const Path path(location);
  if (path.is_absolute()) {
    return invalid_data(
        "external data location '{}' is absolute, expected one inside the model's "
        "folder",
        printable(location));
  }
  if (std::find(path.begin(), path.end(), "..") != path.end()) {
    return invalid_data("external data location '{}' leaves the model's folder",
                        printable(location));
  }
  return {};
}

Result<ExternalData::File*> ExternalData::open(const std::string& location) {
  was_asked_ = true;
  if (const auto it = files_.find(location); it != files_.end()) return &it->second;
  RETURN_IF_ERROR(check_location(location));
  if (!folder_) {
    return error(ErrorCode::kUnavailable,
                 "external data '{}' cannot be read: the model was not read from a file",
                 printable(location));
  }
  std::error_code failed;
  const Path folder = std::filesystem::canonical(folder_->empty() ? Path(".") : *folder_, failed);
  if (failed) {
    return error(ErrorCode::kIo, "{}: {}", folder_->string(), failed.message());
  }
  const Path target = std::filesystem::canonical(folder / location, failed);
  if (failed) {
    return error(ErrorCode::kNotFound, "external data '{}': {}", printable(location),
                 failed.message());
  }
  const auto [folder_end, ignored] =
      std::mismatch(folder.begin(), folder.end(), target.begin(), target.end());
  if (folder_end != folder.end()) {
    return invalid_data("external data location '{}' is a link that leaves the model's folder",
                        printable(location));
  }
  ASSIGN_OR_RETURN(MappedFile content, MappedFile::open(target));
  const LentBytes bytes{content.bytes(), nullptr};
  return &files_.emplace(location, File{std::move(content), bytes, 0}).first->second;
}

void ExternalData::lend(const std::string& location, LentBytes bytes) {
  files_.emplace(location, File{std::nullopt, std::move(bytes), 0});
}

namespace {

bool can_be_borrowed(ir::DataType type, std::span<const std::byte> bytes) {
  const int bits = ir::bits_per_element(type);
  if (type == ir::DataType::kBool || bits < 8 || bits % 8 != 0) return false;
  return reinterpret_cast<std::uintptr_t>(bytes.data()) % static_cast<std::uintptr_t>(bits / 8) ==
         0;
}

}  // namespace

Result<ir::Tensor> ExternalData::read(const ExternalLocation& where, ir::DataType type,
                                      std::span<const std::int64_t> dims) {
  ASSIGN_OR_RETURN(const std::int64_t expected, tensor_byte_size(type, dims));
  ASSIGN_OR_RETURN(File* const file, open(where.location));
  const auto size = static_cast<std::int64_t>(file->content.bytes.size());
  if (where.offset < 0 || where.offset > size) {
    return invalid_data("external data offset is {}, expected 0 to {}, the size of '{}'",
                        where.offset, size, printable(where.location));
  }
  const std::int64_t left = size - where.offset;
  const std::int64_t length = where.length.value_or(left);
  if (length < 0 || length > left) {
    return invalid_data(
        "external data length is {}, expected 0 to {}, what is left of '{}' behind "
        "offset {}",
        length, left, printable(where.location), where.offset);
  }
  if (length != expected) {
    return invalid_data("external data has {} bytes, expected {} for {}", length, expected,
                        describe_tensor(type, dims));
  }
  const auto key = std::make_tuple(where.location, where.offset, type, length);
  const auto known = tensors_.find(key);
  // 4-bit tensors of different counts can take the same number of bytes.
  if (known != tensors_.end() && ir::element_count(dims).value() == known->second.num_elements()) {
    return known->second.reshaped(dims);
  }
  file->bytes_read += length;
  if (file->bytes_read > size) {
    return invalid_data("external data regions of '{}' overlap: they take more than its {} bytes",
                        printable(where.location), size);
  }
  const auto bytes = file->content.bytes.subspan(static_cast<std::size_t>(where.offset),
                                                 static_cast<std::size_t>(length));
  const bool borrow = file->content.lender != nullptr && can_be_borrowed(type, bytes);
  ASSIGN_OR_RETURN(ir::Tensor tensor,
                   borrow ? ir::Tensor::borrow(type, dims, bytes, file->content.lender)
                          : tensor_from_bytes(type, dims, bytes));
  tensors_.insert_or_assign(key, tensor);
  return tensor;
}

}  // namespace lathe::formats
