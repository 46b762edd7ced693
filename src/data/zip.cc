#include "data/zip.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <zlib.h>

#include "data/byte_order.h"
#include "data/inflate.h"

namespace lathe::data {
namespace {

constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::uint32_t kDirectorySignature = 0x02014b50;
constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::uint32_t kEnd64Signature = 0x06064b50;
constexpr std::uint32_t kLocator64Signature = 0x07064b50;
constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kDirectoryBytes = 46;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::size_t kLocator64Bytes = 20;
constexpr std::size_t kMaxComment = 0xffff;
constexpr std::uint16_t kZip64Extra = 1;
constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;

// Reads fields by offset; the caller has checked that the record lies within the archive.
class Record {
 public:
  explicit Record(std::span<const std::byte> bytes) : bytes_(bytes) {}
  [[nodiscard]] std::uint16_t u16(std::size_t at) const {
    return load_little<std::uint16_t>(bytes_.data() + at);
  }
  [[nodiscard]] std::uint32_t u32(std::size_t at) const {
    return load_little<std::uint32_t>(bytes_.data() + at);
  }
  [[nodiscard]] std::uint64_t u64(std::size_t at) const {
    return load_little<std::uint64_t>(bytes_.data() + at);
  }

 private:
  std::span<const std::byte> bytes_;
};

// The part [offset, offset + count) of the archive, or nothing where it is not inside.
std::optional<std::span<const std::byte>> part(std::span<const std::byte> archive,
                                               std::uint64_t offset, std::uint64_t count) {
  if (offset > archive.size() || count > archive.size() - offset) return std::nullopt;
  return archive.subspan(offset, count);
}

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t members = 0;
};

Result<Directory> find_directory64(std::span<const std::byte> archive, std::size_t end) {
  const auto locator =
      end < kLocator64Bytes ? std::nullopt : part(archive, end - kLocator64Bytes, kLocator64Bytes);
  if (!locator || Record(*locator).u32(0) != kLocator64Signature) {
    return invalid_data("zip64 archive without its locator");
  }
  const auto bytes = part(archive, Record(*locator).u64(8), kEnd64Bytes);
  if (!bytes || Record(*bytes).u32(0) != kEnd64Signature) {
    return invalid_data("zip64 archive without its end record");
  }
  const Record record(*bytes);
  if (record.u32(16) != 0 || record.u32(20) != 0) return unsupported("zip archives in pieces");
  return Directory{record.u64(48), record.u64(40), record.u64(32)};
}

Result<Directory> find_directory(std::span<const std::byte> archive) {
  if (archive.size() < kEndBytes)
    return invalid_data("not a zip archive: {} bytes", archive.size());
  const std::size_t last = archive.size() - kEndBytes;
  const std::size_t first = last - std::min(last, kMaxComment);
  for (std::size_t at = last + 1; at-- > first;) {
    const Record record(archive.subspan(at, kEndBytes));
    if (record.u32(0) != kEndSignature || record.u16(20) != last - at) continue;
    const Directory directory{record.u32(16), record.u32(12), record.u16(10)};
    if (directory.offset == 0xffffffff || directory.bytes == 0xffffffff ||
        directory.members == 0xffff) {
      return find_directory64(archive, at);
    }
    if (record.u16(4) != 0 || record.u16(6) != 0) return unsupported("zip archives in pieces");
    return directory;
  }
  return invalid_data("not a zip archive: no end record");
}

// Takes the fields that do not fit 32 bits from the zip64 extra field, in its fixed order.
Status widen(ZipMember& member, std::span<const std::byte> extra) {
  std::uint64_t* fields[] = {&member.bytes, &member.compressed_bytes, &member.header_offset};
  if (std::none_of(std::begin(fields), std::end(fields),
                   [](const std::uint64_t* field) { return *field == 0xffffffff; })) {
    return {};
  }
  while (extra.size() >= 4) {
    const Record head(extra);
    const std::size_t count = head.u16(2);
    if (count > extra.size() - 4) break;
    if (head.u16(0) == kZip64Extra) {
      std::span<const std::byte> values = extra.subspan(4, count);
      for (std::uint64_t* field : fields) {
        if (*field != 0xffffffff) continue;
        if (values.size() < 8) return invalid_data("zip64 field ends early");
        *field = Record(values).u64(0);
        values = values.subspan(8);
      }
      return {};
    }
    extra = extra.subspan(4 + count);
  }
  return invalid_data("zip64 field missing");
}

Status check_member(const ZipMember& member, std::uint16_t flags) {
  if ((flags & 1) != 0) return unsupported("encrypted zip members");
  if (member.method == kStored) {
    if (member.bytes == member.compressed_bytes) return {};
    return invalid_data("stored {} bytes as {}", member.bytes, member.compressed_bytes);
  }
  if (member.method != kDeflated) return unsupported("zip compression method {}", member.method);
  if (member.bytes / kMaxDeflateRatio > member.compressed_bytes) {
    return invalid_data("{} bytes cannot be compressed to {}", member.bytes,
                        member.compressed_bytes);
  }
  return {};
}

}  // namespace

