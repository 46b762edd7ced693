// The classes of a dataset and those of a model, brought together.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "data/dataset.h"
#include "data/preprocess.h"

namespace lathe::data {

// The dataset with the labels and the class names of a model of `classes` outputs, whose labels are
// `labels` (one per output, or none). The classes are found
//   - by name, as it is spelled or else without regard to letter case and to what parts its words
//     (blanks, '_', '-', '/'), where that leaves one label only;
//   - else by number, where all classes of the dataset are called by numbers: class 7 is output 7;
//   - where the model has no labels and the data's classes have names, by position.
// Where classes are not matched by name and they are fewer than the outputs, or numbers are not
// positions, the origin's notes say so. An error where a class does not fit. Classes of the dataset
// need not have samples in it; outputs without a class are fine.
Result<std::shared_ptr<const Dataset>> match_classes(std::shared_ptr<const Dataset> dataset,
                                                     std::span<const std::string> labels,
                                                     std::int64_t classes);

// The same for a model whose metadata holds labels; where it holds none the dataset as it is. For
// asking before long work, and for truths by name.
Result<std::shared_ptr<const Dataset>> match_labels(std::shared_ptr<const Dataset> dataset,
                                                    const Metadata& metadata);

}  // namespace lathe::data
