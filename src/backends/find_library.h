// Where the shared libraries of other runtimes are looked for.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace lathe::engine {

// How one runtime's library is found.
struct LibraryPlace {
  std::string_view runtime;       // "onnxruntime": the folder in .deps/, and what setup.sh calls it
  const char* environment;        // a variable that names the library, or a folder that holds it
  std::string_view file;          // "libonnxruntime.so"; a version may follow: ".1.31.1"
  std::string_view wheel_folder;  // where the Python wheel keeps it: "capi"
};

// In this order: what the environment variable names (nothing else is tried then);
// lib/lathe/RUNTIME of an installation; the folder .deps/RUNTIME beside the program or above it, as
// scripts/setup.sh makes it; LD_LIBRARY_PATH; the system's folders. Of several versions in one
// folder the newest. The error (kUnavailable) says how to get the library.
Result<Path> find_library(const LibraryPlace& place);

// The best file of that name, with or without a version behind it; empty where there is none.
Path best_library_in(const Path& folder, std::string_view file);

}  // namespace lathe::engine
