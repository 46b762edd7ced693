#include "base/file.h"

#include <algorithm>
#include <cctype>
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

// Opens a file of a name like the target's, in its folder, and tells the name.
int make_temporary(const Path& target, std::string& name) {
  name = target.string() + ".XXXXXX";
  return ::mkstemp(name.data());
}

Error cannot_create(const Path& path, int number) {
  if (number == ENOENT) {
    const std::string folder = path.parent_path().string();
    return error(ErrorCode::kIo, "{}: there is no folder {}", path.string(),
                 folder.empty() ? "." : folder);
  }
  return io_error(path, "cannot create", number);
}

}  // namespace

Result<std::string> read_file(const Path& path) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
  return std::string(file.text());
}

Status write_file_atomic(const Path& path, std::string_view content) {
  ASSIGN_OR_RETURN(const Target target, find_target(path));
  if (target.special) {
    const Descriptor file(::open(target.path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file.get() < 0) return io_error(path, "cannot open for writing", errno);
    return write_all(file.get(), content, path);
  }
  std::string name;
  const Descriptor file(make_temporary(target.path, name));
  if (file.get() < 0) return cannot_create(path, errno);

  Status status = write_all(file.get(), content, path);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (status.ok() && ::fchmod(file.get(), 0666 & ~mask) != 0) {
    status = io_error(path, "cannot set permissions", errno);
  }
  if (status.ok() && ::fsync(file.get()) != 0) status = io_error(path, "cannot sync", errno);
  if (status.ok() && ::rename(name.c_str(), target.path.c_str()) != 0) {
    status = io_error(path, "cannot rename into place", errno);
  }
  if (!status.ok()) ::unlink(name.c_str());
  return status;
}

Status check_writable(const Path& path) {
  ASSIGN_OR_RETURN(const Target target, find_target(path));
  if (target.special) {
    if (::access(target.path.c_str(), W_OK) == 0) return {};
    return io_error(path, "cannot write", errno);
  }
  std::string name;
  const Descriptor file(make_temporary(target.path, name));
  if (file.get() < 0) return cannot_create(path, errno);
  ::unlink(name.c_str());
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
