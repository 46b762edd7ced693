// Labels of the classes that a classifier of ai.onnx.ml tells apart.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "ops/attributes.h"
#include "ops/element_copy.h"

namespace lathe::ops {

// The attribute of this name, or classlabels_strings: a vector. An error unless one of them, and
// only one, has elements.
Result<ir::Tensor> read_class_labels(const Attributes& attributes, std::string_view integers);

// The class that scores most; of equal ones the first.
std::size_t top_class(std::span<const double> scores);

// Writes what a classifier says of each sample. Keeps a reference to the output.
class LabelWriter {
 public:
  LabelWriter(const ir::Tensor& labels, ir::Tensor& output);
  LabelWriter(const LabelWriter&) = delete;
  LabelWriter& operator=(const LabelWriter&) = delete;
  void write(std::size_t sample, std::size_t label_class) {
    copier_.copy(static_cast<std::int64_t>(label_class), static_cast<std::int64_t>(sample));
  }
  // For a sample that is not of the only class that there is: 0, as a string "0".
  void write_none(std::size_t sample) { write(sample, none_); }

 private:
  ir::Tensor labels_;  // and that of none
  std::size_t none_;
  ElementCopier copier_;
};

}  // namespace lathe::ops
