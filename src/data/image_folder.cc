#include <algorithm>
#include <fmt/ranges.h>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "base/words.h"
#include "data/dataset_view.h"
#include "data/decode_image.h"
#include "data/image_listing.h"
#include "data/sources.h"
#include "data/subset.h"

namespace lathe::data {
namespace {

constexpr std::size_t kProbedFiles = 64;

class ImageFolder final : public Dataset {
 public:
  // An error where not a single image can be read.
  static Result<std::shared_ptr<const Dataset>> create(std::string name, Path root,
                                                       ImageListing listing, Origin origin) {
    auto folder = std::make_shared<ImageFolder>(std::move(name), std::move(root),
                                                std::move(listing), std::move(origin));
    ASSIGN_OR_RETURN(folder->shape_, folder->probe());
    return std::shared_ptr<const Dataset>(std::move(folder));
  }
  ImageFolder(std::string name, Path root, ImageListing listing, Origin origin)
      : name_(std::move(name)),
        root_(std::move(root)),
        class_names_(std::move(listing.class_names)),
        entries_(std::move(listing.entries)),
        origin_(std::move(origin)) {}

  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::int64_t size() const override {
    return static_cast<std::int64_t>(entries_.size());
  }
  [[nodiscard]] Result<Sample> get(std::int64_t index) const override {
    ASSIGN_OR_RETURN(Image image, load_image(path(index)));
    return Sample{std::move(image), {}, label(index)};
  }
  [[nodiscard]] std::int64_t label(std::int64_t index) const override { return entry(index).label; }
  [[nodiscard]] const std::vector<std::string>& class_names() const override {
    return class_names_;
  }
  [[nodiscard]] bool is_images() const override { return true; }
  [[nodiscard]] std::vector<std::int64_t> sample_shape() const override { return shape_; }
  [[nodiscard]] std::string describe(std::int64_t index) const override {
    return entry(index).file;
  }
  [[nodiscard]] std::string file(std::int64_t index) const override { return path(index).string(); }
  [[nodiscard]] bool in_memory() const override { return false; }
  [[nodiscard]] const Origin& origin() const override { return origin_; }

 private:
  [[nodiscard]] const ImageEntry& entry(std::int64_t index) const {
    return entries_.at(static_cast<std::size_t>(index));
  }
  [[nodiscard]] Path path(std::int64_t index) const { return root_ / entry(index).file; }

  [[nodiscard]] Result<ImageInfo> read_info(std::size_t index) const {
    const Path file = path(static_cast<std::int64_t>(index));
    ASSIGN_OR_RETURN(const MappedFile mapped, MappedFile::open(file));
    return read_image_info(mapped.bytes()).with_context(file.string());
  }

  // {C,H,W} where the images looked at agree, colour where any of them has it. Where none of those
  // can be read all others are tried.
  [[nodiscard]] Result<std::vector<std::int64_t>> probe() const {
    std::optional<ImageInfo> common;
    std::optional<Error> first_fault;
    bool differ = false;
    const auto look_at = [&](std::size_t index) {
      const Result<ImageInfo> info = read_info(index);
      if (!info.ok()) {
        if (!first_fault) first_fault = info.error();
        return;
      }
      if (!common) common = *info;
      differ = differ || common->width != info->width || common->height != info->height;
      common->channels = std::max(common->channels, info->channels);
    };
    const std::size_t step = (entries_.size() + kProbedFiles - 1) / kProbedFiles;
    for (std::size_t i = 0; i < entries_.size() && !differ; i += step) look_at(i);
    for (std::size_t i = 0; i < entries_.size() && !common; ++i) look_at(i);
    if (!common) {
      return invalid_data("none of {} can be read; the first: {}", counted(size(), "image"),
                          first_fault->message());
    }
    if (differ) return std::vector<std::int64_t>{};
    return std::vector<std::int64_t>{common->channels, common->height, common->width};
  }

  std::string name_;
  Path root_;
  std::vector<std::string> class_names_;
  std::vector<ImageEntry> entries_;
  std::vector<std::int64_t> shape_;
  Origin origin_;
};

// The folders that are splits, by their names; empty where there is none.
struct Layout {
  std::string train;
  std::string test;
  std::string validation;

  // A class may be called "train": then it holds images, no folders.
  explicit Layout(const Path& root) {
    const auto first_of = [&](std::initializer_list<const char*> names) -> std::string {
      for (const char* name : names) {
        if (has_folders(root / name)) return name;
      }
      return {};
    };
    train = first_of({"train"});
    test = first_of({"test"});
    validation = first_of({"val", "valid", "validation"});
  }

