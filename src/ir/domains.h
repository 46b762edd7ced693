// Domains of operators beside the default one of ONNX, "", and Lathe's own.
#pragma once

#include <string_view>

namespace lathe::ir {

// ONNX Runtime's contributed operators. Those that Lathe has follow their contracts, so that files
// in QOperator form are read, and those that it writes are understood.
inline constexpr std::string_view kMicrosoftDomain = "com.microsoft";

}  // namespace lathe::ir
