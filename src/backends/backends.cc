#include "backends/backends.h"

#include <algorithm>
#include <array>
#include <fmt/ranges.h>
#include <iterator>

#include "backends/automatic.h"
#include "backends/onnxruntime.h"
#include "backends/openvino.h"
#include "base/suggest.h"
#include "engine/native.h"
#include "engine/reference.h"

namespace lathe::engine {

std::span<const Backend* const> backends() {
  static const std::array<const Backend*, 5> all = {&native_backend(), &reference_backend(),
                                                    &lowered_backend(), &onnxruntime_backend(),
                                                    &openvino_backend()};
  return all;
}

std::vector<const Backend*> available_backends() {
  std::vector<const Backend*> found;
  std::copy_if(backends().begin(), backends().end(), std::back_inserter(found),
               [](const Backend* backend) { return backend->available().available; });
  return found;
}

Result<const Backend*> find_backend(std::string_view name) {
  if (name == automatic_backend().name()) return &automatic_backend();
  std::vector<std::string_view> names{automatic_backend().name()};
  for (const Backend* backend : backends()) {
    if (backend->name() == name) return backend;
    names.push_back(backend->name());
  }
  return invalid_argument("unknown backend '{}': known are {}{}", name, fmt::join(names, ", "),
                          did_you_mean(name, names));
}

}  // namespace lathe::engine
