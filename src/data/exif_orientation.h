// How a camera was held, as EXIF tells it. Format: JEITA CP-3451 (Exif 2.3), TIFF 6.0.
#pragma once

#include <cstddef>
#include <span>

#include "data/image.h"

namespace lathe::data {

// The orientation 1 to 8 in a TIFF block (what follows "Exif\0\0" in JPEG, the eXIf chunk of PNG);
// 1, upright, where it is absent or malformed.
int exif_orientation(std::span<const std::byte> tiff);

// The image upright. Orientations 5 to 8 exchange width and height.
Image apply_orientation(Image image, int orientation);

}  // namespace lathe::data
