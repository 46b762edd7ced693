#include "backends/onnxruntime_api.h"

#include <cstdlib>
#include <mutex>

#include "backends/find_library.h"

namespace lathe::engine::ort {
namespace {

constexpr LibraryPlace kPlace{"onnxruntime", "LATHE_ONNXRUNTIME", "libonnxruntime.so", "capi"};

// The oldest version whose table holds all functions used here. Asking for a newer one than the
// library has gives no table.
constexpr std::uint32_t kApiVersion = 16;

constexpr int kLogNothingButFatal = 4;

struct ApiBase {
  const void* const* (*get_api)(std::uint32_t version);
  const char* (*version)();
};

// OrtErrorCode.
ErrorCode error_code(int code, const std::string& message) {
  constexpr int kInvalidArgument = 2;
  constexpr int kNotImplemented = 9;
  constexpr int kInvalidGraph = 10;
  if (message.find("bad_alloc") != std::string::npos ||
      message.find("Failed to allocate") != std::string::npos ||
      message.find("out of memory") != std::string::npos) {
    return ErrorCode::kResourceExhausted;
  }
  switch (code) {
    case kInvalidArgument:
      return ErrorCode::kInvalidData;
    case kNotImplemented:
    case kInvalidGraph:
      return ErrorCode::kUnsupported;
    default:
      return ErrorCode::kInternal;
  }
}

}  // namespace

Result<Library> Library::load() {
  ASSIGN_OR_RETURN(const Path path, find_library(kPlace));
  // Otherwise it starts a thread for telemetry and keeps a database in the user's home.
  ::setenv("ORT_DISABLE_TELEMETRY", "1", /*overwrite=*/1);
  ASSIGN_OR_RETURN(const DynamicLibrary file, DynamicLibrary::open(path));
  const ApiBase* (*get_base)() = nullptr;
  RETURN_IF_ERROR(file.bind(get_base, "OrtGetApiBase"));
  const ApiBase* base = get_base();
  const void* const* table = base->get_api(kApiVersion);
  if (table == nullptr) {
    return error(ErrorCode::kUnavailable, "{}: ONNX Runtime {} is too old, 1.{} or newer is needed",
                 path.string(), base->version(), kApiVersion);
  }
  Functions api{};
#define LATHE_ORT_TAKE(place, result, name, arguments) \
  api.name = reinterpret_cast<result(*) arguments>(const_cast<void*>(table[place]));
  LATHE_ORT_FUNCTIONS(LATHE_ORT_TAKE)
#undef LATHE_ORT_TAKE
  return Library(base->version(), api);
}

Result<const Library*> Library::get() { return load_once(&Library::load); }

Result<const OrtEnv*> Library::environment() const {
  static std::mutex mutex;
  static OrtEnv* environment = nullptr;
  const std::scoped_lock lock(mutex);
  if (environment == nullptr) {
    RETURN_IF_ERROR(check(api_.CreateEnv(kLogNothingButFatal, "lathe", &environment)));
  }
  return environment;
}

std::vector<std::string> Library::execution_providers() const {
  char** names = nullptr;
  int count = 0;
  if (!check(api_.GetAvailableProviders(&names, &count)).ok()) return {};
  std::vector<std::string> providers(names, names + count);
  static_cast<void>(check(api_.ReleaseAvailableProviders(names, count)));
  return providers;
}

Status Library::check(OrtStatus* status) const {
  if (status == nullptr) return {};
  std::string message = api_.GetErrorMessage(status);
  const int code = api_.GetErrorCode(status);
  api_.ReleaseStatus(status);
  // Some carry a stack of calls behind the first lines.
  if (const std::size_t stack = message.find("Stacktrace"); stack != std::string::npos) {
    message.resize(stack);
  }
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  const ErrorCode kind = error_code(code, message);
  return Error(kind, "ONNX Runtime: " + message);
}

}  // namespace lathe::engine::ort
