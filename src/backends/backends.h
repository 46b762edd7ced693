// All backends by name: Lathe's own engine, the reference evaluator, and other runtimes, whose
// libraries are looked for while the program runs.
//
//   ASSIGN_OR_RETURN(const Backend* backend, find_backend("onnxruntime"));
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/backend.h"

namespace lathe::engine {

// The default ("native") first. "auto", which chooses among them, is none of them.
std::span<const Backend* const> backends();
// Those of them that can be used here. Loads the libraries of the others.
std::vector<const Backend*> available_backends();
// By name, "auto" too; the error lists the names.
Result<const Backend*> find_backend(std::string_view name);

}  // namespace lathe::engine
