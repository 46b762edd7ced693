#include "base/dynamic_library.h"

#include <cstring>
#include <dlfcn.h>
#include <elf.h>

namespace lathe {
namespace {

#if defined(__x86_64__)
constexpr Elf64_Half kThisMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half kThisMachine = EM_AARCH64;
#else
constexpr Elf64_Half kThisMachine = EM_NONE;
#endif

// Whether [offset, offset + size) lies inside `total` bytes.
bool contains(std::uint64_t total, std::uint64_t offset, std::uint64_t size) {
  return offset <= total && size <= total - offset;
}

}  // namespace

Status check_shared_library(std::span<const std::byte> file) {
  Elf64_Ehdr header;
  if (file.size() < sizeof header || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0) {
    return invalid_data("is not a shared library");
  }
  std::memcpy(&header, file.data(), sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_type != ET_DYN || header.e_machine != kThisMachine) {
    return invalid_data("is a library for another kind of machine");
  }
  if (header.e_phentsize != sizeof(Elf64_Phdr) ||
      !contains(file.size(), header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr))) {
    return invalid_data("is cut short or damaged");
  }
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, file.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    if (!contains(file.size(), segment.p_offset, segment.p_filesz)) {
      return invalid_data("is cut short: it has {} bytes, its segments need {}", file.size(),
                          segment.p_offset + segment.p_filesz);
    }
  }
  // The table of sections, where there is one, is the last thing in a file.
  if (!contains(file.size(), header.e_shoff, std::uint64_t{header.e_shnum} * header.e_shentsize)) {
    return invalid_data("is cut short: its table of sections lies behind its end");
  }
  return {};
}

Result<DynamicLibrary> DynamicLibrary::open(const Path& path) {
  if (path.has_parent_path()) {
    ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
    RETURN_IF_ERROR(check_shared_library(file.bytes()).with_context(path.string()));
  }
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* reason = ::dlerror();
    return error(ErrorCode::kUnavailable, "{}: cannot be loaded: {}", path.string(),
                 reason == nullptr ? "no reason given" : reason);
  }
  return DynamicLibrary(handle, path);
}

void* DynamicLibrary::find(const char* symbol) const { return ::dlsym(handle_, symbol); }

Error DynamicLibrary::missing(const char* symbol) const {
  return error(ErrorCode::kUnavailable, "{}: has no function {}", path_.string(), symbol);
}

}  // namespace lathe
