// The header of an .npy file: the text form of a Python dictionary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/data_type.h"

namespace lathe::data {

// What NumPy calls descr: "<f4".
struct NpyElement {
  ir::DataType type = ir::DataType::kUndefined;
  char kind = 0;          // NumPy's letter: b, i, u, f, c, S, U
  std::size_t bytes = 0;  // of one element
  bool big_endian = false;
};

struct NpyHeader {
  NpyElement element;
  bool fortran_order = false;
  std::vector<std::int64_t> dims;
};

// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } with its keys in any order.
Result<NpyHeader> parse_npy_header(std::string_view text);

// The descr of a type that NumPy has, little endian; `text_width` is the number of characters in
// an element of strings.
std::string npy_description(ir::DataType type, std::size_t text_width);

}  // namespace lathe::data
