// Datasets that are made of another one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"

namespace lathe::data {

// Is its base in everything that a subclass does not override.
class DatasetView : public Dataset {
 public:
  explicit DatasetView(std::shared_ptr<const Dataset> base) : base_(std::move(base)) {}

  [[nodiscard]] std::string name() const override { return base_->name(); }
  [[nodiscard]] std::int64_t size() const override { return base_->size(); }
  [[nodiscard]] Result<Sample> get(std::int64_t index) const override { return base_->get(index); }
  [[nodiscard]] std::int64_t label(std::int64_t index) const override {
    return base_->label(index);
  }
  [[nodiscard]] const std::vector<std::string>& class_names() const override {
    return base_->class_names();
  }
  [[nodiscard]] bool is_images() const override { return base_->is_images(); }
  [[nodiscard]] std::vector<std::int64_t> sample_shape() const override {
    return base_->sample_shape();
  }
  [[nodiscard]] std::string describe(std::int64_t index) const override {
    return base_->describe(index);
  }
  [[nodiscard]] std::string file(std::int64_t index) const override { return base_->file(index); }
  [[nodiscard]] bool in_memory() const override { return base_->in_memory(); }
  [[nodiscard]] const Origin& origin() const override { return base_->origin(); }

 protected:
  [[nodiscard]] const Dataset& base() const { return *base_; }

 private:
  std::shared_ptr<const Dataset> base_;
};

// The same samples with another origin.
std::shared_ptr<const Dataset> with_origin(std::shared_ptr<const Dataset> base, Origin origin);

// A part of a dataset by the name that tells its samples from those of the others.
struct DatasetPart {
  std::string name;  // "train"
  std::shared_ptr<const Dataset> dataset;
};
// The samples of all parts, one part after the other; there is one at least. The class names are
// those of the part that has most: all of them count their classes alike. An error where one holds
// images and another features, or of another shape.
Result<std::shared_ptr<const Dataset>> concatenate(std::vector<DatasetPart> parts);

// Opens kTrain, kTest and kValidation in that order, as many as are there (not kNotFound), and
// concatenates them; the first error where none is. The origin's notes name a train or test split
// that is not there. Of a split of which a part is there `open` answers another error.
Result<std::shared_ptr<const Dataset>> open_every_split(
    const std::function<Result<std::shared_ptr<const Dataset>>(Split)>& open);

}  // namespace lathe::data
