#include <system_error>
#include <utility>

#include "data/dataset_view.h"
#include "data/idx.h"
#include "data/memory_dataset.h"
#include "data/sources.h"
#include "data/subset.h"

namespace lathe::data {
namespace {

// A file under any of the names that the original set is spread with.
Result<Path> find_file(const Path& folder, std::string_view stem, int rank) {
  const std::string dash = fmt::format("{}-idx{}-ubyte", stem, rank);
  const std::string dot = fmt::format("{}.idx{}-ubyte", stem, rank);
  for (const std::string& name : {dash, dash + ".gz", dot, dot + ".gz"}) {
    std::error_code ignored;
    if (std::filesystem::exists(folder / name, ignored)) return folder / name;
  }
  RETURN_IF_ERROR(require_folder(folder));
  return error(ErrorCode::kNotFound, "{}: no file {} or {}.gz", folder.string(), dash, dash);
}

struct IdxSplit {
  ir::Tensor pixels;  // uint8 [N,H,W,1]
  std::vector<std::int64_t> labels;
  Path label_file;  // for messages
};

Result<IdxSplit> read_split(const Path& folder, Split split) {
  if (split == Split::kValidation) return no_validation_split().with_context(folder.string());
  const std::string_view stem = split == Split::kTrain ? "train" : "t10k";
  const Result<Path> found_images = find_file(folder, fmt::format("{}-images", stem), 3);
  const Result<Path> found_labels = find_file(folder, fmt::format("{}-labels", stem), 1);
  // Without both files the split is not there, without one of them it is damaged.
  if (found_images.ok() != found_labels.ok()) {
    const Error& missing = found_images.ok() ? found_labels.error() : found_images.error();
    return invalid_data("{}; there is {}", missing.message(),
                        (found_images.ok() ? found_images : found_labels)->filename().string());
  }
  ASSIGN_OR_RETURN(const Path image_file, found_images);
  ASSIGN_OR_RETURN(const Path label_file, found_labels);
  ASSIGN_OR_RETURN(const ir::Tensor images, read_idx(image_file));
  ASSIGN_OR_RETURN(const ir::Tensor labels, read_idx(label_file));
  if (images.data_type() != ir::DataType::kUint8 || images.rank() != 3) {
    return invalid_data("{}: {}, expected images uint8[N,H,W]", image_file.string(),
                        images.type().to_string());
  }
  if (!ir::is_integer(labels.data_type()) || labels.rank() != 1) {
    return invalid_data("{}: {}, expected integer labels [N]", label_file.string(),
                        labels.type().to_string());
  }
  return IdxSplit{images.reshaped({images.dim(0), images.dim(1), images.dim(2), 1}),
                  labels.to_int64s(), label_file};
}

}  // namespace

Result<std::shared_ptr<const Dataset>> open_idx(const std::string& name, const Path& folder,
                                                Split split) {
  if (split == Split::kAll) {
    return open_every_split([&](Split part) { return open_idx(name, folder, part); });
  }
  ASSIGN_OR_RETURN(IdxSplit read, read_split(folder, split));
  ASSIGN_OR_RETURN(std::vector<std::string> classes,
                   numbered_classes(read.labels).with_context(read.label_file.string()));
  return make_image_dataset(name, std::move(read.pixels), std::move(read.labels),
                            std::move(classes))
      .with_context(read.label_file.string());
}

Result<std::shared_ptr<const Dataset>> open_fashion_mnist(const std::string& name,
                                                          const Path& folder, Split split) {
  if (split == Split::kAll) {
    return open_every_split([&](Split part) { return open_fashion_mnist(name, folder, part); });
  }
  Result<IdxSplit> read = read_split(folder, split);
  if (!read.ok() && read.error().code() == ErrorCode::kNotFound && split != Split::kValidation) {
    return error(ErrorCode::kNotFound,
                 "{}; on Debian and Ubuntu: apt install dataset-fashion-mnist, elsewhere download "
                 "the four files of https://github.com/zalandoresearch/fashion-mnist and name "
                 "their folder: fashion-mnist:DIR",
                 read.error().message());
  }
  if (!read.ok()) return read.error();
  return make_image_dataset(name, std::move(read->pixels), std::move(read->labels),
                            {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal",
                             "Shirt", "Sneaker", "Bag", "Ankle boot"})
      .with_context(read->label_file.string());
}

}  // namespace lathe::data
