#include "backends/openvino_api.h"

#include <array>
#include <cstdlib>
#include <mutex>

#include "backends/find_library.h"
#include "backends/openvino_message.h"

namespace lathe::engine::openvino {
namespace {

constexpr LibraryPlace kPlace{"openvino", "LATHE_OPENVINO", "libopenvino_c.so", "libs"};

// The first with core_compile_model_props() and with today's numbers for element types.
constexpr int kOldestYear = 2026;

// The loader takes these from beside the library, and does not survive one that was cut short.
Status check_companions(const Path& library) {
  std::error_code failed;
  const Path real = std::filesystem::canonical(library, failed);
  if (failed) return {};  // opening it will say why
  for (const std::string_view name : {
         "libopenvino.so", "libopenvino_onnx_frontend.so", "libtbb.so",
#if defined(__x86_64__)
             "libopenvino_intel_cpu_plugin.so"
#else
           "libopenvino_arm_cpu_plugin.so"
#endif
       }) {
    const Path companion = best_library_in(real.parent_path(), name);
    if (companion.empty()) continue;
    ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(companion));
    RETURN_IF_ERROR(check_shared_library(file.bytes()).with_context(companion.string()));
  }
  return {};
}

// "2026.4.1" of "2026.4.1-22982-e213a147257-releases/2026/4".
Result<std::string> version_of(const DynamicLibrary& file) {
  StatusCode (*get)(Version*) = nullptr;
  void (*release)(Version*) = nullptr;
  RETURN_IF_ERROR(file.bind(get, "ov_get_openvino_version"));
  RETURN_IF_ERROR(file.bind(release, "ov_version_free"));
  Version version{};
  if (get(&version) != 0 || version.build_number == nullptr) {
    return error(ErrorCode::kUnavailable, "{}: does not tell its version", file.path().string());
  }
  const std::string build = version.build_number;
  release(&version);
  return build.substr(0, build.find('-'));
}

// Tensors of 4-bit elements are left out: OpenVINO (2026.4) writes past their end.
struct TypePair {
  ir::DataType type;
  ElementType number;
};
constexpr std::array<TypePair, 13> kTypes = {{{ir::DataType::kBool, 1},
                                              {ir::DataType::kBFloat16, 2},
                                              {ir::DataType::kFloat16, 3},
                                              {ir::DataType::kFloat32, 4},
                                              {ir::DataType::kFloat64, 5},
                                              {ir::DataType::kInt8, 7},
                                              {ir::DataType::kInt16, 8},
                                              {ir::DataType::kInt32, 9},
                                              {ir::DataType::kInt64, 10},
                                              {ir::DataType::kUint8, 16},
                                              {ir::DataType::kUint16, 17},
                                              {ir::DataType::kUint32, 18},
                                              {ir::DataType::kUint64, 19}}};

}  // namespace

Result<Library> Library::load() {
  ASSIGN_OR_RETURN(const Path path, find_library(kPlace));
  RETURN_IF_ERROR(check_companions(path));
#if defined(__SANITIZE_ADDRESS__)
  // Else its thread library opens another one in a way that AddressSanitizer stops the program for.
  ::setenv("TBB_ENABLE_SANITIZERS", "1", /*overwrite=*/1);
#endif
  ASSIGN_OR_RETURN(const DynamicLibrary file, DynamicLibrary::open(path));
  ASSIGN_OR_RETURN(std::string version, version_of(file));
  if (std::strtol(version.c_str(), nullptr, 10) < kOldestYear) {
    return error(ErrorCode::kUnavailable, "{}: OpenVINO {} is too old, {}.0 or newer is needed",
                 path.string(), version, kOldestYear);
  }
  Functions api{};
#define LATHE_OPENVINO_BIND(result, name, arguments) \
  RETURN_IF_ERROR(file.bind(api.name, "ov_" #name));
  LATHE_OPENVINO_FUNCTIONS(LATHE_OPENVINO_BIND)
#undef LATHE_OPENVINO_BIND
  return Library(std::move(version), api);
}

Result<const Library*> Library::get() { return load_once(&Library::load); }

Result<const Core*> Library::core() const {
  static std::mutex mutex;
  static Core* core = nullptr;
  const std::scoped_lock lock(mutex);
  if (core == nullptr) RETURN_IF_ERROR(check(api_.core_create(&core)));
  return core;
}

Status Library::check(StatusCode code) const {
  if (code == 0) return {};
  if (code == kInvalidParameter) {  // leaves the message of an earlier failure
    return error(ErrorCode::kInternal, "OpenVINO: invalid parameter");
  }
  const char* message = api_.get_last_err_msg();
  Error error = readable_error(message == nullptr ? "" : message);
  api_.free(message);
  return error;
}

Result<ElementType> element_type(ir::DataType type) {
  for (const TypePair& pair : kTypes)
    if (pair.type == type) return pair.number;
  return unsupported("backend 'openvino' takes no elements of type {}", ir::data_type_name(type));
}

Result<ir::DataType> data_type(ElementType number) {
  for (const TypePair& pair : kTypes)
    if (pair.number == number) return pair.type;
  return unsupported("OpenVINO's element type {} is not supported", number);
}

}  // namespace lathe::engine::openvino
