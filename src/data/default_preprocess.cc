#include "data/default_preprocess.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/words.h"

namespace lathe::data {
namespace {

constexpr int kVaryingSize = 224;
constexpr int kVaryingShort = 256;

// Exact sums of 8-bit values: the result does not depend on their order.
struct Moments {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
  std::uint64_t squares = 0;

  [[nodiscard]] double mean() const {
    return static_cast<double>(sum) / static_cast<double>(count) / 255;
  }
  [[nodiscard]] double deviation() const {
    const double second = static_cast<double>(squares) / static_cast<double>(count) / (255.0 * 255);
    return std::sqrt(std::max(0.0, second - mean() * mean()));
  }
};

// Four decimals: what people write, and more than the sample can tell.
float rounded(double value) { return static_cast<float>(std::round(value * 1e4) / 1e4); }

}  // namespace

Result<Preprocess> default_preprocess(const Dataset& dataset, std::int64_t samples,
                                      const std::function<bool()>& stop_requested) {
  if (!dataset.is_images()) {
    return invalid_argument("{}: holds features, not images", dataset.name());
  }
  Preprocess preprocess;
  const std::vector<std::int64_t> shape = dataset.sample_shape();
  if (shape.empty()) {
    preprocess.height = preprocess.width = kVaryingSize;
    preprocess.resize_short = kVaryingShort;
  } else {
    preprocess.channels = shape[0] == 1 ? Channels::kGray : Channels::kRgb;
    preprocess.height = static_cast<int>(shape[1]);
    preprocess.width = static_cast<int>(shape[2]);
  }
  const auto channels = static_cast<std::size_t>(channel_count(preprocess.channels));
  preprocess.mean.assign(channels, 0);
  preprocess.std.assign(channels, 1);
  RETURN_IF_ERROR(check(preprocess).with_context(dataset.name()));

  const Preprocessor fitter(preprocess);
  std::array<Moments, 3> moments;
  std::optional<Error> first_fault;
  const std::int64_t count = std::min(dataset.size(), std::max<std::int64_t>(samples, 1));
  for (std::int64_t i = 0; i < count; ++i) {
    if (stop_requested && stop_requested()) {
      return error(ErrorCode::kInterrupted, "stopped while the images were averaged");
    }
    Result<Sample> sample = dataset.get(i * dataset.size() / count);
    if (!sample.ok()) {  // the loader reports what cannot be read
      if (!first_fault) first_fault = sample.error();
      continue;
    }
    const Image image = fitter.fit(std::move(sample->image));
    for (std::size_t at = 0; at < image.pixels.size(); ++at) {
      const std::uint64_t value = image.pixels[at];
      Moments& m = moments[at % channels];
      ++m.count;
      m.sum += value;
      m.squares += value * value;
    }
  }
  if (moments[0].count == 0) {
    return invalid_data("{}: none of {} looked at can be read; the first: {}", dataset.name(),
                        counted(count, "image"), first_fault->message());
  }
  for (std::size_t c = 0; c < channels; ++c) {
    preprocess.mean[c] = rounded(moments[c].mean());
    const float deviation = rounded(moments[c].deviation());
    preprocess.std[c] = deviation > 0 ? deviation : 1;
  }
  return preprocess;
}

}  // namespace lathe::data
