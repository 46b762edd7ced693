// What an ONNX file, or the one in a compiled model, says of itself beside its graph.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/file.h"

namespace lathe::formats {

struct ModelHeader {
  std::int64_t ir_version = 0;
  std::string producer;  // "pytorch 2.1.0"; may be empty
  // Versions by domain, as the model imports them; the default domain is "".
  std::map<std::string, std::int64_t> opsets;
};

// Reads these fields alone, so it is quick whatever the size. Errors begin with the path.
// Thread-safe.
Result<ModelHeader> read_model_header(const Path& path);
// The same for a model in memory.
Result<ModelHeader> parse_model_header(std::string_view bytes);

}  // namespace lathe::formats
