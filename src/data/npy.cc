#include "data/npy.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <fmt/ranges.h>
#include <string_view>
#include <vector>

#include "data/byte_order.h"
#include "data/npy_header.h"
#include "data/unicode.h"

namespace lathe::data {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeaderBytes = 1 << 16;

// Elements of `type` in Fortran order to C order: the first extent changes fastest in `from`.
void transpose_from_fortran(std::span<const std::byte> from, std::span<std::byte> to,
                            std::span<const std::int64_t> dims, std::size_t element_bytes) {
  std::vector<std::int64_t> strides(dims.size());  // in `from`, in elements
  std::int64_t stride = 1;
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    strides[axis] = stride;
    stride *= dims[axis];
  }
  std::vector<std::int64_t> index(dims.size());
  std::int64_t offset = 0;
  for (std::size_t at = 0; at < to.size(); at += element_bytes) {
    std::memcpy(to.data() + at, from.data() + static_cast<std::size_t>(offset) * element_bytes,
                element_bytes);
    for (std::size_t axis = dims.size(); axis > 0; --axis) {
      const std::size_t a = axis - 1;
      offset += strides[a];
      if (++index[a] < dims[a]) break;
      offset -= strides[a] * dims[a];
      index[a] = 0;
    }
  }
}

// What has a byte order: the two parts of a complex number have one each.
std::size_t word_bytes(ir::DataType type) {
  const auto bytes = static_cast<std::size_t>(ir::bits_per_element(type)) / 8;
  return type == ir::DataType::kComplex64 || type == ir::DataType::kComplex128 ? bytes / 2 : bytes;
}

// One fixed-width text field, without the zeros that fill it up.
Result<std::string> decode_text(std::span<const std::byte> field, const NpyElement& element) {
  std::string text;
  if (element.kind == 'S') {
    text.assign(reinterpret_cast<const char*>(field.data()), field.size());
    text.resize(text.find_last_not_of('\0') + 1);
    return text;
  }
  std::size_t length = field.size() / 4;
  const auto at = [&](std::size_t i) {
    return element.big_endian ? load_big<std::uint32_t>(field.data() + 4 * i)
                              : load_little<std::uint32_t>(field.data() + 4 * i);
  };
  while (length > 0 && at(length - 1) == 0) --length;
  for (std::size_t i = 0; i < length; ++i) {
    if (!append_utf8(text, at(i))) return invalid_data("text holds U+{:X}, no character", at(i));
  }
  return text;
}

}  // namespace

Result<ir::Tensor> parse_npy(std::span<const std::byte> bytes) {
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  if (bytes.size() < 10 || std::string_view(text, kMagic.size()) != kMagic) {
    return invalid_data("not an .npy file: it does not begin with \\x93NUMPY");
  }
  const int major = std::to_integer<int>(bytes[6]);
  if (major < 1 || major > 3) return unsupported(".npy format version {}", major);
  const std::size_t prefix = major == 1 ? 10 : 12;
  if (bytes.size() < prefix) return invalid_data(".npy header ends early");
  const std::size_t header_bytes = major == 1 ? load_little<std::uint16_t>(bytes.data() + 8)
                                              : load_little<std::uint32_t>(bytes.data() + 8);
  if (header_bytes > kMaxHeaderBytes || header_bytes > bytes.size() - prefix) {
    return invalid_data(".npy header of {} bytes in a file of {}", header_bytes, bytes.size());
  }
  ASSIGN_OR_RETURN(const NpyHeader header,
                   parse_npy_header(std::string_view(text + prefix, header_bytes)));
  const std::span<const std::byte> body = bytes.subspan(prefix + header_bytes);

  ASSIGN_OR_RETURN(const std::int64_t signed_count, ir::element_count(header.dims));
  const auto count = static_cast<std::size_t>(signed_count);
  const std::size_t element_bytes = header.element.bytes;
  // An element of no bytes (an empty string) would let a few bytes declare any number of them.
  const std::size_t most = body.size() / std::max<std::size_t>(element_bytes, 1);
  if (count > most || count * element_bytes != body.size()) {
    return invalid_data(".npy header declares shape {} of {} bytes each, the file holds {} bytes",
                        ir::to_string(header.dims), element_bytes, body.size());
  }

  std::vector<std::byte> ordered;
  std::span<const std::byte> elements = body;
  if (header.fortran_order && header.dims.size() > 1 && count > 0) {
    ordered.resize(body.size());
    transpose_from_fortran(body, ordered, header.dims, element_bytes);
    elements = ordered;
  }
  ASSIGN_OR_RETURN(ir::Tensor tensor, ir::Tensor::create(header.element.type, header.dims));
  if (header.element.type == ir::DataType::kString) {
    const std::span<std::string> strings = tensor.mutable_data<std::string>();
    for (std::size_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(strings[i], decode_text(elements.subspan(i * element_bytes, element_bytes),
                                               header.element));
    }
    return tensor;
  }
  const std::span<std::byte> out = tensor.mutable_bytes();
  if (!elements.empty()) std::memcpy(out.data(), elements.data(), elements.size());
  const bool native_big = std::endian::native == std::endian::big;
  if (header.element.big_endian != native_big) swap_elements(out, word_bytes(header.element.type));
  if (header.element.type == ir::DataType::kBool) {
    // Any byte but 0 is true to NumPy; a C++ bool must be 0 or 1.
    for (std::byte& value : out) value = value == std::byte{0} ? std::byte{0} : std::byte{1};
  }
  return tensor;
}

