#include "data/memory_dataset.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <utility>

#include "data/decode_image.h"

namespace lathe::data {
namespace {

class MemoryDataset final : public Dataset {
 public:
  MemoryDataset(std::string name, ir::Tensor data, std::vector<std::int64_t> labels,
                std::vector<std::string> class_names, bool is_images)
      : name_(std::move(name)),
        data_(std::move(data)),
        labels_(std::move(labels)),
        class_names_(std::move(class_names)),
        is_images_(is_images),
        sample_dims_(data_.dims().begin() + 1, data_.dims().end()),
        sample_size_(static_cast<std::size_t>(data_.num_elements() / data_.dim(0))) {}

  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::int64_t size() const override { return data_.dim(0); }
  [[nodiscard]] std::int64_t label(std::int64_t index) const override {
    return labels_.at(static_cast<std::size_t>(index));
  }
  [[nodiscard]] const std::vector<std::string>& class_names() const override {
    return class_names_;
  }
  [[nodiscard]] bool is_images() const override { return is_images_; }
  [[nodiscard]] std::string describe(std::int64_t index) const override {
    return fmt::format("sample {}", index);
  }
  [[nodiscard]] bool in_memory() const override { return true; }
  [[nodiscard]] const Origin& origin() const override { return origin_; }

  [[nodiscard]] std::vector<std::int64_t> sample_shape() const override {
    if (!is_images_) return sample_dims_;
    return {sample_dims_[2], sample_dims_[0], sample_dims_[1]};
  }

  [[nodiscard]] Result<Sample> get(std::int64_t index) const override {
    LATHE_CHECK(index >= 0 && index < size());
    const std::size_t begin = static_cast<std::size_t>(index) * sample_size_;
    Sample sample;
    sample.label = label(index);
    if (is_images_) {
      const auto pixels = data_.data<std::uint8_t>().subspan(begin, sample_size_);
      sample.image = {static_cast<int>(sample_dims_[1]),
                      static_cast<int>(sample_dims_[0]),
                      static_cast<int>(sample_dims_[2]),
                      {pixels.begin(), pixels.end()}};
    } else {
      const auto values = data_.data<float>().subspan(begin, sample_size_);
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isfinite(values[i])) continue;
        return invalid_data("{}: feature {} is {}", describe(index), i, values[i]);
      }
      sample.features = ir::Tensor::zeros(ir::DataType::kFloat32, sample_dims_);
      std::ranges::copy(values, sample.features.mutable_data<float>().begin());
    }
    return sample;
  }

 private:
  std::string name_;
  ir::Tensor data_;  // uint8 [N,H,W,C], or float32 [N, shape...]
  std::vector<std::int64_t> labels_;
  std::vector<std::string> class_names_;
  bool is_images_;
  std::vector<std::int64_t> sample_dims_;
  std::size_t sample_size_;
  Origin origin_;
};

Status check_labels(const ir::Tensor& data, const std::vector<std::int64_t>& labels,
                    const std::vector<std::string>& class_names) {
  if (data.rank() == 0 || data.num_elements() == 0) return invalid_data("no samples");
  if (data.dim(0) != static_cast<std::int64_t>(labels.size())) {
    return invalid_data("{} samples, but {} labels", data.dim(0), labels.size());
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= static_cast<std::int64_t>(class_names.size())) {
      return invalid_data("sample {}: label {}, expected one of {} classes", i, labels[i],
                          class_names.size());
    }
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const Dataset>> make_image_dataset(std::string name, ir::Tensor pixels,
                                                          std::vector<std::int64_t> labels,
                                                          std::vector<std::string> class_names) {
  RETURN_IF_ERROR(check_labels(pixels, labels, class_names));
  if (pixels.data_type() != ir::DataType::kUint8 || pixels.rank() != 4 ||
      (pixels.dim(3) != 1 && pixels.dim(3) != 3) ||
      pixels.dim(1) > kMaxImagePixels / pixels.dim(2)) {
    return invalid_data("images of type {}, expected uint8[N,H,W,C] with C 1 or 3",
                        pixels.type().to_string());
  }
  return std::shared_ptr<const Dataset>(
      std::make_shared<MemoryDataset>(std::move(name), std::move(pixels), std::move(labels),
                                      std::move(class_names), /*is_images=*/true));
}

Result<std::shared_ptr<const Dataset>> make_feature_dataset(std::string name, ir::Tensor features,
                                                            std::vector<std::int64_t> labels,
                                                            std::vector<std::string> class_names) {
  RETURN_IF_ERROR(check_labels(features, labels, class_names));
  if (features.data_type() == ir::DataType::kString) return invalid_data("features of type string");
  return std::shared_ptr<const Dataset>(std::make_shared<MemoryDataset>(
      std::move(name), features.cast(ir::DataType::kFloat32), std::move(labels),
      std::move(class_names), /*is_images=*/false));
}

Result<std::vector<std::string>> numbered_classes(const std::vector<std::int64_t>& labels) {
  constexpr std::int64_t kMaxClasses = 1'000'000;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= kMaxClasses) {
      return invalid_data("sample {}: label {} is not within [0, {})", i, labels[i], kMaxClasses);
    }
    count = std::max(count, labels[i] + 1);
  }
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < count; ++i) names.push_back(std::to_string(i));
  return names;
}

}  // namespace lathe::data
