// The images in a folder of one folder per class, and what else lies there.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace lathe::data {

// What is no sample and might have been meant to be one.
struct LeftOut {
  std::map<std::string, std::int64_t> by_extension;  // in class folders; "no extension" is one too
  std::int64_t nested = 0;                           // images in folders within class folders
  std::int64_t beside = 0;                           // images beside the class folders
  std::int64_t hidden = 0;                           // images whose names begin with a dot
  std::map<std::string, std::int64_t> no_splits;     // images in folders beside those of splits
  std::vector<std::string> empty_classes;            // folders without a single image
  std::vector<std::string> closed;                   // folders that cannot be listed

  [[nodiscard]] std::int64_t files() const;
  // For people, each begins with the folder.
  [[nodiscard]] std::vector<std::string> notes(const Path& folder) const;
};

struct ImageEntry {
  std::string file;  // "cat/0012.jpg"
  std::int64_t label;
};

struct ImageListing {
  std::vector<std::string> class_names;  // sorted
  std::vector<ImageEntry> entries;       // by class, then by name
  LeftOut left_out;
};

// Folders without images are no classes. Where `known` classes are given the labels are theirs, and
// a folder of images that is not among them is an error. Links are followed; one that leads nowhere
// is an entry, whose reading tells. An error where there is no image.
Result<ImageListing> list_images(const Path& root, const std::vector<std::string>* known);

// The images in the folder and below it, sorted, whatever their folders are called. Hidden files
// and folders are left out, links to folders are not followed. An error where the folder itself
// cannot be listed, or holds no image.
struct ImageFiles {
  std::vector<std::string> files;  // paths that begin with the folder's
  LeftOut left_out;
};
Result<ImageFiles> find_images(const Path& folder);
// The images that lie in `root` beside the folders of its splits.
Result<LeftOut> list_beside(const Path& root, std::span<const std::string> splits);

// Whether the folder holds folders, so that it may be one of class folders.
bool has_folders(const Path& folder);

}  // namespace lathe::data