Result<std::vector<ZipMember>> read_zip_directory(std::span<const std::byte> archive) {
  ASSIGN_OR_RETURN(const Directory directory, find_directory(archive));
  const auto found = part(archive, directory.offset, directory.bytes);
  if (!found || directory.members > directory.bytes / kDirectoryBytes) {
    return invalid_data("zip directory of {} members, {} bytes at {}, in an archive of {} bytes",
                        directory.members, directory.bytes, directory.offset, archive.size());
  }
  std::span<const std::byte> rest = *found;
  std::vector<ZipMember> members;
  std::set<std::string_view> names;
  // Members that share their bytes are how small archives come to hold petabytes.
  std::uint64_t unclaimed = archive.size();
  for (std::uint64_t i = 0; i < directory.members; ++i) {
    const Record record(rest);
    if (rest.size() < kDirectoryBytes || record.u32(0) != kDirectorySignature) {
      return invalid_data("zip directory: no entry {} of {}", i, directory.members);
    }
    const std::size_t name_bytes = record.u16(28);
    const std::size_t extra_bytes = record.u16(30);
    const std::size_t total = kDirectoryBytes + name_bytes + extra_bytes + record.u16(32);
    if (total > rest.size()) return invalid_data("zip directory: entry {} ends early", i);
    ZipMember member;
    member.name.assign(reinterpret_cast<const char*>(rest.data()) + kDirectoryBytes, name_bytes);
    member.method = record.u16(10);
    member.crc = record.u32(16);
    member.compressed_bytes = record.u32(20);
    member.bytes = record.u32(24);
    member.header_offset = record.u32(42);
    const std::string where = "zip member " + member.name;
    RETURN_IF_ERROR(
        widen(member, rest.subspan(kDirectoryBytes + name_bytes, extra_bytes)).with_context(where));
    RETURN_IF_ERROR(check_member(member, record.u16(8)).with_context(where));
    if (member.compressed_bytes > unclaimed) {
      return invalid_data("{}: the members take more bytes than the archive has", where);
    }
    unclaimed -= member.compressed_bytes;
    members.push_back(std::move(member));
    rest = rest.subspan(total);
  }
  for (const ZipMember& member : members) {
    if (!names.insert(member.name).second) {
      return invalid_data("zip directory: two members {}", member.name);
    }
  }
  return members;
}

Result<std::string> extract(std::span<const std::byte> archive, const ZipMember& member) {
  const auto header = part(archive, member.header_offset, kLocalBytes);
  if (!header || Record(*header).u32(0) != kLocalSignature) {
    return invalid_data("zip member {}: no header at {}", member.name, member.header_offset);
  }
  const Record record(*header);
  const std::uint64_t begin = member.header_offset + kLocalBytes + record.u16(26) + record.u16(28);
  const auto data = part(archive, begin, member.compressed_bytes);
  if (!data) return invalid_data("zip member {}: beyond the archive's end", member.name);

  std::string content;
  if (member.method == kStored) {
    content.assign(reinterpret_cast<const char*>(data->data()), data->size());
  } else {
    content.resize(member.bytes);
    Inflater inflater(*data, DeflateFormat::kRaw);
    const std::string where = "zip member " + member.name;
    RETURN_IF_ERROR(inflater.read(std::as_writable_bytes(std::span(content))).with_context(where));
    RETURN_IF_ERROR(inflater.finish().with_context(where));
  }
  const uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
  if (crc != member.crc) {
    return invalid_data("zip member {}: checksum {:08x}, expected {:08x}", member.name, crc,
                        member.crc);
  }
  return content;
}

