#include "kernels/layer_norm_f32/loops.h"

namespace lathe::kernels {

void layer_norm_f32_avx2(const LayerNormF32Args& args) { layer_norm(args); }

}  // namespace lathe::kernels
