#include <algorithm>
#include <cctype>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "data/decode_image.h"
#include "data/sources.h"
#include "data/subset.h"

namespace lathe::data {
namespace {

constexpr std::size_t kProbedFiles = 64;

struct Entry {
  std::string file;  // its name in the folder of its class
  std::int64_t label;
};

bool is_image_name(const Path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

enum class Kind { kFolders, kImages };

// Names in the folder, sorted; hidden ones are left out.
Result<std::vector<std::string>> list(const Path& folder, Kind kind) {
  std::error_code fault;
  std::vector<std::string> names;
  std::filesystem::directory_iterator entries(folder, fault);
  while (!fault && entries != std::filesystem::directory_iterator()) {
    const Path& path = entries->path();
    std::error_code ignored;
    const bool wanted = kind == Kind::kFolders
                            ? entries->is_directory(ignored)
                            : is_image_name(path) && entries->is_regular_file(ignored);
    const std::string name = path.filename().string();
    if (wanted && !name.starts_with('.')) names.push_back(name);
    entries.increment(fault);
  }
  if (fault) {
    return error(
        fault == std::errc::no_such_file_or_directory ? ErrorCode::kNotFound : ErrorCode::kIo,
        "{}: cannot list: {}", folder.string(), fault.message());
  }
  std::ranges::sort(names);
  return names;
}

class ImageFolder final : public Dataset {
 public:
  ImageFolder(std::string name, Path root, std::vector<std::string> class_names,
              std::vector<Entry> entries)
      : name_(std::move(name)),
        root_(std::move(root)),
        class_names_(std::move(class_names)),
        entries_(std::move(entries)),
        shape_(probe()) {}

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
    return class_of(index) + "/" + entry(index).file;
  }
  [[nodiscard]] std::string file(std::int64_t index) const override { return path(index).string(); }
  [[nodiscard]] bool in_memory() const override { return false; }

 private:
  [[nodiscard]] const Entry& entry(std::int64_t index) const {
    return entries_.at(static_cast<std::size_t>(index));
  }
  [[nodiscard]] const std::string& class_of(std::int64_t index) const {
    return class_names_[static_cast<std::size_t>(entry(index).label)];
  }
  [[nodiscard]] Path path(std::int64_t index) const {
    return root_ / class_of(index) / entry(index).file;
  }

  // {C,H,W} where the images looked at agree, colour where any of them has it.
  [[nodiscard]] std::vector<std::int64_t> probe() const {
    std::optional<ImageInfo> common;
    const std::size_t step = (entries_.size() + kProbedFiles - 1) / kProbedFiles;
    for (std::size_t i = 0; i < entries_.size(); i += step) {
      const Result<MappedFile> mapped = MappedFile::open(path(static_cast<std::int64_t>(i)));
      if (!mapped.ok()) continue;
      const Result<ImageInfo> info = read_image_info(mapped->bytes());
      if (!info.ok()) continue;
      if (!common) common = *info;
      if (common->width != info->width || common->height != info->height) return {};
      common->channels = std::max(common->channels, info->channels);
    }
    if (!common) return {};
    return {common->channels, common->height, common->width};
  }

  std::string name_;
  Path root_;
  std::vector<std::string> class_names_;
  std::vector<Entry> entries_;
  std::vector<std::int64_t> shape_;
};

struct Listing {
  std::vector<std::string> class_names;
  std::vector<Entry> entries;
};

// Folders without images are no classes. Where `known` classes are given the labels are theirs, and
// a folder of images that is not among them is an error.
Result<Listing> list_classes(const Path& root, const std::vector<std::string>* known) {
  Listing listing;
  if (known != nullptr) listing.class_names = *known;
  ASSIGN_OR_RETURN(const std::vector<std::string> folders, list(root, Kind::kFolders));
  for (const std::string& folder : folders) {
    ASSIGN_OR_RETURN(std::vector<std::string> files, list(root / folder, Kind::kImages));
    if (files.empty()) continue;
    if (known == nullptr) listing.class_names.push_back(folder);
    const std::vector<std::string>& classes = listing.class_names;
    const auto found = std::ranges::lower_bound(classes, folder);
    if (found == classes.end() || *found != folder) {
      return invalid_data("{}: class {} has no folder in train/", root.string(), folder);
    }
    for (std::string& file : files) {
      listing.entries.push_back({std::move(file), found - classes.begin()});
    }
  }
  if (!listing.entries.empty()) return listing;
  return error(ErrorCode::kNotFound,
               "{}: no images; expected one folder of .jpg, .jpeg or .png files per class",
               root.string());
}

// A fifth of each class, by hash of the names, is the test split; the rest is for training.
std::vector<Entry> select_split(std::vector<Entry> entries,
                                const std::vector<std::string>& class_names, Split split) {
  std::vector<std::int64_t> labels;
  std::vector<std::uint64_t> keys;
  for (const Entry& entry : entries) {
    labels.push_back(entry.label);
    keys.push_back(
        stable_hash(class_names[static_cast<std::size_t>(entry.label)] + "/" + entry.file));
  }
  const std::vector<bool> test = stratified_choice(labels, keys, kTestShare);
  std::vector<Entry> selected;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (test[i] == (split == Split::kTest)) selected.push_back(std::move(entries[i]));
  }
  return selected;
}

}  // namespace

Result<std::shared_ptr<const Dataset>> open_image_folder(const std::string& name,
                                                         const Path& folder, Split split) {
  std::error_code ignored;
  const auto has = [&](const char* part) {
    return std::filesystem::is_directory(folder / part, ignored);
  };
  if (!std::filesystem::is_directory(folder, ignored)) {
    return error(ErrorCode::kNotFound,
                 "{}: no such folder; expected one folder of .jpg or .png files per class in it",
                 folder.string());
  }
  const Path train = has("train") ? folder / "train" : folder;
  ASSIGN_OR_RETURN(Listing listing, list_classes(train, nullptr));
  Path root = train;
  if (!has("train") || !(has("test") || has("val"))) {
    listing.entries = select_split(std::move(listing.entries), listing.class_names, split);
  } else if (split == Split::kTest) {
    root = folder / (has("test") ? "test" : "val");
    ASSIGN_OR_RETURN(listing, list_classes(root, &listing.class_names));
  }
  return std::shared_ptr<const Dataset>(std::make_shared<ImageFolder>(
      name, std::move(root), std::move(listing.class_names), std::move(listing.entries)));
}

}  // namespace lathe::data
