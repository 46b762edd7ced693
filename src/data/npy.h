// NumPy's array files: .npy (format versions 1.0 to 3.0) and .npz archives of them.
// Format: numpy.lib.format, "A simple format for saving numpy arrays to disk".
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "ir/tensor.h"

namespace lathe::data {

// Little and big endian, C and Fortran order; bool, integers, float16 to float64, and byte or
// Unicode strings (which become UTF-8). Complex, structured and object arrays are kUnsupported.
// Sizes are checked against the bytes at hand before anything is allocated.
Result<ir::Tensor> parse_npy(std::span<const std::byte> bytes);
Result<ir::Tensor> read_npy(const Path& path);

// Version 1.0 (2.0 for huge headers), little endian, C order. NumPy lacks some of our types: 4-bit
// integers are written as 8-bit ones, bfloat16 as float32, both without loss.
Result<std::string> format_npy(const ir::Tensor& tensor);
Status write_npy(const Path& path, const ir::Tensor& tensor);

// Arrays by name, without ".npy". Members may be stored or deflated, zip64 too; their checksums are
// verified. Members that are no .npy files are skipped. All arrays together may take 16 GiB.
Result<std::map<std::string, ir::Tensor>> parse_npz(std::span<const std::byte> bytes);
Result<std::map<std::string, ir::Tensor>> read_npz(const Path& path);
// Stored without compression.
Status write_npz(const Path& path, const std::map<std::string, ir::Tensor>& arrays);

}  // namespace lathe::data
