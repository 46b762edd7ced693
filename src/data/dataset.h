// Labelled samples by index, from the formats that people have them in.
//
//   ASSIGN_OR_RETURN(auto train, open_dataset("images:/data/cats-and-dogs", Split::kTrain));
//   ASSIGN_OR_RETURN(Sample first, train->get(0));
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "data/image.h"
#include "ir/tensor.h"

namespace lathe::data {

// An image (where the dataset is_images()) or features, and the index of its class.
struct Sample {
  Image image;
  ir::Tensor features;  // float32
  std::int64_t label = -1;
};

// What opening a dataset decided and left out.
struct Origin {
  std::vector<std::string> notes;  // for people, a sentence each
  // Where the data is not divided by itself: the share of it that was drawn as this split.
  std::optional<double> drawn_share;
  std::int64_t files_left_out = 0;  // that were met, but are no samples
};

// Immutable once opened: any number of threads may read it. Indices are in [0, size()).
class Dataset {
 public:
  Dataset() = default;
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;
  virtual ~Dataset() = default;

  [[nodiscard]] virtual std::string name() const = 0;  // the spec it was opened by
  [[nodiscard]] virtual std::int64_t size() const = 0;
  // An error names the file or the sample.
  [[nodiscard]] virtual Result<Sample> get(std::int64_t index) const = 0;
  // The label alone, without reading the sample.
  [[nodiscard]] virtual std::int64_t label(std::int64_t index) const = 0;
  // One per class; labels index it.
  [[nodiscard]] virtual const std::vector<std::string>& class_names() const = 0;
  [[nodiscard]] virtual bool is_images() const = 0;
  // {C,H,W} of images of one size, the shape of features without the batch, empty where sizes vary.
  // A folder of images is judged by some of its files, so that a few others may still differ.
  [[nodiscard]] virtual std::vector<std::int64_t> sample_shape() const = 0;
  // For messages: "cat/0012.jpg", "sample 17".
  [[nodiscard]] virtual std::string describe(std::int64_t index) const = 0;
  // The file of sample `index` where it is one, else empty.
  [[nodiscard]] virtual std::string file(std::int64_t) const { return {}; }
  // Whether get() only copies memory, so that keeping its results gains nothing.
  [[nodiscard]] virtual bool in_memory() const = 0;
  [[nodiscard]] virtual const Origin& origin() const = 0;
};

enum class Split {
  kTrain,
  kTest,
  // What DatasetOptions::validation_share takes away from kTrain; without one the validation
  // samples of data that has its own, else an error.
  kValidation,
  kAll,  // every sample of them
};
std::string_view split_name(Split split);          // "train", "test", "validation", "all"
Result<Split> parse_split(std::string_view name);  // these, and "val"

struct DatasetOptions {
  // At most this many samples, drawn at random under `seed` and kept in their order; a smaller
  // limit draws a subset of a larger one. 0: all.
  std::int64_t limit = 0;
  std::uint64_t seed = 0;
  // This share of each class of the training samples, in [0, 1), belongs to kValidation and not to
  // kTrain: at least one of a class that has two, and never all of them. Drawn under `seed`. kTest
  // and kAll do not depend on it.
  double validation_share = 0;
};

// SPEC is one of
//   fashion-mnist[:DIR]  IDX files, gzipped or plain; DIR is Debian's dataset-fashion-mnist unless
//                        given
//   mnist:DIR, idx:DIR   the same file names, classes named by digits
//   cifar10:DIR          data_batch_1.bin to _5.bin, test_batch.bin, optional batches.meta.txt
//   images:DIR           one folder of .jpg, .jpeg, .png or .bmp files per class. Folders train/,
//                        val/ (or valid/, validation/) and test/ above them are the splits, val/
//                        that of kTest where there is no test/; without them a fifth of each class,
//                        chosen by a hash of the file names, is kTest
//   npz:FILE             x_train, y_train, x_test, y_test, and x_val, y_val where there are; or x
//                        and y, of which a fifth of each class, chosen by a hash of the index, is
//                        kTest. x of type uint8 and shape [N,H,W], [N,H,W,C] or [N,C,H,W] with C 1
//                        or 3 is images, anything else features. y is integer, [N] or [N,1]
// Data that is missing is kNotFound and the message says how to get it; a split of which a part is
// missing is kInvalidData. Classes without names are called "0", "1" and so on.
Result<std::shared_ptr<const Dataset>> open_dataset(std::string_view spec, Split split,
                                                    const DatasetOptions& options = {});

// Whether a file that is there is one of those that the data of `spec` is made of, for asking
// before it is replaced.
bool is_part_of_dataset(const Path& file, std::string_view spec);

}  // namespace lathe::data
