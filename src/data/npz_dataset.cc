#include <algorithm>
#include <utility>

#include "base/random.h"
#include "data/memory_dataset.h"
#include "data/npy.h"
#include "data/sources.h"
#include "data/subset.h"

namespace lathe::data {
namespace {

using Arrays = std::map<std::string, ir::Tensor>;

// uint8 images as [N,H,W,C], or nothing where x is something else.
std::optional<ir::Tensor> as_images(const ir::Tensor& x) {
  if (x.data_type() != ir::DataType::kUint8) return std::nullopt;
  const auto is_channels = [](std::int64_t extent) { return extent == 1 || extent == 3; };
  if (x.rank() == 3) return x.reshaped({x.dim(0), x.dim(1), x.dim(2), 1});
  if (x.rank() != 4) return std::nullopt;
  if (is_channels(x.dim(3))) return x;
  if (!is_channels(x.dim(1))) return std::nullopt;
  const std::int64_t channels = x.dim(1);
  ir::Tensor out =
      ir::Tensor::zeros(ir::DataType::kUint8, {x.dim(0), x.dim(2), x.dim(3), channels});
  const std::span<const std::uint8_t> from = x.data<std::uint8_t>();
  const std::span<std::uint8_t> to = out.mutable_data<std::uint8_t>();
  const auto plane = static_cast<std::size_t>(x.dim(2) * x.dim(3));
  const auto planes = static_cast<std::size_t>(channels);
  const std::size_t sample = plane * planes;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::size_t pixel = i % sample / planes;
    to[i] = from[i / sample * sample + i % planes * plane + pixel];
  }
  return out;
}

Result<const ir::Tensor*> find(const Arrays& arrays, const std::string& key) {
  if (const auto found = arrays.find(key); found != arrays.end()) return &found->second;
  std::string present;
  for (const auto& [name, array] : arrays) {
    present += fmt::format("{}{} {}", present.empty() ? "" : ", ", name, array.type().to_string());
  }
  return error(ErrorCode::kNotFound, "no array {}; there are: {}", key, present);
}

Result<std::shared_ptr<const Dataset>> from_arrays(const std::string& name, const Arrays& arrays,
                                                   const std::string& x_key,
                                                   const std::string& y_key) {
  ASSIGN_OR_RETURN(const ir::Tensor* x, find(arrays, x_key));
  ASSIGN_OR_RETURN(const ir::Tensor* y, find(arrays, y_key));
  const bool one_column = y->rank() == 1 || (y->rank() == 2 && y->dim(1) == 1);
  if (!ir::is_integer(y->data_type()) || !one_column) {
    return invalid_data("{}: {}, expected integer class numbers [N] or [N,1]", y_key,
                        y->type().to_string());
  }
  if (x->rank() < 2) {
    return invalid_data("{}: {}, expected [N, ...]", x_key, x->type().to_string());
  }
  std::vector<std::int64_t> labels = y->to_int64s();
  // Both splits have the classes of both, so that labels mean the same in each.
  std::vector<std::int64_t> all_labels = labels;
  for (const char* key : {"y_train", "y_test"}) {
    const auto other = arrays.find(key);
    if (other == arrays.end() || !ir::is_integer(other->second.data_type())) continue;
    const std::vector<std::int64_t> more = other->second.to_int64s();
    all_labels.insert(all_labels.end(), more.begin(), more.end());
  }
  ASSIGN_OR_RETURN(std::vector<std::string> classes, numbered_classes(all_labels));
  if (std::optional<ir::Tensor> images = as_images(*x)) {
    return make_image_dataset(name, *std::move(images), std::move(labels), std::move(classes));
  }
  return make_feature_dataset(name, *x, std::move(labels), std::move(classes));
}

Result<std::shared_ptr<const Dataset>> open_split(const std::string& name, const Arrays& arrays,
                                                  Split split) {
  if (arrays.contains("x_train") || arrays.contains("x_test")) {
    const std::string suffix = split == Split::kTrain ? "_train" : "_test";
    return from_arrays(name, arrays, "x" + suffix, "y" + suffix);
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const Dataset> all, from_arrays(name, arrays, "x", "y"));
  std::vector<std::int64_t> labels;
  std::vector<std::uint64_t> keys;
  for (std::int64_t i = 0; i < all->size(); ++i) {
    labels.push_back(all->label(i));
    keys.push_back(mix_seed(0, static_cast<std::uint64_t>(i)));
  }
  const std::vector<bool> test = stratified_choice(labels, keys, kTestShare);
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < all->size(); ++i) {
    if (test[static_cast<std::size_t>(i)] == (split == Split::kTest)) indices.push_back(i);
  }
  return make_subset(std::move(all), std::move(indices));
}

}  // namespace

Result<std::shared_ptr<const Dataset>> open_npz(const std::string& name, const Path& file,
                                                Split split) {
  ASSIGN_OR_RETURN(const Arrays arrays, read_npz(file));
  return open_split(name, arrays, split).with_context(file.string());
}

}  // namespace lathe::data
