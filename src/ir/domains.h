// Domains of operators beside the default one of ONNX, "", and Lathe's own.
#pragma once

#include <string_view>

namespace lathe::ir {

// ONNX Runtime's contributed operators. Those that Lathe has follow their contracts, so that files
// in QOperator form are read, and those that it writes are understood.
inline constexpr std::string_view kMicrosoftDomain = "com.microsoft";

// ONNX's operators of classical machine learning: trees, support vectors, encoders of labels.
inline constexpr std::string_view kMlDomain = "ai.onnx.ml";

}  // namespace lathe::ir
