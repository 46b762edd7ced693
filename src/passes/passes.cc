#include "passes/passes.h"

#include <array>

namespace lathe::passes {
namespace {

constexpr Pass kEliminateIdentity{"eliminate_identity", eliminate_identity};
constexpr Pass kIntegerize{"integerize", integerize};
constexpr Pass kFoldConstants{"fold_constants", fold_constants};
constexpr Pass kFoldBatchNormalization{"fold_batch_normalization", fold_batch_normalization};

// Integer operators come before constants are folded, which could hide a quantized weight.
constexpr std::array kInference = {kEliminateIdentity, kIntegerize, kFoldConstants,
                                   kFoldBatchNormalization};
constexpr std::array kSimplify = {kEliminateIdentity, kFoldConstants, kFoldBatchNormalization};

}  // namespace

std::span<const Pass> inference_passes() { return kInference; }
std::span<const Pass> simplify_passes() { return kSimplify; }

}  // namespace lathe::passes
