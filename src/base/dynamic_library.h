// A shared library that is looked for while the program runs, so that it may be absent.
//
//   ASSIGN_OR_RETURN(const DynamicLibrary library, DynamicLibrary::open("/opt/x/libx.so"));
//   int (*answer)() = nullptr;
//   RETURN_IF_ERROR(library.bind(answer, "x_answer"));
#pragma once

#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace lathe {

// Stays loaded until the process ends: libraries with threads of their own cannot be unloaded
// safely. Copies name the same library. Thread-safe.
class DynamicLibrary {
 public:
  // By path, or by plain name, which the dynamic loader then searches for. A file is looked at
  // before it is loaded, since the loader itself does not survive one that was cut short. The error
  // names the file and what is wrong with it.
  static Result<DynamicLibrary> open(const Path& path);

  [[nodiscard]] const Path& path() const { return path_; }
  // Null where the library has no such symbol.
  [[nodiscard]] void* find(const char* symbol) const;
  // Sets `function` to the symbol; the error names both it and the library.
  template <typename Function>
  [[nodiscard]] Status bind(Function*& function, const char* symbol) const {
    function = reinterpret_cast<Function*>(find(symbol));
    if (function == nullptr) return missing(symbol);
    return {};
  }

 private:
  DynamicLibrary(void* handle, Path path) : handle_(handle), path_(std::move(path)) {}
  [[nodiscard]] Error missing(const char* symbol) const;
  void* handle_;
  Path path_;
};

// Whether the bytes are a 64-bit ELF shared library for this processor that is there to its end.
Status check_shared_library(std::span<const std::byte> file);

}  // namespace lathe
