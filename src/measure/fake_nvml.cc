// Stands in for NVIDIA's management library in tests. FAKE_NVML says how many GPUs it has, or makes
// it fail: "no-driver", "lost".
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

constexpr int kSuccess = 0;
constexpr int kNotSupported = 3;
constexpr int kDriverNotLoaded = 9;
constexpr int kGpuIsLost = 15;

struct Memory {
  unsigned long long total, free, used;
};

std::string_view behaviour() {
  const char* text = std::getenv("FAKE_NVML");
  return text == nullptr ? "" : text;
}

int initialised = 0;

}  // namespace

extern "C" {

int nvmlInit_v2() {
  if (behaviour() == "no-driver") return kDriverNotLoaded;
  ++initialised;
  return kSuccess;
}

int nvmlShutdown() {
  --initialised;
  return kSuccess;
}

int fake_nvml_initialised() { return initialised; }

const char* nvmlErrorString(int status) {
  if (status == kDriverNotLoaded) return "Driver Not Loaded";
  return status == kGpuIsLost ? "GPU is lost" : nullptr;
}

int nvmlSystemGetDriverVersion(char* text, unsigned size) {
  std::strncpy(text, "550.54.15", size);
  return kSuccess;
}

int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = behaviour() == "lost" ? 1 : static_cast<unsigned>(std::atoi(behaviour().data()));
  return kSuccess;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  if (behaviour() == "lost") return kGpuIsLost;
  static char handles[1024];
  *device = handles + index;
  *handles = 0;
  handles[index] = static_cast<char>(index);
  return kSuccess;
}

// The second GPU fills the buffer to its end, without a zero.
int nvmlDeviceGetName(void* device, char* text, unsigned size) {
  if (*static_cast<char*>(device) == 1) {
    std::memset(text, 'x', size);
  } else {
    std::strncpy(text, "NVIDIA Fake 100", size);
  }
  return kSuccess;
}

// The second GPU shares the machine's memory and does not tell.
int nvmlDeviceGetMemoryInfo(void* device, Memory* memory) {
  if (*static_cast<char*>(device) == 1) return kNotSupported;
  *memory = {16ULL << 30, 15ULL << 30, 1ULL << 30};
  return kSuccess;
}

int nvmlDeviceGetCudaComputeCapability(void* device, int* major, int* minor) {
  if (*static_cast<char*>(device) == 1) return kNotSupported;
  *major = 9;
  *minor = 0;
  return kSuccess;
}

}  // extern "C"
