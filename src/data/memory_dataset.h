// Datasets whose samples are held in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "ir/tensor.h"

namespace lathe::data {

// `pixels` is uint8 [N,H,W,C] with C 1 or 3, none of them 0, and at most kMaxImagePixels in an
// image; there are N labels, each of which names a class.
Result<std::shared_ptr<const Dataset>> make_image_dataset(std::string name, ir::Tensor pixels,
                                                          std::vector<std::int64_t> labels,
                                                          std::vector<std::string> class_names);

// `features` is [N, shape...] of any numeric type; N > 0. A sample of which a value is not finite
// as float32 is an error when it is read.
Result<std::shared_ptr<const Dataset>> make_feature_dataset(std::string name, ir::Tensor features,
                                                            std::vector<std::int64_t> labels,
                                                            std::vector<std::string> class_names);

// "0", "1", ... for labels without names; an error where a label is negative or so large that it
// cannot be one.
Result<std::vector<std::string>> numbered_classes(const std::vector<std::int64_t>& labels);

}  // namespace lathe::data