  [[nodiscard]] const std::string& tested() const { return test.empty() ? validation : test; }
  [[nodiscard]] bool divided() const { return !tested().empty(); }
  [[nodiscard]] bool any() const { return divided() || !train.empty(); }
  [[nodiscard]] const std::string& folder(Split split) const {
    return split == Split::kTrain ? train : split == Split::kTest ? tested() : validation;
  }
  // Each once.
  [[nodiscard]] std::vector<std::string> folders() const {
    std::vector<std::string> names;
    for (const std::string& name : {train, test, validation}) {
      if (!name.empty()) names.push_back(name);
    }
    return names;
  }
};

void add_left_out(const LeftOut& left_out, const Path& folder, Origin& origin) {
  origin.files_left_out += left_out.files();
  const std::vector<std::string> notes = left_out.notes(folder);
  origin.notes.insert(origin.notes.end(), notes.begin(), notes.end());
}

// Appends the images of root/name; classes without any are named.
Status append(const Path& root, const std::string& name, ImageListing& all, Origin& origin) {
  const bool first = all.class_names.empty();
  ASSIGN_OR_RETURN(ImageListing listing,
                   list_images(root / name, first ? nullptr : &all.class_names));
  if (first) all.class_names = listing.class_names;
  add_left_out(listing.left_out, root / name, origin);
  for (ImageEntry& entry : listing.entries) {
    all.entries.push_back({name + "/" + entry.file, entry.label});
  }
  return {};
}

Result<std::shared_ptr<const Dataset>> open_all(const std::string& name, const Path& root,
                                                const Layout& layout) {
  ImageListing all;
  Origin origin;
  for (const std::string& folder : layout.folders()) {
    RETURN_IF_ERROR(append(root, folder, all, origin));
  }
  if (layout.train.empty()) {
    origin.notes.push_back(fmt::format("{}: no folder train/, all is {}/", root.string(),
                                       fmt::join(layout.folders(), "/ and ")));
  }
  return ImageFolder::create(name, root, std::move(all), std::move(origin));
}

Result<std::shared_ptr<const Dataset>> open_folder(const std::string& name, const Path& root,
                                                   const Layout& layout, Split split) {
  const std::string& folder = layout.folder(split);
  if (folder.empty()) {
    return error(ErrorCode::kNotFound, "{}: no folder {}/ with one folder per class; there is {}/",
                 root.string(), split == Split::kTrain ? "train" : "val",
                 fmt::join(layout.folders(), "/, "));
  }
  // Labels count the classes that there are to be learnt.
  std::vector<std::string> classes;
  if (!layout.train.empty() && folder != layout.train) {
    ASSIGN_OR_RETURN(const ImageListing training, list_images(root / layout.train, nullptr));
    classes = training.class_names;
  }
  ASSIGN_OR_RETURN(ImageListing listing,
                   list_images(root / folder, classes.empty() ? nullptr : &classes));
  Origin origin;
  add_left_out(listing.left_out, root / folder, origin);
  if (split == Split::kTest && layout.test.empty()) {
    origin.notes.push_back(fmt::format("{}: no folder test/; {}/ is the test split", root.string(),
                                       layout.validation));
  } else if (split == Split::kTest && !layout.validation.empty()) {
    origin.notes.push_back(fmt::format("{}: test/ is the test split; --split val takes {}/",
                                       root.string(), layout.validation));
  }
  return ImageFolder::create(name, root / folder, std::move(listing), std::move(origin));
}

// A fifth of each class, by hash of the names, is the test split.
Result<std::shared_ptr<const Dataset>> open_undivided(const std::string& name, const Path& root,
                                                      Split split) {
  ASSIGN_OR_RETURN(ImageListing listing, list_images(root, nullptr));
  Origin origin;
  add_left_out(listing.left_out, root, origin);
  std::vector<std::uint64_t> keys;
  for (const ImageEntry& entry : listing.entries) keys.push_back(stable_hash(entry.file));
  ASSIGN_OR_RETURN(std::shared_ptr<const Dataset> all,
                   ImageFolder::create(name, root, std::move(listing), std::move(origin)));
  return draw_split(std::move(all), keys, split);
}

}  // namespace

Result<std::shared_ptr<const Dataset>> open_image_folder(const std::string& name,
                                                         const Path& folder, Split split) {
  RETURN_IF_ERROR(require_folder(folder));
  const Layout layout(folder);
  if (!layout.any()) return open_undivided(name, folder, split);
  ASSIGN_OR_RETURN(std::shared_ptr<const Dataset> dataset,
                   !layout.divided()      ? open_undivided(name, folder / layout.train, split)
                   : split == Split::kAll ? open_all(name, folder, layout)
                                          : open_folder(name, folder, layout, split));
  ASSIGN_OR_RETURN(const LeftOut beside, list_beside(folder, layout.folders()));
  Origin origin = dataset->origin();
  add_left_out(beside, folder, origin);
  return with_origin(std::move(dataset), std::move(origin));
}

}  // namespace lathe::data
