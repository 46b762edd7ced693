#include "train/load_backend.h"

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <mutex>
#include <optional>
#include <vector>

#include "base/file.h"
#include "train/leak_check.h"

namespace lathe::train {
namespace {

constexpr std::string_view kHowToGetIt =
    "install LibTorch (Debian: apt install libtorch-dev; elsewhere: pip install torch and "
    "configure "
    "with -DCMAKE_PREFIX_PATH=$(python3 -c 'import torch; print(torch.utils.cmake_prefix_path)')), "
    "then configure and build again";

std::vector<Path> candidates() {
  if (const char* chosen = std::getenv("LATHE_TRAIN_MODULE"); chosen != nullptr) return {chosen};
  std::vector<Path> paths;
  std::error_code failed;
  const Path program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (!failed) {
    paths.push_back(program.parent_path().parent_path() / "lib" / "lathe" /
                    LATHE_TRAIN_MODULE_NAME);
  }
  paths.emplace_back(Path(LATHE_TRAIN_INSTALL_DIR) / LATHE_TRAIN_MODULE_NAME);
  return paths;
}

Error unavailable(std::string_view reason) {
  return error(ErrorCode::kUnavailable, "not built with LibTorch: {}; {}", reason, kHowToGetIt);
}

// LibTorch's OpenMP threads wait for each other by spinning, for milliseconds as libgomp comes. On
// cores that others want too, such as the threads that load data, that starves them and then
// itself. So many rounds bridge the gaps between operators, a fraction of a millisecond, and no
// more. Read by libgomp when it is loaded.
constexpr const char* kSpinRounds = "10000";

Result<Backend*> open_module(const Path& path) {
  setenv("GOMP_SPINCOUNT", kSpinRounds, /*overwrite=*/0);
  turn_off_leak_check();
  // Local, so that LibTorch's own copies of common libraries stay out of everybody else's way.
  void* module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) return unavailable(dlerror());
  const auto abi = reinterpret_cast<ModuleAbiFunction*>(dlsym(module, kModuleAbiSymbol));
  const auto make = reinterpret_cast<ModuleFunction*>(dlsym(module, kModuleSymbol));
  if (abi == nullptr || make == nullptr) {
    return unavailable(fmt::format("{} is not a training module", path.string()));
  }
  if (std::string_view found = abi(); found != kModuleAbi) {
    return error(ErrorCode::kUnavailable,
                 "{} belongs to another build: it is of \"{}\", this program of \"{}\"; build both "
                 "together",
                 path.string(), found, kModuleAbi);
  }
  return make();
}

}  // namespace

Result<Backend*> load_backend() {
  static std::mutex mutex;
  static Backend* loaded = nullptr;
  const std::scoped_lock lock(mutex);
  if (loaded != nullptr) return loaded;

  std::string looked;
  for (const Path& path : candidates()) {
    std::error_code failed;
    if (std::filesystem::exists(path, failed)) {
      ASSIGN_OR_RETURN(loaded, open_module(path));
      return loaded;
    }
    looked += fmt::format("{}{}", looked.empty() ? "" : " or ", path.string());
  }
  return unavailable(fmt::format("no {}", looked));
}

}  // namespace lathe::train
