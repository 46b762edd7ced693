// From an image to what a model reads, and how that is written into the model's metadata.
//
//   ASSIGN_OR_RETURN(std::optional<Preprocess> preprocess, read_preprocess(graph.metadata));
//   ir::Tensor input = apply(*preprocess, image);  // float32 [C,H,W]
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/image.h"
#include "data/resize.h"
#include "ir/tensor.h"

namespace lathe::data {

enum class Channels { kGray, kRgb, kBgr };
int channel_count(Channels channels);               // 1 or 3
std::string_view channels_name(Channels channels);  // "gray", "rgb", "bgr"

// The image is brought to gray or colour, resized, and each value becomes
// (pixel / 255 - mean[c]) / std[c], planar: [C,H,W].
struct Preprocess {
  int height = 0;
  int width = 0;
  Channels channels = Channels::kRgb;
  ResizeMethod resize = ResizeMethod::kBilinear;
  // 0: the whole image is stretched to height x width. Otherwise its shorter side is resized to
  // this many pixels, the other one in proportion, and height x width is cut from the centre.
  int resize_short = 0;
  std::vector<float> mean;  // one value per channel, in the order of `channels`
  std::vector<float> std;

  bool operator==(const Preprocess&) const = default;
};

// The largest height and width.
inline constexpr int kMaxExtent = 16384;

// Extents within [1, kMaxExtent], resize_short 0 or no smaller than both of them, finite means,
// finite positive deviations, one of each per channel.
Status check(const Preprocess& preprocess);

// {"size":[H,W],"channels":"gray|rgb|bgr","resize":"bilinear","mean":[..],"std":[..]}, and
// "resize_short":N where it is not 0. Parsing accepts nothing that check() refuses; unknown keys
// are errors, "resize" and "resize_short" may be absent.
nlohmann::json to_json(const Preprocess& preprocess);
Result<Preprocess> preprocess_from_json(const nlohmann::json& json);

// A Preprocess made ready to be applied many times. Immutable: any number of threads may use it.
class Preprocessor {
 public:
  // `preprocess` must pass check().
  explicit Preprocessor(Preprocess preprocess);

  [[nodiscard]] const Preprocess& preprocess() const { return preprocess_; }
  [[nodiscard]] std::vector<std::int64_t> shape() const;  // {C, H, W}
  [[nodiscard]] std::size_t size() const;                 // C * H * W

  // The first half: colour conversion, resizing and cropping. The result is H x W with C channels,
  // still in the order red, green, blue where the model's order is bgr.
  [[nodiscard]] Image fit(Image image) const;
  // The second half: `fitted` has the extents that fit() gives, `out` has size() values.
  void normalize(const Image& fitted, std::span<float> out) const;

 private:
  Preprocess preprocess_;
  std::vector<std::array<float, 256>> table_;  // of a pixel's value, one per channel of the output
};

// float32 [C,H,W]. `preprocess` must pass check(), `image` must not be empty.
ir::Tensor apply(const Preprocess& preprocess, const Image& image);
// The same into C * H * W floats of the caller's.
void apply_into(const Preprocess& preprocess, const Image& image, std::span<float> out);

// What a model carries (ir::Graph::metadata). Absent: an empty optional.
using Metadata = std::map<std::string, std::string, std::less<>>;
inline constexpr std::string_view kPreprocessKey = "lathe.preprocess";
inline constexpr std::string_view kLabelsKey = "lathe.labels";
Result<std::optional<Preprocess>> read_preprocess(const Metadata& metadata);
void write_preprocess(const Preprocess& preprocess, Metadata& metadata);
Result<std::optional<std::vector<std::string>>> read_labels(const Metadata& metadata);
void write_labels(std::span<const std::string> labels, Metadata& metadata);

}  // namespace lathe::data
