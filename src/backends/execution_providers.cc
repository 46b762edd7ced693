#include "backends/execution_providers.h"

#include <algorithm>
#include <cctype>
#include <fmt/ranges.h>

namespace lathe::engine::ort {
namespace {

constexpr std::string_view kSuffix = "ExecutionProvider";

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Options as the library takes them.
struct KeysAndValues {
  explicit KeysAndValues(const ProviderOptions& options) {
    for (const auto& [key, value] : options) {
      keys.push_back(key.c_str());
      values.push_back(value.c_str());
    }
  }
  std::vector<const char*> keys;
  std::vector<const char*> values;
};

// Those with options of a type of their own: made, filled, handed over.
template <typename T, typename Create, typename Update, typename Append>
Status append_with(const Library& library, OrtSessionOptions& session, const KeysAndValues& given,
                   void (*release)(T*), Create create, Update update, Append append) {
  ASSIGN_OR_RETURN(const Owned<T> options, make_owned<T>(library, release, create));
  if (!given.keys.empty()) {
    RETURN_IF_ERROR(library.check(
        update(options.get(), given.keys.data(), given.values.data(), given.keys.size())));
  }
  return library.check(append(&session, options.get()));
}

// The name by which the general function knows a provider; it differs from the listed one in case.
std::string registered_name(const std::string& listed) {
  std::string name = listed.substr(0, listed.size() - kSuffix.size());
  return name == "Xnnpack" ? "XNNPACK" : name;
}

std::string how_to_get(const std::string& name) {
  if (name == "cuda" || name == "tensorrt") {
    return "; the package onnxruntime-gpu has it: let LATHE_ONNXRUNTIME name its folder";
  }
  if (name == "openvino") {
    return "; the package onnxruntime-openvino has it, or use --backend openvino";
  }
  return "";
}

}  // namespace

std::string short_provider_name(const std::string& name) {
  const bool listed = name.size() > kSuffix.size() &&
                      name.compare(name.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0;
  return lower(listed ? name.substr(0, name.size() - kSuffix.size()) : name);
}

std::vector<std::string> usable_providers(const Library& library) {
  std::vector<std::string> names;
  for (const std::string& listed : library.execution_providers()) {
    if (std::string name = short_provider_name(listed); name != "azure") {
      names.push_back(std::move(name));
    }
  }
  return names;
}

Status append_provider(const Library& library, OrtSessionOptions& options, const std::string& name,
                       const ProviderOptions& provider_options) {
  if (name == "azure") {
    return unsupported("it sends inputs over the network, which Lathe does not do");
  }
  const std::vector<std::string> listed = library.execution_providers();
  const auto found = std::find_if(listed.begin(), listed.end(), [&](const std::string& candidate) {
    return short_provider_name(candidate) == name;
  });
  if (found == listed.end()) {
    return error(ErrorCode::kUnavailable, "this build of ONNX Runtime {} has {}{}",
                 library.version(), fmt::join(usable_providers(library), ", "), how_to_get(name));
  }
  const Functions& api = library.api();
  const KeysAndValues given(provider_options);
  if (name == "cuda") {
    return append_with<OrtCudaOptions>(library, options, given, api.ReleaseCUDAProviderOptions,
                                       api.CreateCUDAProviderOptions, api.UpdateCUDAProviderOptions,
                                       api.SessionOptionsAppendExecutionProvider_CUDA_V2);
  }
  if (name == "tensorrt") {
    return append_with<OrtTensorRtOptions>(
        library, options, given, api.ReleaseTensorRTProviderOptions,
        api.CreateTensorRTProviderOptions, api.UpdateTensorRTProviderOptions,
        api.SessionOptionsAppendExecutionProvider_TensorRT_V2);
  }
  return library.check(api.SessionOptionsAppendExecutionProvider(
      &options, registered_name(*found).c_str(), given.keys.data(), given.values.data(),
      given.keys.size()));
}

}  // namespace lathe::engine::ort
