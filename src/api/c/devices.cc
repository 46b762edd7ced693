#include "api/c/handles.h"

using lathe::c::fail;
using lathe::c::fail_index;
using lathe::c::fill;
using lathe::c::guarded;
using lathe::c::hand_out;

namespace {

std::vector<const char*> texts_of(const std::vector<std::string>& strings) {
  std::vector<const char*> texts;
  for (const std::string& string : strings) texts.push_back(string.c_str());
  return texts;
}

}  // namespace

struct lathe_devices {
  explicit lathe_devices(lathe::Devices of)
      : devices(std::move(of)),
        gpus(texts_of(devices.gpus)),
        instruction_sets(texts_of(devices.instruction_sets)) {
    for (const lathe::BackendInfo& backend : devices.backends)
      providers.push_back(texts_of(backend.providers));
  }
  const lathe::Devices devices;
  const std::vector<const char*> gpus;
  const std::vector<const char*> instruction_sets;
  std::vector<std::vector<const char*>> providers;
};

extern "C" {

lathe_status lathe_devices_create(lathe_devices** devices) {
  LATHE_REQUIRE(devices);
  return guarded([&] { return hand_out(lathe::devices(), devices); });
}

void lathe_devices_free(lathe_devices* devices) { delete devices; }

lathe_status lathe_devices_info(const lathe_devices* devices, lathe_device_info* info) {
  LATHE_REQUIRE(devices);
  LATHE_REQUIRE(info);
  const lathe::Devices& from = devices->devices;
  return fill(info, {0, from.processor.c_str(), from.instruction_set.c_str(), from.cores,
                     from.memory_bytes, devices->gpus.size(), devices->gpus.data(),
                     devices->instruction_sets.size(), devices->instruction_sets.data()});
}

size_t lathe_devices_backend_count(const lathe_devices* devices) {
  return devices == nullptr ? 0 : devices->devices.backends.size();
}

lathe_status lathe_devices_backend(const lathe_devices* devices, size_t index,
                                   lathe_backend_info* info) {
  LATHE_REQUIRE(devices);
  LATHE_REQUIRE(info);
  const std::vector<lathe::BackendInfo>& backends = devices->devices.backends;
  if (index >= backends.size()) return fail_index(__func__, index, backends.size());
  const lathe::BackendInfo& from = backends[index];
  const std::vector<const char*>& providers = devices->providers[index];
  return fill(info, {0, from.name.c_str(), from.available ? 1 : 0, from.reason.c_str(),
                     from.version.c_str(), providers.size(), providers.data()});
}
}
