#include "data/dataset_view.h"

#include <algorithm>

#include "base/words.h"

namespace lathe::data {
namespace {

class WithOrigin final : public DatasetView {
 public:
  WithOrigin(std::shared_ptr<const Dataset> base, Origin origin)
      : DatasetView(std::move(base)), origin_(std::move(origin)) {}
  [[nodiscard]] const Origin& origin() const override { return origin_; }

 private:
  Origin origin_;
};

// What is the same for all samples is the first part's.
class Concatenation final : public DatasetView {
 public:
  explicit Concatenation(std::vector<DatasetPart> parts)
      : DatasetView(parts[0].dataset), parts_(std::move(parts)) {
    for (const DatasetPart& part : parts_) {
      ends_.push_back((ends_.empty() ? 0 : ends_.back()) + part.dataset->size());
      const std::vector<std::string>& classes = part.dataset->class_names();
      if (classes.size() > class_names_.size()) class_names_ = classes;
      const Origin& origin = part.dataset->origin();
      origin_.files_left_out += origin.files_left_out;
      for (const std::string& note : origin.notes) {
        if (std::ranges::find(origin_.notes, note) == origin_.notes.end()) {
          origin_.notes.push_back(note);
        }
      }
    }
  }

  [[nodiscard]] std::int64_t size() const override { return ends_.back(); }
  [[nodiscard]] Result<Sample> get(std::int64_t index) const override {
    const auto [part, local] = find(index);
    return part.dataset->get(local);
  }
  [[nodiscard]] std::int64_t label(std::int64_t index) const override {
    const auto [part, local] = find(index);
    return part.dataset->label(local);
  }
  [[nodiscard]] const std::vector<std::string>& class_names() const override {
    return class_names_;
  }
  [[nodiscard]] std::string describe(std::int64_t index) const override {
    const auto [part, local] = find(index);
    return part.name + " " + part.dataset->describe(local);
  }
  [[nodiscard]] std::string file(std::int64_t index) const override {
    const auto [part, local] = find(index);
    return part.dataset->file(local);
  }
  [[nodiscard]] const Origin& origin() const override { return origin_; }

 private:
  struct Place {
    const DatasetPart& part;
    std::int64_t local;
  };
  [[nodiscard]] Place find(std::int64_t index) const {
    LATHE_CHECK(index >= 0 && index < size());
    const auto end = std::ranges::upper_bound(ends_, index);
    const DatasetPart& part = parts_[static_cast<std::size_t>(end - ends_.begin())];
    return {part, index - (*end - part.dataset->size())};
  }

  std::vector<DatasetPart> parts_;
  std::vector<std::int64_t> ends_;  // of each part, counted over all
  std::vector<std::string> class_names_;
  Origin origin_;
};

}  // namespace

std::shared_ptr<const Dataset> with_origin(std::shared_ptr<const Dataset> base, Origin origin) {
  return std::make_shared<WithOrigin>(std::move(base), std::move(origin));
}

Result<std::shared_ptr<const Dataset>> concatenate(std::vector<DatasetPart> parts) {
  LATHE_CHECK(!parts.empty());
  const DatasetPart& first = parts[0];
  for (const DatasetPart& part : parts) {
    if (part.dataset->is_images() == first.dataset->is_images() &&
        part.dataset->sample_shape() == first.dataset->sample_shape()) {
      continue;
    }
    const auto kind = [](const DatasetPart& p) {
      return fmt::format("{} of shape {}", p.dataset->is_images() ? "images" : "features",
                         ir::to_string(p.dataset->sample_shape()));
    };
    return invalid_data("{} holds {}, {} holds {}", first.name, kind(first), part.name, kind(part));
  }
  if (parts.size() == 1) return first.dataset;
  return std::shared_ptr<const Dataset>(std::make_shared<Concatenation>(std::move(parts)));
}

Result<std::shared_ptr<const Dataset>> open_every_split(
    const std::function<Result<std::shared_ptr<const Dataset>>(Split)>& open) {
  std::vector<DatasetPart> parts;
  std::vector<std::string> missing;
  std::optional<Error> first_missing;
  for (const Split split : {Split::kTrain, Split::kTest, Split::kValidation}) {
    Result<std::shared_ptr<const Dataset>> dataset = open(split);
    if (dataset.ok()) {
      parts.push_back({std::string(split_name(split)), *std::move(dataset)});
      continue;
    }
    if (dataset.error().code() != ErrorCode::kNotFound) return dataset.error();
    if (!first_missing) first_missing = dataset.error();
    if (split != Split::kValidation) missing.emplace_back(split_name(split));
  }
  if (parts.empty()) return *first_missing;
  ASSIGN_OR_RETURN(std::shared_ptr<const Dataset> all, concatenate(std::move(parts)));
  if (missing.empty()) return all;
  Origin origin = all->origin();
  origin.notes.push_back(fmt::format("{}: no {} split is there, all is {} without it", all->name(),
                                     listed(missing), counted(all->size(), "sample")));
  return with_origin(std::move(all), std::move(origin));
}

}  // namespace lathe::data
