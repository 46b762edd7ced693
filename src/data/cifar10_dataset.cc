#include <algorithm>
#include <sstream>
#include <system_error>
#include <utility>

#include "data/dataset_view.h"
#include "data/memory_dataset.h"
#include "data/sources.h"
#include "data/subset.h"

namespace lathe::data {
namespace {

constexpr std::size_t kSide = 32;
constexpr std::size_t kPlane = kSide * kSide;
constexpr std::size_t kRecord = 1 + 3 * kPlane;  // a label, then a red, a green and a blue plane
constexpr std::size_t kClasses = 10;

Result<std::vector<std::string>> class_names(const Path& folder) {
  const Path file = folder / "batches.meta.txt";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    return std::vector<std::string>{"airplane", "automobile", "bird",  "cat",  "deer",
                                    "dog",      "frog",       "horse", "ship", "truck"};
  }
  ASSIGN_OR_RETURN(const std::string text, read_file(file));
  std::vector<std::string> names;
  std::istringstream words(text);
  for (std::string word; words >> word;) names.push_back(word);
  if (names.size() == kClasses) return names;
  return invalid_data("{}: {} names, expected {}", file.string(), names.size(), kClasses);
}

Result<std::vector<MappedFile>> open_batches(const Path& folder, Split split) {
  RETURN_IF_ERROR(require_folder(folder));
  if (split == Split::kValidation) return no_validation_split().with_context(folder.string());
  std::vector<std::string> names{"test_batch.bin"};
  if (split == Split::kTrain) {
    names = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
             "data_batch_5.bin"};
  }
  const auto present = std::ranges::count_if(names, [&](const std::string& name) {
    std::error_code ignored;
    return std::filesystem::exists(folder / name, ignored);
  });
  std::vector<MappedFile> files;
  for (const std::string& name : names) {
    Result<MappedFile> file = MappedFile::open(folder / name);
    if (!file.ok() && file.error().code() == ErrorCode::kNotFound) {
      // Without all batches the split is not there, without some of them it is damaged.
      if (present > 0) {
        return invalid_data("{}; there are {} of the {} batches of the {} split",
                            file.error().message(), present, names.size(), split_name(split));
      }
      return error(ErrorCode::kNotFound,
                   "{}; download \"CIFAR-10 binary version\" from "
                   "https://www.cs.toronto.edu/~kriz/cifar.html and name its folder",
                   file.error().message());
    }
    if (!file.ok()) return file.error();
    const std::size_t bytes = file->bytes().size();
    if (bytes == 0 || bytes % kRecord != 0) {
      return invalid_data("{}: {} bytes, expected a multiple of {}", (folder / name).string(),
                          bytes, kRecord);
    }
    files.push_back(std::move(*file));
  }
  return files;
}

}  // namespace

Result<std::shared_ptr<const Dataset>> open_cifar10(const std::string& name, const Path& folder,
                                                    Split split) {
  if (split == Split::kAll) {
    return open_every_split([&](Split part) { return open_cifar10(name, folder, part); });
  }
  ASSIGN_OR_RETURN(const std::vector<MappedFile> files, open_batches(folder, split));
  ASSIGN_OR_RETURN(std::vector<std::string> names, class_names(folder));
  std::size_t count = 0;
  for (const MappedFile& file : files) count += file.bytes().size() / kRecord;
  const std::vector<std::int64_t> dims{static_cast<std::int64_t>(count), kSide, kSide, 3};
  ASSIGN_OR_RETURN(ir::Tensor pixels, ir::Tensor::create(ir::DataType::kUint8, dims));
  std::vector<std::int64_t> labels;
  std::uint8_t* to = pixels.mutable_data<std::uint8_t>().data();
  for (const MappedFile& file : files) {
    const auto* record = reinterpret_cast<const std::uint8_t*>(file.bytes().data());
    const auto* end = record + file.bytes().size();
    for (; record != end; record += kRecord) {
      labels.push_back(record[0]);
      for (std::size_t i = 0; i < kPlane; ++i) {
        for (std::size_t c = 0; c < 3; ++c) *to++ = record[1 + c * kPlane + i];
      }
    }
  }
  return make_image_dataset(name, std::move(pixels), std::move(labels), std::move(names))
      .with_context(folder.string());
}

}  // namespace lathe::data
