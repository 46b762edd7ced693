#include "lathe/devices.h"

#include "api/access.h"
#include "base/cpu.h"
#include "measure/devices.h"

namespace lathe {

Expected<Devices> devices() {
  ASSIGN_OR_FAIL(const Isa isa, select_isa());
  ASSIGN_OR_FAIL(measure::Devices found, measure::list_devices(false));
  Devices devices;
  devices.processor = found.system.cpu;
  devices.instruction_set = isa_name(isa);
  for (const Isa supported : supported_isas())
    devices.instruction_sets.emplace_back(isa_name(supported));
  devices.cores = found.system.cores;
  devices.memory_bytes = found.system.memory_bytes;
  for (const measure::Gpu& gpu : found.gpus.gpus) devices.gpus.push_back(gpu.name);
  for (measure::BackendInfo& backend : found.backends) {
    devices.backends.push_back({std::move(backend.name), backend.available,
                                std::move(backend.reason), std::move(backend.version),
                                std::move(backend.providers)});
  }
  return devices;
}

}  // namespace lathe
