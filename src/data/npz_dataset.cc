#include <algorithm>
#include <span>
#include <system_error>
#include <utility>

#include "base/near_path.h"
#include "base/random.h"
#include "base/words.h"
#include "data/dataset_view.h"
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

Error no_array(ErrorCode code, const std::string& key, const Arrays& arrays) {
  std::string present;
  for (const auto& [name, array] : arrays) {
    present += fmt::format("{}{} {}", present.empty() ? "" : ", ", name, array.type().to_string());
  }
  return error(code, "no array {}; there are: {}", key, present);
}

Result<const ir::Tensor*> find(const Arrays& arrays, const std::string& key) {
  if (const auto found = arrays.find(key); found != arrays.end()) return &found->second;
  return no_array(ErrorCode::kNotFound, key, arrays);
}

Result<std::vector<std::int64_t>> read_class_numbers(const Arrays& arrays, const std::string& key) {
  ASSIGN_OR_RETURN(const ir::Tensor* y, find(arrays, key));
  const bool one_column = y->rank() == 1 || (y->rank() == 2 && y->dim(1) == 1);
  if (!ir::is_integer(y->data_type()) || !one_column) {
    return invalid_data("{}: {}, expected integer class numbers [N] or [N,1]", key,
                        y->type().to_string());
  }
  return y->to_int64s();
}

constexpr std::string_view kSuffixes[] = {"", "_train", "_test", "_val"};

Result<std::shared_ptr<const Dataset>> from_arrays(const std::string& name, const Arrays& arrays,
                                                   std::string_view suffix) {
  const std::string x_key = fmt::format("x{}", suffix);
  const std::string y_key = fmt::format("y{}", suffix);
  // Without both the split is not there, without one of them it is damaged.
  const bool has_x = arrays.contains(x_key);
  if (has_x != arrays.contains(y_key)) {
    return no_array(ErrorCode::kInvalidData, has_x ? y_key : x_key, arrays);
  }
  ASSIGN_OR_RETURN(const ir::Tensor* x, find(arrays, x_key));
  ASSIGN_OR_RETURN(std::vector<std::int64_t> labels, read_class_numbers(arrays, y_key));
  if (x->rank() < 2) {
    return invalid_data("{}: {}, expected [N, ...]", x_key, x->type().to_string());
  }
  // Every split has the classes of all, so that labels mean the same in each.
  std::vector<std::string> classes;
  for (const std::string_view other : kSuffixes) {
    const std::string key = fmt::format("y{}", other);
    if (!arrays.contains(key)) continue;
    ASSIGN_OR_RETURN(const std::vector<std::int64_t> numbers, read_class_numbers(arrays, key));
    ASSIGN_OR_RETURN(std::vector<std::string> names, numbered_classes(numbers).with_context(key));
    if (names.size() > classes.size()) classes = std::move(names);
  }
  std::optional<ir::Tensor> images = as_images(*x);
  return (images
              ? make_image_dataset(name, *std::move(images), std::move(labels), std::move(classes))
              : make_feature_dataset(name, *x, std::move(labels), std::move(classes)))
      .with_context(x_key);
}

// Names the arrays that no split reads; empty where there are none.
std::string unused_arrays(const Arrays& arrays) {
  std::vector<std::string> unused;
  for (const auto& entry : arrays) {
    const std::string& key = entry.first;
    const bool is_used = std::ranges::any_of(kSuffixes, [&](std::string_view suffix) {
      return key == fmt::format("x{}", suffix) || key == fmt::format("y{}", suffix);
    });
    if (!is_used) unused.push_back(key);
  }
  if (unused.empty()) return {};
  return fmt::format(
      "{} not used: {}; what is read is x_train, y_train, x_test, y_test, x_val, y_val, or x and y",
      counted(std::ssize(unused), "array"), listed(unused));
}

Result<std::shared_ptr<const Dataset>> open_split(const std::string& name, const Arrays& arrays,
                                                  Split split) {
  const bool divided = std::ranges::any_of(
      std::span(kSuffixes).subspan(1),
      [&](std::string_view suffix) { return arrays.contains(fmt::format("x{}", suffix)); });
  if (divided && split == Split::kAll) {
    return open_every_split([&](Split part) { return open_split(name, arrays, part); });
  }
  if (divided) {
    if (split == Split::kValidation && !arrays.contains("x_val") && !arrays.contains("y_val")) {
      return no_validation_split();
    }
    return from_arrays(name, arrays,
                       split == Split::kTrain  ? "_train"
                       : split == Split::kTest ? "_test"
                                               : "_val");
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const Dataset> all, from_arrays(name, arrays, ""));
  std::vector<std::uint64_t> keys;
  for (std::int64_t i = 0; i < all->size(); ++i) {
    keys.push_back(mix_seed(0, static_cast<std::uint64_t>(i)));
  }
  return draw_split(std::move(all), keys, split);
}

}  // namespace

Result<std::shared_ptr<const Dataset>> open_npz(const std::string& name, const Path& file,
                                                Split split) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    return error(ErrorCode::kNotFound, "{}: no such file{}", file.string(),
                 did_you_mean_path(file));
  }
  ASSIGN_OR_RETURN(const Arrays arrays, read_npz(file));
  ASSIGN_OR_RETURN(std::shared_ptr<const Dataset> dataset,
                   open_split(name, arrays, split).with_context(file.string()));
  const std::string unused = unused_arrays(arrays);
  if (unused.empty()) return dataset;
  Origin origin = dataset->origin();
  origin.notes.insert(origin.notes.begin(), file.string() + ": " + unused);
  return with_origin(std::move(dataset), std::move(origin));
}

}  // namespace lathe::data
