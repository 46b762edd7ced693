#include "data/dataset.h"

#include <system_error>

#include "base/file.h"
#include "base/near_path.h"
#include "base/random.h"
#include "base/suggest.h"
#include "base/words.h"
#include "data/dataset_view.h"
#include "data/decode_image.h"
#include "data/sources.h"
#include "data/subset.h"

namespace lathe::data {
namespace {

bool is_idx_name(const Path& file) {
  const Path name = file.extension() == ".gz" ? file.stem() : file.filename();
  return name.string().ends_with("-ubyte");
}

bool is_cifar10_name(const Path& file) {
  return file.extension() == ".bin" || file.filename() == "batches.meta.txt";
}

struct Source {
  std::string_view prefix;
  Result<std::shared_ptr<const Dataset>> (*open)(const std::string&, const Path&, Split);
  bool (*reads)(const Path& file);    // of files in its folder; null where it is a file itself
  std::string_view default_location;  // empty where one must be given
};
constexpr Source kSources[] = {
    {"fashion-mnist", open_fashion_mnist, is_idx_name, "/usr/share/datasets/fashion-mnist"},
    {"mnist", open_idx, is_idx_name, ""},
    {"idx", open_idx, is_idx_name, ""},
    {"cifar10", open_cifar10, is_cifar10_name, ""},
    {"images", open_image_folder, is_image_name, ""},
    {"npz", open_npz, nullptr, ""},
};

// What a spec names; no source where its kind is not known, no location where one must be given.
struct Named {
  const Source* source = nullptr;
  std::string_view prefix;
  Path location;
};

Named parse_spec(std::string_view spec) {
  const std::size_t colon = spec.find(':');
  Named named{nullptr, spec.substr(0, colon), {}};
  for (const Source& source : kSources) {
    if (source.prefix != named.prefix) continue;
    named.source = &source;
    if (colon != std::string_view::npos) named.location = spec.substr(colon + 1);
    if (named.location.empty()) named.location = source.default_location;
  }
  return named;
}

// Whether a path leads to something in the folder or below it.
bool is_within(const Path& folder, const Path& path) {
  std::error_code failed;
  const Path below = std::filesystem::canonical(path, failed)
                         .lexically_relative(std::filesystem::canonical(folder, failed));
  return !failed && !below.empty() && *below.begin() != "..";
}

// Many give the folder or the file alone.
std::string_view kind_of_path(const Path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return "images";
  if (path.extension() == ".npz" && std::filesystem::exists(path, ignored)) return "npz";
  return {};
}

Error unknown_kind(std::string_view spec, std::string_view prefix) {
  std::vector<std::string_view> known;
  for (const Source& source : kSources) known.push_back(source.prefix);
  const std::string_view kind = kind_of_path(spec);
  return invalid_argument(
      "unknown kind of data{}; known are fashion-mnist[:DIR], mnist:DIR, idx:DIR, cifar10:DIR, "
      "images:DIR, npz:FILE",
      kind.empty() ? did_you_mean(prefix, known)
                   : fmt::format("; did you mean '{}:{}'?", kind, spec));
}

Result<std::shared_ptr<const Dataset>> open_source(std::string_view spec, Split split) {
  const Named named = parse_spec(spec);
  if (named.source == nullptr) return unknown_kind(spec, named.prefix);
  if (named.location.empty()) {
    return invalid_argument("expected a path after the name, as in {}:PATH", named.prefix);
  }
  return named.source->open(std::string(spec), named.location, split);
}

// Classes whose only sample stays with the training samples; nothing where there is none.
std::string remark_on_lone_samples(const Dataset& train, std::span<const std::int64_t> labels) {
  std::vector<std::int64_t> counts(train.class_names().size());
  for (const std::int64_t label : labels) ++counts[static_cast<std::size_t>(label)];
  std::vector<std::string> lone;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 1) lone.push_back(train.class_names()[i]);
  }
  if (lone.empty()) return {};
  return fmt::format("{}: {} with one training sample only, of which none is held out: {}",
                     train.name(), counted(std::ssize(lone), "class", "classes"), listed(lone, 5));
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
  const std::string remark = remark_on_lone_samples(*train, labels);
  std::shared_ptr<const Dataset> part = make_subset(std::move(train), std::move(indices));
  if (remark.empty()) return part;
  Origin origin = part->origin();
  origin.notes.push_back(remark);
  return with_origin(std::move(part), std::move(origin));
}

Result<std::shared_ptr<const Dataset>> open_part(std::string_view spec, Split split,
                                                 const DatasetOptions& options) {
  if (options.limit < 0) return invalid_argument("limit {} is negative", options.limit);
  if (!(options.validation_share >= 0 && options.validation_share < 1)) {
    return invalid_argument("validation share {} is not within [0, 1)", options.validation_share);
  }
  const bool shared_out =
      options.validation_share > 0 && (split == Split::kTrain || split == Split::kValidation);
  ASSIGN_OR_RETURN(std::shared_ptr<const Dataset> dataset,
                   open_source(spec, shared_out ? Split::kTrain : split));
  const std::int64_t whole = dataset->size();
  if (shared_out) dataset = share_out(std::move(dataset), split, options);
  if (options.limit > 0 && options.limit < dataset->size()) {
    dataset = make_subset(dataset, random_choice(dataset->size(), options.limit, options.seed));
  }
  if (dataset->size() > 0) return dataset;
  return shared_out
             ? invalid_data("the {} split is empty: no class of the {} has two to share out",
                            split_name(split), counted(whole, "training sample"))
             : invalid_data(
                   "the {} split is empty: no class has samples enough to divide; --split all "
                   "takes every sample",
                   split_name(split));
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
    case Split::kAll:
      return "all";
  }
  fatal("unknown split");
}

Status require_folder(const Path& folder) {
  std::error_code ignored;
  if (std::filesystem::is_directory(folder, ignored)) return {};
  if (std::filesystem::exists(folder, ignored)) {
    return invalid_argument("{}: is a file, expected a folder", folder.string());
  }
  return error(ErrorCode::kNotFound, "{}: no such folder{}", folder.string(),
               did_you_mean_path(folder));
}

Result<Split> parse_split(std::string_view name) {
  constexpr Split kSplits[] = {Split::kTrain, Split::kTest, Split::kAll, Split::kValidation};
  std::vector<std::string_view> names;
  for (const Split split : kSplits) {
    if (name == split_name(split)) return split;
    names.push_back(split_name(split));
  }
  if (name == "val") return Split::kValidation;
  return invalid_argument(
      "split '{}', expected train, test or all, or val where the data has one{}", name,
      did_you_mean(name, names));
}

bool is_part_of_dataset(const Path& file, std::string_view spec) {
  const auto [source, prefix, location] = parse_spec(spec);
  if (source == nullptr || location.empty()) return false;
  std::error_code failed;
  const Path real = std::filesystem::canonical(file, failed);
  if (failed || !std::filesystem::is_regular_file(real, failed)) return false;
  if (source->reads == nullptr) return is_same_file(real, location);
  return source->reads(real) && is_within(location, real);
}

Result<std::shared_ptr<const Dataset>> open_dataset(std::string_view spec, Split split,
                                                    const DatasetOptions& options) {
  return open_part(spec, split, options).with_context(fmt::format("data '{}'", spec));
}

}  // namespace lathe::data
