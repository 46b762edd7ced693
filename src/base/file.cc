#include "base/file.h"

#include <cerrno>
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

}  // namespace

Result<std::string> read_file(const Path& path) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
  return std::string(file.text());
}

Status write_file_atomic(const Path& path, std::string_view content) {
  std::error_code ignored;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ignored);
  std::string name = path.string() + ".XXXXXX";
  const Descriptor file(::mkstemp(name.data()));
  if (file.get() < 0) return io_error(path, "cannot create", errno);

  Status status = write_all(file.get(), content, path);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (status.ok() && ::fchmod(file.get(), 0666 & ~mask) != 0) {
    status = io_error(path, "cannot set permissions", errno);
  }
  if (status.ok() && ::fsync(file.get()) != 0) status = io_error(path, "cannot sync", errno);
  if (status.ok() && ::rename(name.c_str(), path.c_str()) != 0) {
    status = io_error(path, "cannot rename into place", errno);
  }
  if (!status.ok()) ::unlink(name.c_str());
  return status;
}

Result<MappedFile> MappedFile::open(const Path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return io_error(path, "cannot open", errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return io_error(path, "cannot stat", errno);
  if (!S_ISREG(status.st_mode)) {
    return error(ErrorCode::kIo, "{}: not a regular file", path.string());
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return MappedFile(nullptr, 0);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) return io_error(path, "cannot map", errno);
  return MappedFile(static_cast<const std::byte*>(data), size);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace lathe
