#include "data/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace lathe::data {
namespace {

// What one output index gathers along one axis: weights of the input indices from `first` on.
template <typename Weight>
struct Taps {
  std::vector<int> first;
  std::vector<std::size_t> begin;  // into `weights`; one more than there are outputs
  std::vector<Weight> weights;

  void start(int index) {
    first.push_back(index);
    begin.push_back(weights.size());
  }
  void finish() { begin.push_back(weights.size()); }
  [[nodiscard]] std::size_t count() const { return first.size(); }
  [[nodiscard]] int end_index(std::size_t i) const {
    return first[i] + static_cast<int>(begin[i + 1] - begin[i]);
  }
};

// One axis: `input` pixels resampled to `output`, of which [offset, offset + count) are wanted.
struct Axis {
  int input;
  std::int64_t output;
  std::int64_t offset;
  int count;
  [[nodiscard]] double scale() const {
    return static_cast<double>(input) / static_cast<double>(output);
  }
};

// Fixed-point numbers as Pillow's and OpenCV's resampling have them.
constexpr int kPillowBits = 32 - 8 - 2;
constexpr int kOpenCvBits = 11;

int fixed_point(double value, int bits) {
  return static_cast<int>(std::floor(value * (1 << bits) + 0.5));
}

// A triangle of half-width max(scale, 1) about the centre of each output pixel.
Taps<int> triangle_taps(const Axis& axis) {
  const double scale = axis.scale();
  const double support = std::max(scale, 1.0);
  Taps<int> taps;
  std::vector<double> weights;
  for (int i = 0; i < axis.count; ++i) {
    const double center = (static_cast<double>(axis.offset + i) + 0.5) * scale;
    const int low = std::max(0, static_cast<int>(center - support + 0.5));
    const int high = std::min(axis.input, static_cast<int>(center + support + 0.5));
    weights.clear();
    double total = 0;
    for (int x = low; x < high; ++x) {
      const double distance = std::abs((x - center + 0.5) * (1.0 / support));
      weights.push_back(std::max(0.0, 1.0 - distance));
      total += weights.back();
    }
    const double inverse = total > 0 ? 1.0 / total : 1.0;
    taps.start(low);
    for (const double weight : weights) {
      taps.weights.push_back(fixed_point(weight * inverse, kPillowBits));
    }
  }
  taps.finish();
  return taps;
}

// The pixels at `index` and `index + 1`, weighed by 1 - fraction and fraction; beyond the edges the
// pixel at the edge is repeated.
void add_pair(Taps<int>& taps, int index, double fraction, int input) {
  if (index < 0) index = 0, fraction = 0;
  if (index >= input - 1) index = input - 1, fraction = 0;
  taps.start(index);
  const int second = fixed_point(fraction, kOpenCvBits);
  taps.weights.push_back((1 << kOpenCvBits) - second);
  if (second > 0) taps.weights.push_back(second);
}

Taps<int> linear_taps(const Axis& axis) {
  Taps<int> taps;
  for (int i = 0; i < axis.count; ++i) {
    const double position = (static_cast<double>(axis.offset + i) + 0.5) * axis.scale() - 0.5;
    const double floor = std::floor(position);
    add_pair(taps, static_cast<int>(floor), position - floor, axis.input);
  }
  taps.finish();
  return taps;
}

// What OpenCV takes for INTER_AREA where an axis grows: pixels keep their value and blend only
// where an output pixel lies over the border of two.
Taps<int> area_growing_taps(const Axis& axis) {
  const double scale = axis.scale();
  Taps<int> taps;
  for (int i = 0; i < axis.count; ++i) {
    const auto at = static_cast<double>(axis.offset + i);
    const int index = static_cast<int>(std::floor(at * scale));
    const double overlap = (at + 1) - (index + 1) / scale;
    add_pair(taps, index, overlap <= 0 ? 0 : overlap - std::floor(overlap), axis.input);
  }
  taps.finish();
  return taps;
}

// The share of an output pixel that each input pixel covers.
Taps<float> area_shrinking_taps(const Axis& axis) {
  constexpr double kSliver = 1e-3;  // of an input pixel: OpenCV leaves out what covers less
  const double scale = axis.scale();
  Taps<float> taps;
  for (int i = 0; i < axis.count; ++i) {
    const double left = static_cast<double>(axis.offset + i) * scale;
    const double right = left + scale;
    const double cell = std::min(scale, axis.input - left);
    const int high = std::min(static_cast<int>(std::floor(right)), axis.input - 1);
    const int low = std::min(static_cast<int>(std::ceil(left)), high);
    const bool left_edge = low - left > kSliver;
    taps.start(left_edge ? low - 1 : low);
    if (left_edge) taps.weights.push_back(static_cast<float>((low - left) / cell));
    for (int x = low; x < high; ++x) taps.weights.push_back(static_cast<float>(1.0 / cell));
    if (right - high > kSliver) {
      taps.weights.push_back(
          static_cast<float>(std::min(std::min(right - high, 1.0), cell) / cell));
    }
  }
  taps.finish();
  return taps;
}

// How sums are taken and rounded. `Row` holds a row resampled in x, `Sum` one summed up in y.
struct PillowArithmetic {  // rounds to 8 bits between the axes
  using Weight = int;
  using Row = std::uint8_t;
  using Sum = int;
  static std::uint8_t round(int sum) {
    return static_cast<std::uint8_t>(
        std::clamp((sum + (1 << (kPillowBits - 1))) >> kPillowBits, 0, 255));
  }
  static Row row(Sum sum) { return round(sum); }
  static std::uint8_t pixel(Sum sum) { return round(sum); }
};

struct OpenCvArithmetic {
  using Weight = int;
  using Row = int;
  using Sum = int;
  static Row row(Sum sum) { return sum; }
  static std::uint8_t pixel(Sum sum) {
    return static_cast<std::uint8_t>(
        std::clamp((sum + (1 << (2 * kOpenCvBits - 1))) >> (2 * kOpenCvBits), 0, 255));
  }
};

struct FloatArithmetic {
  using Weight = float;
  using Row = float;
  using Sum = float;
  static Row row(Sum sum) { return sum; }
  static std::uint8_t pixel(Sum sum) {
    return static_cast<std::uint8_t>(std::clamp(std::nearbyint(sum), 0.0F, 255.0F));
  }
};

template <typename Arithmetic, int kChannels>
void resample_row(const std::uint8_t* from, const Taps<typename Arithmetic::Weight>& taps,
                  typename Arithmetic::Row* out) {
  using Sum = typename Arithmetic::Sum;
  for (std::size_t i = 0; i < taps.count(); ++i) {
    Sum sums[kChannels] = {};
    const std::uint8_t* pixel = from + static_cast<std::ptrdiff_t>(taps.first[i]) * kChannels;
    for (std::size_t t = taps.begin[i]; t < taps.begin[i + 1]; ++t, pixel += kChannels) {
      for (int c = 0; c < kChannels; ++c) sums[c] += static_cast<Sum>(pixel[c]) * taps.weights[t];
    }
    for (int c = 0; c < kChannels; ++c) *out++ = Arithmetic::row(sums[c]);
  }
}

// Goes through the input once, row by row, and adds each row to the outputs that gather it, so that
// nothing is kept but those sums.
template <typename Arithmetic>
Image resample(const Image& image, const Taps<typename Arithmetic::Weight>& in_x,
               const Taps<typename Arithmetic::Weight>& in_y) {
  Image out =
      make_image(static_cast<int>(in_y.count()), static_cast<int>(in_x.count()), image.channels);
  const std::size_t values = out.row_bytes();
  std::vector<typename Arithmetic::Row> row(values);
  // Outputs are gathered in order: those before `done` are finished, those from `open` not begun.
  std::vector<std::vector<typename Arithmetic::Sum>> sums(in_y.count());
  std::size_t done = 0;
  std::size_t open = 0;
  for (int y = in_y.first.front(); done < in_y.count(); ++y) {
    for (; open < in_y.count() && in_y.first[open] <= y; ++open) sums[open].assign(values, 0);
    if (done == open) continue;
    if (image.channels == 1) {
      resample_row<Arithmetic, 1>(image.row(y), in_x, row.data());
    } else {
      resample_row<Arithmetic, 3>(image.row(y), in_x, row.data());
    }
    for (std::size_t i = done; i < open; ++i) {
      if (y >= in_y.end_index(i)) continue;
      const auto weight = in_y.weights[in_y.begin[i] + static_cast<std::size_t>(y - in_y.first[i])];
      typename Arithmetic::Sum* sum = sums[i].data();
      for (std::size_t x = 0; x < values; ++x) {
        sum[x] += static_cast<typename Arithmetic::Sum>(row[x]) * weight;
      }
    }
    for (; done < open && in_y.end_index(done) <= y + 1; ++done) {
      std::uint8_t* to = out.row(static_cast<int>(done));
      for (std::size_t x = 0; x < values; ++x) to[x] = Arithmetic::pixel(sums[done][x]);
      sums[done] = {};
    }
  }
  return out;
}

}  // namespace

