// Parts of images, mirrored and rotated ones.
#pragma once

#include "data/image.h"

namespace lathe::data {

Image flip_horizontal(const Image& image);

// height x width pixels from (top, left) on; what lies outside of the image is black.
Image crop(const Image& image, int top, int left, int height, int width);
// From the centre, the odd pixel left out at the bottom and the right.
Image center_crop(const Image& image, int height, int width);

// Turned counter-clockwise about its centre, bilinear, in the same extents; what comes from outside
// is black.
Image rotate(const Image& image, float degrees);

}  // namespace lathe::data
