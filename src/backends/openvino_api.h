// The part of OpenVINO's C API that Lathe calls, declared here so that neither its headers nor the
// library are needed to build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "backends/peer_library.h"
#include "base/dynamic_library.h"
#include "base/result.h"
#include "ir/data_type.h"

namespace lathe::engine::openvino {

// Owned by the library; known here by pointer only.
struct Core;
struct Model;
struct CompiledModel;
struct Port;
struct InferRequest;
struct Tensor;

using StatusCode = int;  // 0 is good
inline constexpr StatusCode kInvalidParameter = -14;
using ElementType = int;  // see element_type()

struct Version {
  const char* build_number;  // "2026.4.1-22982-e213a147257-releases/2026/4"
  const char* description;
};

struct Shape {
  std::int64_t rank;
  std::int64_t* extents;
};

// At least, and at most: the same where an extent is known.
struct Dimension {
  std::int64_t least;
  std::int64_t most;
};

struct PartialShape {
  Dimension rank;
  Dimension* extents;
};

struct Property {
  const char* key;
  const char* value;
};

// X(result, name without "ov_", arguments)
#define LATHE_OPENVINO_FUNCTIONS(X)                                                           \
  X(const char*, get_last_err_msg, ())                                                        \
  X(void, free, (const char*))                                                                \
  X(StatusCode, core_create, (Core**))                                                        \
  X(StatusCode, core_read_model_from_memory_buffer,                                           \
    (const Core*, const char* model, std::size_t bytes, const Tensor* weights, Model**))      \
  X(StatusCode, core_compile_model_props,                                                     \
    (const Core*, const Model*, const char* device, std::size_t, const Property*,             \
     CompiledModel**))                                                                        \
  X(void, model_free, (Model*))                                                               \
  X(void, compiled_model_free, (CompiledModel*))                                              \
  X(StatusCode, compiled_model_get_property, (const CompiledModel*, const char* key, char**)) \
  X(StatusCode, compiled_model_inputs_size, (const CompiledModel*, std::size_t*))             \
  X(StatusCode, compiled_model_input_by_name, (const CompiledModel*, const char*, Port**))    \
  X(StatusCode, compiled_model_output_by_name, (const CompiledModel*, const char*, Port**))   \
  X(StatusCode, compiled_model_create_infer_request, (const CompiledModel*, InferRequest**))  \
  X(StatusCode, port_get_element_type, (const Port*, ElementType*))                           \
  X(StatusCode, port_get_partial_shape, (const Port*, PartialShape*))                         \
  X(void, output_const_port_free, (Port*))                                                    \
  X(void, partial_shape_free, (PartialShape*))                                                \
  X(StatusCode, shape_free, (Shape*))                                                         \
  X(StatusCode, infer_request_set_tensor_by_const_port,                                       \
    (InferRequest*, const Port*, const Tensor*))                                              \
  X(StatusCode, infer_request_get_tensor_by_const_port,                                       \
    (const InferRequest*, const Port*, Tensor**))                                             \
  X(StatusCode, infer_request_infer, (InferRequest*))                                         \
  X(void, infer_request_free, (InferRequest*))                                                \
  X(StatusCode, tensor_create_from_host_ptr, (ElementType, Shape, void*, Tensor**))           \
  X(StatusCode, tensor_get_element_type, (const Tensor*, ElementType*))                       \
  X(StatusCode, tensor_get_shape, (const Tensor*, Shape*))                                    \
  X(StatusCode, tensor_get_byte_size, (const Tensor*, std::size_t*))                          \
  X(StatusCode, tensor_data, (const Tensor*, void**))                                         \
  X(void, tensor_free, (Tensor*))

struct Functions {
#define LATHE_OPENVINO_FIELD(result, name, arguments) result(*name) arguments;
  LATHE_OPENVINO_FUNCTIONS(LATHE_OPENVINO_FIELD)
#undef LATHE_OPENVINO_FIELD
};

// The library, once it is loaded: one for the process, never let go. Thread-safe.
class Library {
 public:
  // Looks for it and loads it on first use; what went wrong then is the answer from there on.
  static Result<const Library*> get();

  [[nodiscard]] const std::string& version() const { return version_; }  // "2026.4.1"
  [[nodiscard]] const Functions& api() const { return api_; }
  // What knows the devices and compiles for them, made on first use.
  [[nodiscard]] Result<const Core*> core() const;

  // What a function answered. The message is the library's latest, shortened to one line; where
  // several threads fail at once, it may be another's.
  [[nodiscard]] Status check(StatusCode code) const;

 private:
  Library(std::string version, const Functions& api) : version_(std::move(version)), api_(api) {}
  static Result<Library> load();
  std::string version_;
  Functions api_;
};

// Between the library's numbers for element types (ov_element_type_e since 2026.0) and ours. The
// error names a type that cannot be handed over.
Result<ElementType> element_type(ir::DataType type);
Result<ir::DataType> data_type(ElementType number);

}  // namespace lathe::engine::openvino
