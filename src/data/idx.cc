#include "data/idx.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "data/byte_order.h"
#include "data/inflate.h"

namespace lathe::data {
namespace {

constexpr std::size_t kMaxRank = 8;

Result<ir::DataType> element_type(std::uint8_t code) {
  switch (code) {
    case 0x08:
      return ir::DataType::kUint8;
    case 0x09:
      return ir::DataType::kInt8;
    case 0x0b:
      return ir::DataType::kInt16;
    case 0x0c:
      return ir::DataType::kInt32;
    case 0x0d:
      return ir::DataType::kFloat32;
    case 0x0e:
      return ir::DataType::kFloat64;
    default:
      return invalid_data("not an IDX file: element type 0x{:02x}", code);
  }
}

// The file's bytes in order, decompressed where it is gzipped.
class Source {
 public:
  explicit Source(std::span<const std::byte> bytes) : bytes_(bytes) {
    if (bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b}) {
      inflater_.emplace(bytes, DeflateFormat::kGzip);
    }
  }

  // The most bytes that can still come.
  [[nodiscard]] std::size_t bound() const {
    if (!inflater_) return bytes_.size();
    constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / kMaxDeflateRatio;
    return std::min(bytes_.size(), kMost) * kMaxDeflateRatio;
  }

  Status read(std::span<std::byte> out) {
    if (inflater_) return inflater_->read(out);
    if (out.size() > bytes_.size()) {
      return invalid_data("the file ends {} bytes early", out.size() - bytes_.size());
    }
    if (!out.empty()) std::memcpy(out.data(), bytes_.data(), out.size());
    bytes_ = bytes_.subspan(out.size());
    return {};
  }

  Status finish() {
    if (inflater_) return inflater_->finish();
    if (!bytes_.empty()) return invalid_data("{} bytes follow the last element", bytes_.size());
    return {};
  }

 private:
  std::span<const std::byte> bytes_;
  std::optional<Inflater> inflater_;
};

}  // namespace

Result<ir::Tensor> parse_idx(std::span<const std::byte> bytes) {
  Source source(bytes);
  std::array<std::byte, 4> magic{};
  RETURN_IF_ERROR(source.read(magic).with_context("IDX header"));
  if (magic[0] != std::byte{0} || magic[1] != std::byte{0}) {
    return invalid_data("not an IDX file: it begins with 0x{:02x}{:02x}, expected 0x0000",
                        std::to_integer<int>(magic[0]), std::to_integer<int>(magic[1]));
  }
  ASSIGN_OR_RETURN(const ir::DataType type, element_type(std::to_integer<std::uint8_t>(magic[2])));
  const auto rank = std::to_integer<std::size_t>(magic[3]);
  if (rank == 0 || rank > kMaxRank) {
    return invalid_data("IDX file with {} dimensions, expected 1 to {}", rank, kMaxRank);
  }
  std::vector<std::byte> extents(4 * rank);
  RETURN_IF_ERROR(source.read(extents).with_context("IDX header"));
  std::vector<std::int64_t> dims;
  for (std::size_t i = 0; i < rank; ++i) {
    dims.push_back(load_big<std::uint32_t>(extents.data() + 4 * i));
  }

  ASSIGN_OR_RETURN(const std::int64_t count, ir::element_count(dims));
  const auto element_bytes = static_cast<std::size_t>(ir::bits_per_element(type)) / 8;
  if (static_cast<std::size_t>(count) > source.bound() / element_bytes) {
    return invalid_data("IDX header declares {}{}, more than the file's {} bytes can hold",
                        ir::data_type_name(type), ir::to_string(dims), bytes.size());
  }
  ASSIGN_OR_RETURN(ir::Tensor tensor, ir::Tensor::create(type, dims));
  RETURN_IF_ERROR(source.read(tensor.mutable_bytes()));
  RETURN_IF_ERROR(source.finish());
  swap_elements(tensor.mutable_bytes(),
                std::endian::native == std::endian::big ? 1 : element_bytes);
  return tensor;
}

Result<ir::Tensor> read_idx(const Path& path) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
  return parse_idx(file.bytes()).with_context(path.string());
}

}  // namespace lathe::data
