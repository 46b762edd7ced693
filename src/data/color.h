// Changes to the colours of an image, in place.
#pragma once

#include "data/image.h"

namespace lathe::data {

// Each value times `factor`.
void adjust_brightness(Image& image, float factor);
// Each value's distance to the mean luma of the image times `factor`.
void adjust_contrast(Image& image, float factor);
// Each value's distance to the luma of its own pixel times `factor`; gray images stay as they are.
void adjust_saturation(Image& image, float factor);
// The hue (of HSV) turned by `turn` full circles; gray images stay as they are.
void adjust_hue(Image& image, float turn);

}  // namespace lathe::data
