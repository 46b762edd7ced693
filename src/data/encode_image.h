// Pixels to PNG files.
#pragma once

#include <string>

#include "base/result.h"
#include "data/image.h"

namespace lathe::data {

// The bytes of a PNG file, 8 bits per channel, gray or RGB.
Result<std::string> encode_png(const Image& image);

}  // namespace lathe::data
