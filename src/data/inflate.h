// Deflated data as a bounded stream.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/result.h"

namespace lathe::data {

// Deflate stores no less than one byte for this many (zlib's documentation: 1032:1). A header that
// declares more than that lies.
inline constexpr std::size_t kMaxDeflateRatio = 1032;

enum class DeflateFormat {
  kRaw,   // as in zip members
  kGzip,  // with a gzip header and checksum
};

// Decompresses from memory, no further than asked. `input` must outlive it. For one thread.
class Inflater {
 public:
  Inflater(std::span<const std::byte> input, DeflateFormat format);
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater();

  // Fills `out`, or is an error: the stream ends early, or is malformed.
  Status read(std::span<std::byte> out);
  // Checks that the stream and the input end here; verifies a gzip stream's checksum.
  Status finish();

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace lathe::data