Result<ir::Tensor> read_npy(const Path& path) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
  return parse_npy(file.bytes()).with_context(path.string());
}

namespace {

// The tensor in a type that NumPy has and that holds all of its values.
ir::Tensor numpy_tensor(const ir::Tensor& tensor) {
  const ir::DataType type = tensor.data_type();
  if (type == ir::DataType::kBFloat16 || ir::is_mini_float(type))
    return tensor.cast(ir::DataType::kFloat32);
  if (ir::is_integer(type) && ir::bits_per_element(type) < 8) {
    return tensor.cast(ir::is_signed_integer(type) ? ir::DataType::kInt8 : ir::DataType::kUint8);
  }
  return tensor;
}

// Strings as code points, and the longest one's length: NumPy's fields have one width.
struct TextColumn {
  std::vector<std::u32string> rows;
  std::size_t width = 1;
};

Result<TextColumn> decode_strings(const ir::Tensor& tensor) {
  TextColumn column;
  for (const std::string& text : tensor.data<std::string>()) {
    ASSIGN_OR_RETURN(std::u32string row, decode_utf8(text));
    column.width = std::max(column.width, row.size());
    column.rows.push_back(std::move(row));
  }
  return column;
}

}  // namespace

Result<std::string> format_npy(const ir::Tensor& original) {
  if (!original.defined()) return invalid_argument("a tensor without a type has no .npy form");
  const ir::Tensor tensor = numpy_tensor(original);
  TextColumn column;
  if (tensor.data_type() == ir::DataType::kString) {
    ASSIGN_OR_RETURN(column, decode_strings(tensor));
  }
  // NumPy's own writer ends a tuple of one with a comma, too.
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                   npy_description(tensor.data_type(), column.width),
                                   fmt::join(tensor.dims(), ", "), tensor.rank() == 1 ? "," : "");
  const bool wide = header.size() + 80 > 0xffff;
  const std::size_t prefix = wide ? 12 : 10;
  const std::size_t total = (prefix + header.size() + 1 + 63) / 64 * 64;
  header.append(total - prefix - header.size() - 1, ' ');
  header.push_back('\n');

  std::string out(kMagic);
  out.push_back(wide ? '\2' : '\1');
  out.push_back('\0');
  if (wide) {
    append_little(out, static_cast<std::uint32_t>(header.size()));
  } else {
    append_little(out, static_cast<std::uint16_t>(header.size()));
  }
  out += header;
  if (tensor.data_type() == ir::DataType::kString) {
    for (std::u32string& row : column.rows) {
      row.resize(column.width);
      for (const char32_t point : row) append_little(out, static_cast<std::uint32_t>(point));
    }
    return out;
  }
  const std::size_t begin = out.size();
  const std::span<const std::byte> bytes = tensor.bytes();
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (std::endian::native == std::endian::big) {
    swap_elements(std::as_writable_bytes(std::span(out).subspan(begin)),
                  word_bytes(tensor.data_type()));
  }
  return out;
}

Status write_npy(const Path& path, const ir::Tensor& tensor) {
  ASSIGN_OR_RETURN(const std::string content, format_npy(tensor).with_context(path.string()));
  return write_file_atomic(path, content);
}

}  // namespace lathe::data
