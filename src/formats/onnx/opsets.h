// Which opsets a model is at.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace onnx {
class ModelProto;
}

namespace lathe::formats {

// Opsets of the default domain from here on are written: 7 made broadcasting what it is today.
// Those before are read too.
inline constexpr int kOldestOpset = 7;

// Versions by domain; the default domain is "".
using Opsets = std::map<std::string, std::int64_t, std::less<>>;

// As the model imports them: one at least, as the specification demands.
Result<Opsets> imported_opsets(const onnx::ModelProto& model);

// The same, for a model whose operators Lathe is to know: the versions must be among those that
// ops/ has signatures of.
Result<Opsets> readable_opsets(const onnx::ModelProto& model);

// The version of a domain; 0 where there is none.
int opset_of(const Opsets& opsets, std::string_view domain);

// The error names each operator that is not supported once, with the first node that uses it.
// Subgraphs are searched too.
Status check_operators(const onnx::ModelProto& model, const Opsets& opsets);

}  // namespace lathe::formats
