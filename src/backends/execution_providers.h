// ONNX Runtime's execution providers: accelerators and other libraries that compute parts of a
// graph in its place.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backends/onnxruntime_api.h"

namespace lathe::engine::ort {

using ProviderOptions = std::map<std::string, std::string>;

// What users call it: "CUDAExecutionProvider" is "cuda".
std::string short_provider_name(const std::string& name);

// What this build of the library has and Lathe asks for, by short name, most capable first. Azure's
// is left out: it sends the inputs over the network.
std::vector<std::string> usable_providers(const Library& library);

// Asks for one provider other than "cpu". The error says why it cannot be had.
Status append_provider(const Library& library, OrtSessionOptions& options, const std::string& name,
                       const ProviderOptions& provider_options);

}  // namespace lathe::engine::ort
