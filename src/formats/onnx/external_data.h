// Weights that a model keeps in files beside it (ONNX: TensorProto.data_location = EXTERNAL).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>

#include "base/file.h"
#include "formats/onnx/cut_payloads.h"
#include "ir/tensor.h"

namespace lathe::formats {

// Where a tensor's bytes are, as its external_data entries say. Not checked yet.
struct ExternalLocation {
  std::string location;  // relative to the model's folder
  std::int64_t offset = 0;
  std::optional<std::int64_t> length;  // absent: to the end of the file
};

// Bytes in memory that stand for a file of external data.
struct LentBytes {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> lender;  // keeps them
};

// Whether a location names a file inside the model's folder, as far as its name tells.
Status check_location(const std::string& location);

// Reads such tensors. Files must lie inside the model's folder, also once symbolic links are
// followed. Tensors that name the same bytes share them, and what is read in all is bounded by the
// sizes of the files, so that a small model cannot ask for much memory by naming the same bytes
// often. Not safe to share between threads.
class ExternalData {
 public:
  // Without a folder every read is an error.
  explicit ExternalData(std::optional<Path> folder) : folder_(std::move(folder)) {}

  // A tensor of a type whose elements have a fixed size; `dims` have been checked.
  Result<ir::Tensor> read(const ExternalLocation& where, ir::DataType type,
                          std::span<const std::int64_t> dims);

  // Bytes for a location, instead of a file. Tensors borrow them where their elements are of a type
  // of which all bits are valid, and lie at a multiple of their size.
  void lend(const std::string& location, LentBytes bytes);

  // Large tensors of the model itself, which protobuf has not seen.
  Payloads payloads;
  // Whether the payloads lie in a mapped file, whose pages can be given back once they are read.
  bool payloads_are_mapped = false;

  // Whether any file was asked for, be it in vain.
  [[nodiscard]] bool was_asked() const { return was_asked_; }

 private:
  struct File {
    std::optional<MappedFile> mapped;
    LentBytes content;  // without a lender where it is that of `mapped`
    std::int64_t bytes_read = 0;
  };
  Result<File*> open(const std::string& location);

  std::optional<Path> folder_;
  bool was_asked_ = false;
  std::map<std::string, File> files_;
  std::map<std::tuple<std::string, std::int64_t, ir::DataType, std::int64_t>, ir::Tensor> tensors_;
};

}  // namespace lathe::formats
