// Whole files: read, map, and replace without ever leaving half a file behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace lathe {

using Path = std::filesystem::path;

// The whole content of a regular file. Errors name the path; a pipe is one, and is not waited for.
Result<std::string> read_file(const Path& path);

// Writes to a temporary name in the same folder, syncs, then renames over `path`: a reader sees the
// old file or the new one, and a crash in between loses neither. Where `path` is a symbolic link,
// what it points to is replaced. What is no regular file (/dev/stdout, a pipe) is written to as it
// is. The folder has to exist.
Status write_file_atomic(const Path& path, std::string_view content);

// A file that is removed at destruction, unless it was told to stay. Movable, not copyable.
class TemporaryFile {
 public:
  TemporaryFile() = default;  // none
  explicit TemporaryFile(Path path) : path_(std::move(path)) {}
  TemporaryFile(TemporaryFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFile& operator=(TemporaryFile&& other) noexcept;
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  [[nodiscard]] bool exists() const { return !path_.empty(); }
  [[nodiscard]] const Path& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  Path path_;
};

// As write_file_atomic, and gives the very file that it replaced, under another name in its folder.
// Of several that replace a file at once, each gets another one. None where no file was there, or
// where the file system cannot exchange two names (NFS); it is gone then.
Result<TemporaryFile> replace_file_atomic(const Path& path, std::string_view content);

// Writes and syncs a file whose name is free. None where something has the name, a link that leads
// nowhere included: that stays as it is.
Result<TemporaryFile> write_new_file(const Path& path, std::string_view content);

// Whether write_file_atomic(path) can be expected to work, for asking before long work begins: the
// folder exists and takes new files, and `path` is no folder. Leaves nothing behind.
Status check_writable(const Path& path);

// Whether both name the same existing file, by whatever path.
bool is_same_file(const Path& a, const Path& b);

// What the file's name ends in, in small letters: ".npy" of "data/X.NPY"; empty where there is
// none.
std::string extension_of(const Path& path);

// A read-only view of a file's bytes; unmapped at destruction. Movable, not copyable. A file that
// another process truncates while it is mapped raises SIGBUS, as with every memory map.
class MappedFile {
 public:
  static Result<MappedFile> open(const Path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }
  [[nodiscard]] std::string_view text() const {
    return {reinterpret_cast<const char*>(data_), size_};
  }
  // Whether `path` leads to another file than this one; no where it leads to none.
  [[nodiscard]] bool is_replaced(const Path& path) const;

 private:
  MappedFile() = default;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
};

}  // namespace lathe
