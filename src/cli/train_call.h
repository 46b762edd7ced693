// What `lathe train` is told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "cli/output_files.h"
#include "data/dataset.h"
#include "train/options.h"

namespace lathe::cli {

struct TrainCall {
  std::string model;
  std::string architecture;
  std::string out;
  std::string size;
  std::optional<Extents> extents;  // of `size`
  DataOptions data;
  double validation_share = 0.05;
  std::vector<std::string> augment;
  std::string optimizer = "sgd";
  std::string schedule = "one-cycle";
  std::string precision = "auto";
  std::string memory_format = "auto";
  std::string checkpoint;  // empty: beside `out`
  bool no_checkpoint = false;
  std::string history;
  std::string chart;
  ShapeFlags shapes;
  OpsetFlag opset_flag;
  std::optional<int> opset;  // what that says
  train::TrainOptions options;
  OutputFiles files;
  OutputOptions output;
  Arguments app;  // to be asked what was given

  void declare(Arguments parser);
  [[nodiscard]] bool given(const std::string& flag) const;
  // Whether the checkpoint is the one beside `out`, which goes when the work is done.
  [[nodiscard]] bool has_own_checkpoint() const { return checkpoint.empty() && !no_checkpoint; }

  // What can be told before any work: names are known, sizes can be, no option is without effect,
  // all files can be written, no other run's checkpoint is replaced. Fills in `extents` and
  // `options`, the augmentation aside.
  Status prepare();
  // No option is without effect on this data.
  [[nodiscard]] Status check_effects_on(const data::Dataset& training) const;
  // Of images of this height: a random crop is padded by an eighth of it, 4 pixels for 32.
  void prepare_augmentation(std::int64_t height);

 private:
  Status parse_names();
  Status parse_size();
  [[nodiscard]] Status check_effects() const;
  Status check_files();
  Status plan_checkpoint();
};

}  // namespace lathe::cli