void ZipWriter::add(std::string_view name, std::string_view content) {
  constexpr std::uint16_t kVersion64 = 45;
  constexpr std::uint16_t kUtf8Name = 1 << 11;
  constexpr std::uint16_t kFirstOfJanuary1980 = 0x21;  // zip's earliest date: archives stay equal
  const std::uint64_t offset = archive_.size();
  const bool wide = force_zip64_ || content.size() >= 0xffffffff || offset >= 0xffffffff;
  const auto crc = static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
  const auto size = wide ? 0xffffffffU : static_cast<std::uint32_t>(content.size());

  const auto common = [&](std::string& out, std::size_t extra_bytes) {
    append_little<std::uint16_t>(out, wide ? kVersion64 : 20);
    append_little<std::uint16_t>(out, kUtf8Name);
    append_little<std::uint16_t>(out, kStored);
    append_little<std::uint16_t>(out, 0);
    append_little<std::uint16_t>(out, kFirstOfJanuary1980);
    append_little<std::uint32_t>(out, crc);
    append_little<std::uint32_t>(out, size);
    append_little<std::uint32_t>(out, size);
    append_little<std::uint16_t>(out, static_cast<std::uint16_t>(name.size()));
    append_little<std::uint16_t>(out, static_cast<std::uint16_t>(extra_bytes));
  };
  const auto extra = [&](std::string& out, bool with_offset) {
    if (!wide) return;
    append_little<std::uint16_t>(out, kZip64Extra);
    append_little<std::uint16_t>(out, with_offset ? 24 : 16);
    append_little<std::uint64_t>(out, content.size());
    append_little<std::uint64_t>(out, content.size());
    if (with_offset) append_little<std::uint64_t>(out, offset);
  };

  append_little<std::uint32_t>(archive_, kLocalSignature);
  common(archive_, wide ? 20 : 0);
  archive_ += name;
  extra(archive_, false);
  archive_ += content;

  append_little<std::uint32_t>(directory_, kDirectorySignature);
  append_little<std::uint16_t>(directory_, wide ? kVersion64 : 20);
  common(directory_, wide ? 28 : 0);
  append_little<std::uint16_t>(directory_, 0);  // comment
  append_little<std::uint16_t>(directory_, 0);  // disk
  append_little<std::uint16_t>(directory_, 0);  // internal attributes
  append_little<std::uint32_t>(directory_, 0);  // external attributes
  append_little<std::uint32_t>(directory_, wide ? 0xffffffffU : static_cast<std::uint32_t>(offset));
  directory_ += name;
  extra(directory_, true);
  ++members_;
}

std::string ZipWriter::finish() {
  const std::uint64_t offset = archive_.size();
  const std::uint64_t bytes = directory_.size();
  const bool wide =
      force_zip64_ || offset >= 0xffffffff || bytes >= 0xffffffff || members_ >= 0xffff;
  std::string out = std::exchange(archive_, {});
  out += std::exchange(directory_, {});
  if (wide) {
    const std::uint64_t end64 = out.size();
    append_little<std::uint32_t>(out, kEnd64Signature);
    append_little<std::uint64_t>(out, kEnd64Bytes - 12);
    append_little<std::uint16_t>(out, 45);
    append_little<std::uint16_t>(out, 45);
    append_little<std::uint32_t>(out, 0);
    append_little<std::uint32_t>(out, 0);
    append_little<std::uint64_t>(out, members_);
    append_little<std::uint64_t>(out, members_);
    append_little<std::uint64_t>(out, bytes);
    append_little<std::uint64_t>(out, offset);
    append_little<std::uint32_t>(out, kLocator64Signature);
    append_little<std::uint32_t>(out, 0);
    append_little<std::uint64_t>(out, end64);
    append_little<std::uint32_t>(out, 1);
  }
  const auto count = wide ? std::uint16_t{0xffff} : static_cast<std::uint16_t>(members_);
  append_little<std::uint32_t>(out, kEndSignature);
  append_little<std::uint16_t>(out, 0);
  append_little<std::uint16_t>(out, 0);
  append_little<std::uint16_t>(out, count);
  append_little<std::uint16_t>(out, count);
  append_little<std::uint32_t>(out, wide ? 0xffffffffU : static_cast<std::uint32_t>(bytes));
  append_little<std::uint32_t>(out, wide ? 0xffffffffU : static_cast<std::uint32_t>(offset));
  append_little<std::uint16_t>(out, 0);
  members_ = 0;
  return out;
}

}  // namespace lathe::data
