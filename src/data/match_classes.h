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
//   - by name, as it is spelled or else without regard to letter case, to what parts its words
//     (blanks, '_', '-', '/') and to zeros before a number, where that leaves one label only;
//   - else by number, where all classes of the dataset are called by numbers: class 7 is output 7,
//     unless some output is called by another one's number;
//   - where the model has no labels and the data's classes have names, by position.
// Where classes are not matched by name and they are fewer than the outputs, or numbers are not
// positions, the origin's notes say so. An error where a class does not fit, be there samples of it
// or not; only numbers that no sample has are passed over. Outputs without a class are fine.
Result<std::shared_ptr<const Dataset>> match_classes(std::shared_ptr<const Dataset> dataset,
                                                     std::span<const std::string> labels,
                                                     std::int64_t classes);

// The same for a model whose metadata holds labels; where it holds none the dataset as it is. For
// asking before long work, and for truths by name.
Result<std::shared_ptr<const Dataset>> match_labels(std::shared_ptr<const Dataset> dataset,
                                                    const Metadata& metadata);

// The same for training, which may give outputs another meaning: where there is a class for each
// label, and none is called as any of them, the dataset as it is. The origin's notes say so.
Result<std::shared_ptr<const Dataset>> match_or_replace_labels(
    std::shared_ptr<const Dataset> dataset, const Metadata& metadata);

}  // namespace lathe::data
