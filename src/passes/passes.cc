#include "passes/passes.h"

#include <array>

namespace lathe::passes {
namespace {

constexpr std::array kAll = {
#define LATHE_RULE(constant) &constant,
#include "passes/rules.inc"
#undef LATHE_RULE
};

constexpr std::array kDrop = {&kEliminateNoOps, &kInlineIf, &kUnrollLoop};
// Before any rule that looks for float32.
constexpr std::array kWiden = {&kWidenHalves};
// Before constants are folded, which could hide a quantized weight.
constexpr std::array kIntegerize = {
    &kExpandQuantizedFunctions, &kIntegerizeConvolution, &kIntegerizeConvTranspose,
    &kIntegerizeGemm,           &kIntegerizeMatMul,      &kIntegerizeBinary,
    &kIntegerizeMovement,       &kIntegerizeAveragePool, &kCancelRequantization,
    &kTabulateQuantized,        &kMakeWeightsSigned,     &kFoldWeightZeroPoints};
// What is still dequantized has no integer form.
constexpr std::array kDequantize = {&kDequantizeConstants};
constexpr std::array kFold = {&kFoldConstants,
                              &kEliminateNoOps,
                              &kFoldBatchNormalization,
                              &kFoldAffine,
                              &kMergeDuplicates,
                              &kMergeReshapes,
                              &kMergeTransposes,
                              &kRecognizeGelu,
                              &kRecognizeHardSwish,
                              &kRecognizeLayerNormalization,
                              &kRecognizeRmsNormalization,
                              &kJoinNormalizationAffine};
// Operators that came with newer opsets, of which the engine knows but those before.
constexpr std::array kRecognize = {&kRecognizeSwish, &kRecognizeMish};
// Of weights that are float32 by now; what is quantized has become a table.
constexpr std::array kDecompose = {&kDecomposeConvTranspose, &kDecomposeVolumes,
                                   &kDecomposeFunctions};
// When all else is decided: a fused node is one that no other rule sees through.
constexpr std::array kFuse = {&kFuseEpilogue};

constexpr std::array<Phase, 7> kInference = {kDrop, kWiden,     kIntegerize, kDequantize,
                                             kFold, kDecompose, kFuse};
constexpr std::array<Phase, 3> kSimplify = {kDrop, kFold, kRecognize};

}  // namespace

std::span<const Rule* const> all_rules() { return kAll; }
std::span<const Phase> inference_pipeline() { return kInference; }
std::span<const Phase> simplify_pipeline() { return kSimplify; }

}  // namespace lathe::passes
