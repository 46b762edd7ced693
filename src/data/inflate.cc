#include "data/inflate.h"

#include <algorithm>
#include <limits>
#include <zlib.h>

namespace lathe::data {
namespace {

// zlib counts what it is given in 32 bits.
unsigned clamp_count(std::size_t count) {
  return static_cast<unsigned>(
      std::min<std::size_t>(count, std::numeric_limits<unsigned>::max() / 2));
}

}  // namespace

struct Inflater::Stream {
  z_stream z{};
  std::span<const std::byte> input;
  bool usable = false;
  bool ended = false;

  // Decompresses into `out` until it is full or the stream has ended; returns what is left of it.
  Result<std::span<std::byte>> run(std::span<std::byte> out) {
    while (!ended) {
      const unsigned in_count = clamp_count(input.size());
      const unsigned out_count = clamp_count(out.size());
      z.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input.data()));
      z.avail_in = in_count;
      z.next_out = reinterpret_cast<Bytef*>(out.data());
      z.avail_out = out_count;
      const int code = inflate(&z, Z_NO_FLUSH);
      input = input.subspan(in_count - z.avail_in);
      out = out.subspan(out_count - z.avail_out);
      if (code == Z_STREAM_END) {
        ended = true;
      } else if (code == Z_MEM_ERROR) {
        return error(ErrorCode::kResourceExhausted, "no memory to decompress");
      } else if (code == Z_BUF_ERROR) {
        if (!out.empty()) return invalid_data("compressed data ends early");
        break;
      } else if (code != Z_OK) {
        return invalid_data("compressed data is damaged: {}", z.msg != nullptr ? z.msg : "unknown");
      } else if (out.empty()) {
        break;
      }
    }
    return out;
  }
};

Inflater::Inflater(std::span<const std::byte> input, DeflateFormat format)
    : stream_(std::make_unique<Stream>()) {
  stream_->input = input;
  const int window_bits = format == DeflateFormat::kRaw ? -MAX_WBITS : MAX_WBITS + 16;
  stream_->usable = inflateInit2(&stream_->z, window_bits) == Z_OK;
}

Inflater::~Inflater() {
  if (stream_->usable) inflateEnd(&stream_->z);
}

Status Inflater::read(std::span<std::byte> out) {
  if (!stream_->usable) return error(ErrorCode::kResourceExhausted, "no memory to decompress");
  if (out.empty()) return {};
  ASSIGN_OR_RETURN(const std::span<std::byte> rest, stream_->run(out));
  if (!rest.empty()) return invalid_data("compressed data ends {} bytes early", rest.size());
  return {};
}

Status Inflater::finish() {
  if (!stream_->usable) return error(ErrorCode::kResourceExhausted, "no memory to decompress");
  std::byte extra{};
  ASSIGN_OR_RETURN(const std::span<std::byte> rest, stream_->run(std::span(&extra, 1)));
  if (rest.empty()) return invalid_data("compressed data goes on after its declared size");
  if (!stream_->input.empty()) {
    return invalid_data("{} bytes follow the compressed data", stream_->input.size());
  }
  return {};
}

}  // namespace lathe::data