std::string_view resize_method_name(ResizeMethod method) {
  switch (method) {
    case ResizeMethod::kBilinear:
      return "bilinear";
    case ResizeMethod::kBilinearNoAntialias:
      return "bilinear_noaa";
    case ResizeMethod::kArea:
      return "area";
  }
  fatal("unknown resize method");
}

Result<ResizeMethod> parse_resize_method(std::string_view name) {
  for (const ResizeMethod method :
       {ResizeMethod::kBilinear, ResizeMethod::kBilinearNoAntialias, ResizeMethod::kArea}) {
    if (name == resize_method_name(method)) return method;
  }
  return invalid_argument("resize method '{}', expected bilinear, bilinear_noaa or area", name);
}

Image resize(const Image& image, int height, int width, ResizeMethod method) {
  return resize_window(image, height, width, {0, 0, height, width}, method);
}

Image resize_window(const Image& image, std::int64_t height, std::int64_t width,
                    const Window& window, ResizeMethod method) {
  LATHE_CHECK(image.height > 0 && image.width > 0);
  LATHE_CHECK(window.height > 0 && window.top >= 0 && window.top + window.height <= height);
  LATHE_CHECK(window.width > 0 && window.left >= 0 && window.left + window.width <= width);
  const Axis y{image.height, height, window.top, window.height};
  const Axis x{image.width, width, window.left, window.width};
  if (method == ResizeMethod::kBilinear) {
    return resample<PillowArithmetic>(image, triangle_taps(x), triangle_taps(y));
  }
  if (method == ResizeMethod::kBilinearNoAntialias) {
    return resample<OpenCvArithmetic>(image, linear_taps(x), linear_taps(y));
  }
  if (x.scale() < 1 || y.scale() < 1) {
    return resample<OpenCvArithmetic>(image, area_growing_taps(x), area_growing_taps(y));
  }
  return resample<FloatArithmetic>(image, area_shrinking_taps(x), area_shrinking_taps(y));
}

}  // namespace lathe::data
