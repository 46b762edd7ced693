// The part of ONNX Runtime's C API that Lathe calls, declared here so that neither its headers nor
// the library are needed to build. Functions stand in a table to which versions only append, so a
// function's place never changes (onnxruntime_c_api.h: OrtApi).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "backends/peer_library.h"
#include "base/dynamic_library.h"
#include "base/result.h"

namespace lathe::engine::ort {

// Owned by the library; known here by pointer only.
struct OrtEnv;
struct OrtStatus;
struct OrtSession;
struct OrtSessionOptions;
struct OrtRunOptions;
struct OrtMemoryInfo;
struct OrtValue;
struct OrtTypeInfo;
struct OrtTensorTypeAndShapeInfo;
struct OrtCudaOptions;
struct OrtTensorRtOptions;

// X(place, result, name, arguments)
#define LATHE_ORT_FUNCTIONS(X)                                                                     \
  X(1, int, GetErrorCode, (const OrtStatus*))                                                      \
  X(2, const char*, GetErrorMessage, (const OrtStatus*))                                           \
  X(3, OrtStatus*, CreateEnv, (int log_level, const char* log_id, OrtEnv**))                       \
  X(8, OrtStatus*, CreateSessionFromArray,                                                         \
    (const OrtEnv*, const void* model, std::size_t bytes, const OrtSessionOptions*, OrtSession**)) \
  X(9, OrtStatus*, Run,                                                                            \
    (OrtSession*, const OrtRunOptions*, const char* const* input_names, const OrtValue* const*,    \
     std::size_t, const char* const* output_names, std::size_t, OrtValue**))                       \
  X(10, OrtStatus*, CreateSessionOptions, (OrtSessionOptions**))                                   \
  X(23, OrtStatus*, SetSessionGraphOptimizationLevel, (OrtSessionOptions*, int))                   \
  X(24, OrtStatus*, SetIntraOpNumThreads, (OrtSessionOptions*, int))                               \
  X(25, OrtStatus*, SetInterOpNumThreads, (OrtSessionOptions*, int))                               \
  X(34, OrtStatus*, SessionGetOutputTypeInfo, (const OrtSession*, std::size_t, OrtTypeInfo**))     \
  X(49, OrtStatus*, CreateTensorWithDataAsOrtValue,                                                \
    (const OrtMemoryInfo*, void* data, std::size_t bytes, const std::int64_t* dims,                \
     std::size_t rank, int element_type, OrtValue**))                                              \
  X(50, OrtStatus*, IsTensor, (const OrtValue*, int*))                                             \
  X(51, OrtStatus*, GetTensorMutableData, (OrtValue*, void**))                                     \
  X(55, OrtStatus*, CastTypeInfoToTensorInfo,                                                      \
    (const OrtTypeInfo*, const OrtTensorTypeAndShapeInfo**))                                       \
  X(60, OrtStatus*, GetTensorElementType, (const OrtTensorTypeAndShapeInfo*, int*))                \
  X(61, OrtStatus*, GetDimensionsCount, (const OrtTensorTypeAndShapeInfo*, std::size_t*))          \
  X(62, OrtStatus*, GetDimensions,                                                                 \
    (const OrtTensorTypeAndShapeInfo*, std::int64_t* dims, std::size_t rank))                      \
  X(65, OrtStatus*, GetTensorTypeAndShape, (const OrtValue*, OrtTensorTypeAndShapeInfo**))         \
  X(69, OrtStatus*, CreateCpuMemoryInfo, (int allocator, int memory_type, OrtMemoryInfo**))        \
  X(93, void, ReleaseStatus, (OrtStatus*))                                                         \
  X(94, void, ReleaseMemoryInfo, (OrtMemoryInfo*))                                                 \
  X(95, void, ReleaseSession, (OrtSession*))                                                       \
  X(96, void, ReleaseValue, (OrtValue*))                                                           \
  X(98, void, ReleaseTypeInfo, (OrtTypeInfo*))                                                     \
  X(99, void, ReleaseTensorTypeAndShapeInfo, (OrtTensorTypeAndShapeInfo*))                         \
  X(100, void, ReleaseSessionOptions, (OrtSessionOptions*))                                        \
  X(125, OrtStatus*, GetAvailableProviders, (char***, int*))                                       \
  X(126, OrtStatus*, ReleaseAvailableProviders, (char**, int))                                     \
  X(130, OrtStatus*, AddSessionConfigEntry,                                                        \
    (OrtSessionOptions*, const char* key, const char* value))                                      \
  X(170, OrtStatus*, SessionOptionsAppendExecutionProvider_TensorRT_V2,                            \
    (OrtSessionOptions*, const OrtTensorRtOptions*))                                               \
  X(171, OrtStatus*, CreateTensorRTProviderOptions, (OrtTensorRtOptions**))                        \
  X(172, OrtStatus*, UpdateTensorRTProviderOptions,                                                \
    (OrtTensorRtOptions*, const char* const* keys, const char* const* values, std::size_t))        \
  X(174, void, ReleaseTensorRTProviderOptions, (OrtTensorRtOptions*))                              \
  X(204, OrtStatus*, SessionOptionsAppendExecutionProvider_CUDA_V2,                                \
    (OrtSessionOptions*, const OrtCudaOptions*))                                                   \
  X(205, OrtStatus*, CreateCUDAProviderOptions, (OrtCudaOptions**))                                \
  X(206, OrtStatus*, UpdateCUDAProviderOptions,                                                    \
    (OrtCudaOptions*, const char* const* keys, const char* const* values, std::size_t))            \
  X(208, void, ReleaseCUDAProviderOptions, (OrtCudaOptions*))                                      \
  X(216, OrtStatus*, SessionOptionsAppendExecutionProvider,                                        \
    (OrtSessionOptions*, const char* provider, const char* const* keys, const char* const* values, \
     std::size_t))

struct Functions {
#define LATHE_ORT_FIELD(place, result, name, arguments) result(*name) arguments;
  LATHE_ORT_FUNCTIONS(LATHE_ORT_FIELD)
#undef LATHE_ORT_FIELD
};

// The library, once it is loaded: one for the process, never let go. Thread-safe.
class Library {
 public:
  // Looks for it and loads it on first use; what went wrong then is the answer from there on.
  static Result<const Library*> get();

  [[nodiscard]] const std::string& version() const { return version_; }  // "1.31.1"
  [[nodiscard]] const Functions& api() const { return api_; }
  // The environment that sessions share, made on first use. It writes no log and sends no
  // telemetry.
  [[nodiscard]] Result<const OrtEnv*> environment() const;
  // "CPUExecutionProvider", "CUDAExecutionProvider", ...: what this build has, most capable first.
  [[nodiscard]] std::vector<std::string> execution_providers() const;

  // Takes over what a function answered: null where all went well.
  [[nodiscard]] Status check(OrtStatus* status) const;

 private:
  Library(std::string version, const Functions& api) : version_(std::move(version)), api_(api) {}
  static Result<Library> load();
  std::string version_;
  Functions api_;
};

}  // namespace lathe::engine::ort
