// How long sums are split.
#pragma once

namespace lathe::kernels {

// Totals that a run of elements is split over, by the index in the run, so that they do not wait
// for each other; then the halves are combined until one is left. The same for all instruction
// sets: so are the results.
inline constexpr int kFoldParts = 32;

}  // namespace lathe::kernels
