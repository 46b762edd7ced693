#include "backends/find_library.h"

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <optional>

namespace lathe::engine {
namespace {

// The numbers in ".so.1.31.1", for comparison.
std::vector<long> version_of(std::string_view suffix) {
  std::vector<long> numbers;
  while (!suffix.empty()) {
    suffix.remove_prefix(1);  // the dot
    const std::size_t end = std::min(suffix.find('.'), suffix.size());
    numbers.push_back(std::strtol(std::string(suffix.substr(0, end)).c_str(), nullptr, 10));
    suffix.remove_prefix(end);
  }
  return numbers;
}

bool is_version(std::string_view suffix) {
  return suffix.empty() ||
         (suffix[0] == '.' && suffix.find_first_not_of(".0123456789") == std::string_view::npos);
}

// The folder of the program, or of the library that this code is part of.
std::optional<Path> own_folder() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void*>(&find_library), &info) == 0 || info.dli_fname == nullptr) {
    return std::nullopt;
  }
  std::error_code failed;
  Path file = std::filesystem::canonical(info.dli_fname, failed);
  // A program that was found through PATH has no folder in its name.
  if (failed) file = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return std::nullopt;
  return file.parent_path();
}

// Folders that may hold the library, in order of preference.
std::vector<Path> folders(const LibraryPlace& place) {
  std::vector<Path> list;
  if (const auto own = own_folder()) {
    list.push_back(own->parent_path() / "lib" / "lathe" / place.runtime);
    // build/PRESET/bin is three below the project; tests lie elsewhere below it.
    Path above = *own;
    for (int level = 0; level < 5 && above.has_relative_path(); ++level) {
      list.push_back(above / ".deps" / place.runtime);
      above = above.parent_path();
    }
  }
  if (const char* search = std::getenv("LD_LIBRARY_PATH"); search != nullptr) {
    std::string_view rest = search;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(':'), rest.size());
      if (end > 0) list.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  for (const char* folder : {
         "/usr/local/lib", "/usr/local/lib64", "/usr/lib", "/usr/lib64",
#if defined(__x86_64__)
             "/usr/lib/x86_64-linux-gnu", "/opt/intel/openvino/runtime/lib/intel64",
#elif defined(__aarch64__)
        "/usr/lib/aarch64-linux-gnu", "/opt/intel/openvino/runtime/lib/aarch64",
#endif
             "/opt/onnxruntime/lib"
       }) {
    list.emplace_back(folder);
  }
  return list;
}

std::string how_to_get(const LibraryPlace& place) {
  return fmt::format("run scripts/setup.sh --with {}, or let {} name {} of an installation",
                     place.runtime, place.environment, place.file);
}

}  // namespace

Path best_library_in(const Path& folder, std::string_view file) {
  Path best;
  std::vector<long> best_version;
  std::error_code failed;
  for (auto entry = std::filesystem::directory_iterator(folder, failed);
       !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    const std::string name = entry->path().filename().string();
    if (name.compare(0, file.size(), file) != 0) continue;
    const std::string_view suffix = std::string_view(name).substr(file.size());
    if (!is_version(suffix)) continue;
    std::vector<long> version = version_of(suffix);
    if (best.empty() || version > best_version) {
      best = entry->path();
      best_version = std::move(version);
    }
  }
  return best;
}

Result<Path> find_library(const LibraryPlace& place) {
  if (const char* chosen = std::getenv(place.environment); chosen != nullptr && *chosen != 0) {
    const Path path = chosen;
    std::error_code failed;
    if (!std::filesystem::is_directory(path, failed)) {
      if (std::filesystem::exists(path, failed)) return path;
      return error(ErrorCode::kUnavailable, "{} names {}, which does not exist", place.environment,
                   path.string());
    }
    for (const Path& folder : {path, path / place.wheel_folder, path / "lib"}) {
      if (Path found = best_library_in(folder, place.file); !found.empty()) return found;
    }
    return error(ErrorCode::kUnavailable, "{} names {}, which holds no {}", place.environment,
                 path.string(), place.file);
  }
  for (const Path& folder : folders(place)) {
    if (Path found = best_library_in(folder, place.file); !found.empty()) return found;
  }
  return error(ErrorCode::kUnavailable, "{} is not installed: {}", place.file, how_to_get(place));
}

}  // namespace lathe::engine
