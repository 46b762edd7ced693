// Zip archives in memory. Format: PKWARE APPNOTE.TXT 6.3, the parts that NumPy's archives use:
// stored and deflated members, zip64; no encryption, no archives in several pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lathe::data {

struct ZipMember {
  std::string name;
  std::uint64_t compressed_bytes = 0;
  std::uint64_t bytes = 0;  // when extracted
  std::uint64_t header_offset = 0;
  std::uint32_t crc = 0;
  std::uint16_t method = 0;  // 0 stored, 8 deflated
};

// The members in the order of the central directory. Checked: they lie within the archive, do not
// take more bytes together than it has, and declare no more than deflate can hold; names are
// unique.
Result<std::vector<ZipMember>> read_zip_directory(std::span<const std::byte> archive);

// The content of a member that read_zip_directory gave for this archive, its checksum verified.
Result<std::string> extract(std::span<const std::byte> archive, const ZipMember& member);

// Builds an archive of stored members. Members or offsets beyond 4 GiB are written as zip64, with
// `force_zip64` all of them.
class ZipWriter {
 public:
  explicit ZipWriter(bool force_zip64 = false) : force_zip64_(force_zip64) {}
  // `name` is ours: unique and shorter than 64 KiB.
  void add(std::string_view name, std::string_view content);
  // The archive; the writer is empty afterwards.
  std::string finish();

 private:
  bool force_zip64_;
  std::string archive_;
  std::string directory_;
  std::uint64_t members_ = 0;
};

}  // namespace lathe::data
