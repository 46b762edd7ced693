#include "base/file.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace lathe {
namespace {

Error io_error(const Path& path, std::string_view what, int number) {
  const ErrorCode code = number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  return error(code, "{}: {}: {}", path.string(), what, std::strerror(number));
}

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Status write_all(int fd, std::string_view content, const Path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return io_error(path, "cannot write", errno);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// Where the bytes for a path go.
struct Target {
  Path path;             // behind symbolic links
  bool special = false;  // a device or a pipe: nothing can be renamed into its place
};

Result<Target> find_target(const Path& path) {
  // A link to a file that is not there yet counts too; so many links no honest path has.
  constexpr int kMostLinks = 40;
  Target target{path};
  std::error_code failed;
  for (int links = 0; std::filesystem::is_symlink(target.path, failed); ++links) {
    if (links == kMostLinks) return io_error(path, "cannot follow", ELOOP);
    const Path next = std::filesystem::read_symlink(target.path, failed);
    if (failed) return io_error(path, "cannot follow", failed.value());
    // What /proc's links say is no path where they stand for a pipe or a socket.
    std::error_code absent;
    const Path resolved = target.path.parent_path() / next;
    if (std::filesystem::exists(target.path, absent) && !std::filesystem::exists(resolved, absent))
      break;
    target.path = resolved;
  }
  const std::filesystem::file_status status = std::filesystem::status(target.path, failed);
  if (std::filesystem::is_directory(status)) {
    return error(ErrorCode::kIo, "{}: is a folder, expected the name of a file", path.string());
  }
  target.special = std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
  return target;
}

// Creates a file that was not there, with the permissions that new files get.
int create_new(const Path& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

// Creates a file of a name like the target's, in its folder, and tells the name.
int create_temporary(const Path& target, Path& name) {
  static std::atomic<unsigned> count{0};
  while (true) {
    name = fmt::format("{}.{}-{}", target.string(), ::getpid(), ++count);
    const int fd = create_new(name);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
}

Error cannot_create(const Path& path, int number) {
  if (number == ENOENT) {
    const std::string folder = path.parent_path().string();
    return error(ErrorCode::kIo, "{}: there is no folder {}", path.string(),
                 folder.empty() ? "." : folder);
  }
  return io_error(path, "cannot create", number);
}

Status write_and_sync(int fd, std::string_view content, const Path& path) {
  RETURN_IF_ERROR(write_all(fd, content, path));
  if (::fsync(fd) != 0) return io_error(path, "cannot sync", errno);
  return {};
}

// Makes names that were given or taken in a file's folder outlast a loss of power, where the file
// system can.
void sync_folder_of(const Path& path) {
  const Path folder = path.has_parent_path() ? path.parent_path() : Path(".");
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() >= 0) ::fsync(opened.get());
}

// The content under a temporary name in the target's folder; errors name `path`.
Result<TemporaryFile> write_temporary(const Path& target, std::string_view content,
                                      const Path& path) {
  Path name;
  const Descriptor file(create_temporary(target, name));
  if (file.get() < 0) return cannot_create(path, errno);
  TemporaryFile temporary(std::move(name));
  RETURN_IF_ERROR(write_and_sync(file.get(), content, path));
  return temporary;
}

Status write_special(const Path& target, std::string_view content, const Path& path) {
  const Descriptor file(::open(target.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) return io_error(path, "cannot open for writing", errno);
  return write_all(file.get(), content, path);
}

Status rename_into_place(TemporaryFile& temporary, const Path& target, const Path& path) {
  if (::rename(temporary.path().c_str(), target.c_str()) != 0) {
    return io_error(path, "cannot rename into place", errno);
  }
  temporary.keep();
  return {};
}

}  // namespace

Result<std::string> read_file(const Path& path) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
  return std::string(file.text());
}

Status write_file_atomic(const Path& path, std::string_view content) {
  ASSIGN_OR_RETURN(const Target target, find_target(path));
  if (target.special) return write_special(target.path, content, path);
  ASSIGN_OR_RETURN(TemporaryFile temporary, write_temporary(target.path, content, path));
  return rename_into_place(temporary, target.path, path);
}

TemporaryFile& TemporaryFile::operator=(TemporaryFile&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TemporaryFile::~TemporaryFile() {
  if (exists()) ::unlink(path_.c_str());
}

Result<TemporaryFile> replace_file_atomic(const Path& path, std::string_view content) {
  ASSIGN_OR_RETURN(const Target target, find_target(path));
  if (target.special) {
    RETURN_IF_ERROR(write_special(target.path, content, path));
    return TemporaryFile();
  }
  ASSIGN_OR_RETURN(TemporaryFile temporary, write_temporary(target.path, content, path));
  if (::renameat2(AT_FDCWD, temporary.path().c_str(), AT_FDCWD, target.path.c_str(),
                  RENAME_EXCHANGE) != 0) {
    RETURN_IF_ERROR(rename_into_place(temporary, target.path, path));
  }
  sync_folder_of(target.path);
  return temporary;
}

Result<TemporaryFile> write_new_file(const Path& path, std::string_view content) {
  const Descriptor file(create_new(path));
  if (file.get() < 0) {
    if (errno == EEXIST) return TemporaryFile();
    return cannot_create(path, errno);
  }
  TemporaryFile written(path);
  RETURN_IF_ERROR(write_and_sync(file.get(), content, path));
  sync_folder_of(path);
  return written;
}

Status check_writable(const Path& path) {
  ASSIGN_OR_RETURN(const Target target, find_target(path));
  if (target.special) {
    if (::access(target.path.c_str(), W_OK) == 0) return {};
    return io_error(path, "cannot write", errno);
  }
  ASSIGN_OR_RETURN(const TemporaryFile probe, write_temporary(target.path, "", path));
  return {};
}

bool is_same_file(const Path& a, const Path& b) {
  std::error_code failed;
  return std::filesystem::equivalent(a, b, failed) && !failed;
}

std::string extension_of(const Path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

Result<MappedFile> MappedFile::open(const Path& path) {
  // Opening a pipe would wait for somebody who writes into it.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return io_error(path, "cannot open", errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return io_error(path, "cannot stat", errno);
  if (!S_ISREG(status.st_mode)) {
    return error(ErrorCode::kIo, "{}: not a regular file", path.string());
  }
  MappedFile mapped;
  mapped.device_ = status.st_dev;
  mapped.inode_ = status.st_ino;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return mapped;
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) return io_error(path, "cannot map", errno);
  mapped.data_ = static_cast<const std::byte*>(data);
  mapped.size_ = size;
  return mapped;
}

bool MappedFile::is_replaced(const Path& path) const {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 &&
         (status.st_dev != device_ || status.st_ino != inode_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      device_(other.device_),
      inode_(other.inode_) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace lathe
