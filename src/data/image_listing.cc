#include "data/image_listing.h"

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/words.h"
#include "data/decode_image.h"

namespace lathe::data {
namespace {

using Entry = std::filesystem::directory_entry;

bool is_hidden(const Path& path) { return path.filename().string().starts_with('.'); }

// Calls `visit` with everything in the folder.
template <typename Visit>
Status for_each_entry(const Path& folder, const Visit& visit) {
  std::error_code fault;
  std::filesystem::directory_iterator entries(folder, fault);
  while (!fault && entries != std::filesystem::directory_iterator()) {
    visit(*entries);
    entries.increment(fault);
  }
  if (!fault) return {};
  return error(
      fault == std::errc::no_such_file_or_directory ? ErrorCode::kNotFound : ErrorCode::kIo,
      "{}: cannot list: {}", folder.string(), fault.message());
}

bool is_folder(const Entry& entry) {
  std::error_code ignored;
  return entry.is_directory(ignored);
}

// A file, or a link whose file is gone; no pipe, no device.
bool may_be_read(const Entry& entry) {
  std::error_code ignored;
  return entry.is_regular_file(ignored) || !entry.exists(ignored);
}

// Images in the folder and below it.
std::int64_t count_images(const Path& folder) {
  std::int64_t count = 0;
  std::error_code fault;
  std::filesystem::recursive_directory_iterator entries(folder, fault);
  while (!fault && entries != std::filesystem::recursive_directory_iterator()) {
    if (is_image_name(entries->path()) && !is_hidden(entries->path()) && !is_folder(*entries)) {
      ++count;
    }
    entries.increment(fault);
  }
  return count;
}

// What file managers leave behind.
bool is_clutter(const Path& path) {
  const Path name = path.filename();
  return name == "Thumbs.db" || name == "desktop.ini";
}

// Whether an entry that is no folder is an image; otherwise it is counted as left out.
bool is_usable_image(const Entry& entry, LeftOut& left_out) {
  const Path& path = entry.path();
  const bool is_image = is_image_name(path);
  if (is_hidden(path)) {
    left_out.hidden += is_image ? 1 : 0;
  } else if (is_image && may_be_read(entry)) {
    return true;
  } else if (!is_clutter(path)) {
    const std::string extension = path.extension().string();
    ++left_out.by_extension[extension.empty() ? "without an extension" : extension];
  }
  return false;
}

// Adds what is in the folder and below it.
Status add_images(const Path& folder, ImageFiles& found) {
  std::vector<Path> folders;
  RETURN_IF_ERROR(for_each_entry(folder, [&](const Entry& entry) {
    std::error_code ignored;
    if (!is_folder(entry)) {
      if (is_usable_image(entry, found.left_out)) found.files.push_back(entry.path().string());
    } else if (!is_hidden(entry.path()) && !entry.is_symlink(ignored)) {
      folders.push_back(entry.path());
    }
  }));
  for (const Path& below : folders) {
    if (!add_images(below, found).ok()) found.left_out.closed.push_back(below.string());
  }
  return {};
}

// "; a; b" for the end of a message.
std::string as_clauses(const std::vector<std::string>& notes) {
  std::string text;
  for (const std::string& note : notes) text += "; " + note;
  return text;
}

// The names of the images of one class, sorted; counts the rest.
Result<std::vector<std::string>> list_class(const Path& folder, LeftOut& left_out) {
  std::vector<std::string> names;
  RETURN_IF_ERROR(for_each_entry(folder, [&](const Entry& entry) {
    if (is_folder(entry) && !is_hidden(entry.path())) {
      left_out.nested += count_images(entry.path());
    } else if (is_usable_image(entry, left_out)) {
      names.push_back(entry.path().filename().string());
    }
  }));
  std::ranges::sort(names);
  return names;
}

}  // namespace

std::int64_t LeftOut::files() const {
  std::int64_t count = nested + beside + hidden;
  for (const auto& [extension, files] : by_extension) count += files;
  for (const auto& [folder, images] : no_splits) count += images;
  return count;
}

std::vector<std::string> LeftOut::notes(const Path& folder) const {
  std::vector<std::string> texts;
  std::int64_t others = 0;
  std::vector<std::pair<std::int64_t, std::string>> kinds;
  for (const auto& [extension, files] : by_extension) {
    others += files;
    kinds.emplace_back(-files, fmt::format("{} {}", grouped(files), extension));
  }
  std::ranges::sort(kinds);  // the commonest first
  std::vector<std::string> names;
  for (auto& [order, name] : kinds) names.push_back(std::move(name));
  if (others > 0) {
    texts.push_back(fmt::format("{} left out: {}; {} can be read", counted(others, "file"),
                                listed(names, 5), kImageExtensions));
  }
  if (nested > 0) {
    texts.push_back(
        fmt::format("{} left out in folders below the class folders", counted(nested, "image")));
  }
  if (beside > 0) {
    texts.push_back(fmt::format("{} left out beside the class folders", counted(beside, "image")));
  }
  if (hidden > 0) {
    texts.push_back(
        fmt::format("{} left out whose names begin with a dot", counted(hidden, "image")));
  }
  for (const auto& [name, images] : no_splits) {
    texts.push_back(
        fmt::format("{} left out in {}/; splits are folders train/, test/ and val/ (or valid/, "
                    "validation/) with one folder per class",
                    counted(images, "image"), name));
  }
  if (!empty_classes.empty()) {
    texts.push_back(fmt::format("no image that can be read in {}", listed(empty_classes, 5)));
  }
  if (!closed.empty()) texts.push_back(fmt::format("cannot list {}", listed(closed, 5)));
  for (std::string& text : texts) text = folder.string() + ": " + text;
  return texts;
}

Result<ImageFiles> find_images(const Path& folder) {
  ImageFiles found;
  RETURN_IF_ERROR(add_images(folder, found));
  std::ranges::sort(found.files);
  if (!found.files.empty()) return found;
  return error(ErrorCode::kNotFound, "{}: no images; expected {} files{}", folder.string(),
               kImageExtensions, as_clauses(found.left_out.notes(folder)));
}

Result<ImageListing> list_images(const Path& root, const std::vector<std::string>* known) {
  ImageListing listing;
  if (known != nullptr) listing.class_names = *known;
  std::vector<std::string> folders;
  RETURN_IF_ERROR(for_each_entry(root, [&](const Entry& entry) {
    if (is_folder(entry)) {
      if (!is_hidden(entry.path())) folders.push_back(entry.path().filename().string());
    } else if (is_image_name(entry.path())) {
      ++(is_hidden(entry.path()) ? listing.left_out.hidden : listing.left_out.beside);
    }
  }));
  std::ranges::sort(folders);
  for (const std::string& folder : folders) {
    ASSIGN_OR_RETURN(const std::vector<std::string> files,
                     list_class(root / folder, listing.left_out));
    if (files.empty()) {
      listing.left_out.empty_classes.push_back(folder);
      continue;
    }
    if (known == nullptr) listing.class_names.push_back(folder);
    const std::vector<std::string>& classes = listing.class_names;
    const auto found = std::ranges::lower_bound(classes, folder);
    if (found == classes.end() || *found != folder) {
      return invalid_data("{}: class {} has no folder in train/", root.string(), folder);
    }
    for (const std::string& file : files) {
      listing.entries.push_back({folder + "/" + file, found - classes.begin()});
    }
  }
  if (!listing.entries.empty()) return listing;
  return error(ErrorCode::kNotFound,
               "{}: no images; expected one folder per class with {} files in it{}", root.string(),
               kImageExtensions, as_clauses(listing.left_out.notes(root)));
}

Result<LeftOut> list_beside(const Path& root, std::span<const std::string> splits) {
  LeftOut left_out;
  RETURN_IF_ERROR(for_each_entry(root, [&](const Entry& entry) {
    const Path& path = entry.path();
    const std::string name = path.filename().string();
    if (!is_folder(entry)) {
      if (is_image_name(path)) ++(is_hidden(path) ? left_out.hidden : left_out.beside);
    } else if (!is_hidden(path) && std::ranges::find(splits, name) == splits.end()) {
      if (const std::int64_t images = count_images(path); images > 0) {
        left_out.no_splits.emplace(name, images);
      }
    }
  }));
  return left_out;
}

bool has_folders(const Path& folder) {
  bool found = false;
  const Status listed = for_each_entry(folder, [&](const Entry& entry) {
    found = found || (is_folder(entry) && !is_hidden(entry.path()));
  });
  return listed.ok() && found;
}

}  // namespace lathe::data
