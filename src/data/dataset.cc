#include "data/dataset.h"

#include "base/file.h"
#include "base/random.h"
#include "data/sources.h"
#include "data/subset.h"

namespace lathe::data {
namespace {

struct Source {
  std::string_view prefix;
  Result<std::shared_ptr<const Dataset>> (*open)(const std::string&, const Path&, Split);
  std::string_view default_location;  // empty where one must be given
};
constexpr Source kSources[] = {
    {"fashion-mnist", open_fashion_mnist, "/usr/share/datasets/fashion-mnist"},
    {"mnist", open_idx, ""},
    {"idx", open_idx, ""},
    {"cifar10", open_cifar10, ""},
    {"images", open_image_folder, ""},
    {"npz", open_npz, ""},
};

Result<std::shared_ptr<const Dataset>> open_source(std::string_view spec, Split split) {
  const std::size_t colon = spec.find(':');
  const std::string_view prefix = spec.substr(0, colon);
  std::string_view location = colon == std::string_view::npos ? "" : spec.substr(colon + 1);
  for (const Source& source : kSources) {
    if (source.prefix != prefix) continue;
    if (location.empty()) location = source.default_location;
    if (location.empty()) {
      return invalid_argument("expected a path after the name, as in {}:PATH", prefix);
    }
    return source.open(std::string(spec), Path(location), split);
  }
  return invalid_argument(
      "unknown kind of data; known are fashion-mnist[:DIR], mnist:DIR, idx:DIR, cifar10:DIR, "
      "images:DIR, npz:FILE");
}

// The part of the training samples that `split` names.
std::shared_ptr<const Dataset> share_out(std::shared_ptr<const Dataset> train, Split split,
                                         const DatasetOptions& options) {
  std::vector<std::int64_t> labels;
  std::vector<std::uint64_t> keys;
  for (std::int64_t i = 0; i < train->size(); ++i) {
    labels.push_back(train->label(i));
    keys.push_back(mix_seed(options.seed, static_cast<std::uint64_t>(i)));
  }
  const std::vector<bool> held_out = stratified_choice(labels, keys, options.validation_share);
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < train->size(); ++i) {
    if (held_out[static_cast<std::size_t>(i)] == (split == Split::kValidation)) {
      indices.push_back(i);
    }
  }
  return make_subset(std::move(train), std::move(indices));
}

Result<std::shared_ptr<const Dataset>> open_part(std::string_view spec, Split split,
                                                 const DatasetOptions& options) {
  if (options.limit < 0) return invalid_argument("limit {} is negative", options.limit);
  if (!(options.validation_share >= 0 && options.validation_share < 1)) {
    return invalid_argument("validation share {} is not within [0, 1)", options.validation_share);
  }
  if (split == Split::kValidation && options.validation_share == 0) {
    return invalid_argument("a validation split needs a validation share above 0");
  }
  const Split base = split == Split::kTest ? Split::kTest : Split::kTrain;
  ASSIGN_OR_RETURN(std::shared_ptr<const Dataset> dataset, open_source(spec, base));
  if (split != Split::kTest && options.validation_share > 0) {
    dataset = share_out(std::move(dataset), split, options);
  }
  if (options.limit > 0 && options.limit < dataset->size()) {
    dataset = make_subset(dataset, random_choice(dataset->size(), options.limit, options.seed));
  }
  if (dataset->size() == 0) return invalid_data("the {} split is empty", split_name(split));
  return dataset;
}

}  // namespace

std::string_view split_name(Split split) {
  switch (split) {
    case Split::kTrain:
      return "train";
    case Split::kTest:
      return "test";
    case Split::kValidation:
      return "validation";
  }
  fatal("unknown split");
}

Result<Split> parse_split(std::string_view name) {
  for (const Split split : {Split::kTrain, Split::kTest, Split::kValidation}) {
    if (name == split_name(split)) return split;
  }
  return invalid_argument("split '{}', expected train, test or validation", name);
}

Result<std::shared_ptr<const Dataset>> open_dataset(std::string_view spec, Split split,
                                                    const DatasetOptions& options) {
  return open_part(spec, split, options).with_context(fmt::format("data '{}'", spec));
}

}  // namespace lathe::data
