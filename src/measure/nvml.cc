#include "measure/nvml.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "base/dynamic_library.h"

namespace lathe::measure {
namespace {

// The part of the library's interface that is used here, as version 2 of its calls has it.
struct NvmlDevice;
struct NvmlMemory {
  unsigned long long total = 0;
  unsigned long long free = 0;
  unsigned long long used = 0;
};
constexpr int kNvmlSuccess = 0;
// No machine has more, and a count that is not to be trusted allocates little.
constexpr unsigned kMostGpus = 256;

struct Nvml {
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  const char* (*error_string)(int) = nullptr;
  int (*driver_version)(char*, unsigned) = nullptr;
  int (*device_count)(unsigned*) = nullptr;
  int (*device_handle)(unsigned, NvmlDevice**) = nullptr;
  int (*device_name)(NvmlDevice*, char*, unsigned) = nullptr;
  int (*device_memory)(NvmlDevice*, NvmlMemory*) = nullptr;
  int (*device_capability)(NvmlDevice*, int*, int*) = nullptr;

  static Result<Nvml> bind(const DynamicLibrary& library) {
    Nvml nvml;
    RETURN_IF_ERROR(library.bind(nvml.init, "nvmlInit_v2"));
    RETURN_IF_ERROR(library.bind(nvml.shutdown, "nvmlShutdown"));
    RETURN_IF_ERROR(library.bind(nvml.error_string, "nvmlErrorString"));
    RETURN_IF_ERROR(library.bind(nvml.driver_version, "nvmlSystemGetDriverVersion"));
    RETURN_IF_ERROR(library.bind(nvml.device_count, "nvmlDeviceGetCount_v2"));
    RETURN_IF_ERROR(library.bind(nvml.device_handle, "nvmlDeviceGetHandleByIndex_v2"));
    RETURN_IF_ERROR(library.bind(nvml.device_name, "nvmlDeviceGetName"));
    RETURN_IF_ERROR(library.bind(nvml.device_memory, "nvmlDeviceGetMemoryInfo"));
    RETURN_IF_ERROR(library.bind(nvml.device_capability, "nvmlDeviceGetCudaComputeCapability"));
    return nvml;
  }

  [[nodiscard]] Error failure(std::string_view what, int status) const {
    const char* text = error_string(status);
    return error(ErrorCode::kUnavailable, "{}: {} (status {})", what,
                 text == nullptr ? "no reason given" : text, status);
  }
};

// A text that a call writes, whether or not it ends it.
template <typename Call>
std::string read_text(const Call& call) {
  std::array<char, 128> buffer{};
  if (call(buffer.data(), static_cast<unsigned>(buffer.size() - 1)) != kNvmlSuccess) return {};
  return {buffer.begin(), std::find(buffer.begin(), buffer.end(), '\0')};
}

Gpu describe(const Nvml& nvml, NvmlDevice* device) {
  Gpu gpu;
  gpu.name =
      read_text([&](char* text, unsigned size) { return nvml.device_name(device, text, size); });
  NvmlMemory memory;
  if (nvml.device_memory(device, &memory) == kNvmlSuccess) {
    gpu.memory_bytes = static_cast<std::int64_t>(memory.total);
    gpu.memory_free_bytes = static_cast<std::int64_t>(memory.free);
  }
  int major = 0;
  int minor = 0;
  if (nvml.device_capability(device, &major, &minor) == kNvmlSuccess) {
    gpu.compute_capability = fmt::format("{}.{}", major, minor);
  }
  return gpu;
}

Result<NvidiaGpus> list(const Nvml& nvml) {
  NvidiaGpus found;
  found.driver_version = read_text(nvml.driver_version);
  unsigned count = 0;
  if (const int status = nvml.device_count(&count); status != kNvmlSuccess) {
    return nvml.failure("the GPUs cannot be counted", status);
  }
  for (unsigned index = 0; index < std::min(count, kMostGpus); ++index) {
    NvmlDevice* device = nullptr;
    if (const int status = nvml.device_handle(index, &device); status != kNvmlSuccess) {
      return nvml.failure(fmt::format("GPU {} cannot be asked", index), status);
    }
    found.gpus.push_back(describe(nvml, device));
  }
  return found;
}

}  // namespace

Result<NvidiaGpus> nvidia_gpus() {
  const char* chosen = std::getenv("LATHE_NVML");
  const bool named = chosen != nullptr && *chosen != '\0';
  const Path path = named ? chosen : "libnvidia-ml.so.1";
  const auto library = DynamicLibrary::open(path);
  if (!library.ok()) {
    if (named) return library.error().with_context("LATHE_NVML");
    const std::string& message = library.error().message();
    // The loader's words for a file that is not there; others are worth reading.
    if (message.find("cannot open shared object file") == std::string::npos) return library.error();
    return error(ErrorCode::kUnavailable, "no NVIDIA driver is installed ({} is not there)",
                 path.string());
  }
  ASSIGN_OR_RETURN(const Nvml nvml, Nvml::bind(*library));
  if (const int status = nvml.init(); status != kNvmlSuccess) {
    return nvml.failure(library->path().string(), status);
  }
  auto found = list(nvml);
  nvml.shutdown();
  return found;
}

}  // namespace lathe::measure
