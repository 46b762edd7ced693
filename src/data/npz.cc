#include <cstdint>

#include "data/npy.h"
#include "data/zip.h"

namespace lathe::data {
namespace {

constexpr std::string_view kSuffix = ".npy";
constexpr std::uint64_t kMaxTotalBytes = std::uint64_t{16} << 30;

}  // namespace

Result<std::map<std::string, ir::Tensor>> parse_npz(std::span<const std::byte> bytes) {
  ASSIGN_OR_RETURN(const std::vector<ZipMember> members, read_zip_directory(bytes));
  std::map<std::string, ir::Tensor> arrays;
  std::uint64_t total = 0;
  for (const ZipMember& member : members) {
    if (!member.name.ends_with(kSuffix)) continue;
    if (member.bytes > kMaxTotalBytes - total) {
      return error(ErrorCode::kResourceExhausted, "the arrays take more than {} bytes together",
                   kMaxTotalBytes);
    }
    total += member.bytes;
    ASSIGN_OR_RETURN(const std::string content, extract(bytes, member));
    ASSIGN_OR_RETURN(ir::Tensor array,
                     parse_npy(std::as_bytes(std::span(content))).with_context(member.name));
    arrays.emplace(member.name.substr(0, member.name.size() - kSuffix.size()), std::move(array));
  }
  return arrays;
}

Result<std::map<std::string, ir::Tensor>> read_npz(const Path& path) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
  return parse_npz(file.bytes()).with_context(path.string());
}

Status write_npz(const Path& path, const std::map<std::string, ir::Tensor>& arrays) {
  ZipWriter writer;
  for (const auto& [name, array] : arrays) {
    ASSIGN_OR_RETURN(const std::string content, format_npy(array).with_context(name));
    writer.add(name + std::string(kSuffix), content);
  }
  return write_file_atomic(path, writer.finish());
}

}  // namespace lathe::data
