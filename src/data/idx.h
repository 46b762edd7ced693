// The IDX files that MNIST made known: a type, extents, and elements in big-endian order.
// Format: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
#pragma once

#include <cstddef>
#include <span>

#include "base/file.h"
#include "base/result.h"
#include "ir/tensor.h"

namespace lathe::data {

// Plain or gzipped (told by the first bytes). At most 8 dimensions. The file must hold exactly the
// elements that its header declares: decompression stops there, and what would follow is an error.
Result<ir::Tensor> parse_idx(std::span<const std::byte> bytes);
Result<ir::Tensor> read_idx(const Path& path);

}  // namespace lathe::data
