#include "kernels/peak.h"

namespace lathe::kernels {

Result<double> measure_amx_int8_peak_gops(double, int) {
  return error(ErrorCode::kUnavailable, "this architecture has no amx-int8");
}

Result<double> measure_amx_bf16_peak_gflops(double, int) {
  return error(ErrorCode::kUnavailable, "this architecture has no amx-bf16");
}

}  // namespace lathe::kernels
