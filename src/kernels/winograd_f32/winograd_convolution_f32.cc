#include "kernels/winograd_f32/winograd_convolution_f32.h"

#include <algorithm>
#include <limits>

#include "base/caches.h"
#include "kernels/cost.h"
#include "kernels/igemm/kernels.h"
#include "kernels/parallel.h"
#include "kernels/pick.h"
#include "kernels/rounding.h"
#include "kernels/winograd_f32/points.h"

namespace lathe::kernels {
namespace {

constexpr std::int64_t kMaxIn = 6;

// A whole number of cache lines of float32, and an odd one, so that what is read together from
// rows of this size does not fall into the same set of a cache.
std::int64_t odd_lines(std::int64_t floats) { return (ceil_div(floats, 16) | 1) * 16; }

// What makes (tile + 2) coefficients of three weights: a row for each interpolation point, the last
// for infinity.
struct WeightTransform {
  double rows[kMaxIn][3] = {};
};

WeightTransform weight_transform(std::int64_t tile) {
  if (tile == 2) return {{{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}};
  constexpr double a = WinogradPoints::kA;
  constexpr double b = WinogradPoints::kB;
  constexpr double na = 2 * a * a * (a * a - b * b);
  constexpr double nb = 2 * b * b * (b * b - a * a);
  return {{{1 / (a * a * b * b), 0, 0},
           {1 / na, a / na, a * a / na},
           {1 / na, -a / na, a * a / na},
           {1 / nb, b / nb, b * b / nb},
           {1 / nb, -b / nb, b * b / nb},
           {0, 0, 1}}};
}

// What follows from a problem and a kernel. Made anew for each call: some divisions.
class Convolution {
 public:
  Convolution(const ConvolutionF32Problem& problem, const WinogradF32Kernel& kernel)
      : shape_(problem.shape),
        clamp_(problem.clamp),
        kernel_(kernel),
        in_tile_(kernel.tile + 2),
        coefficients_(in_tile_ * in_tile_),
        tiles_h_(ceil_div(shape_.out_h, kernel.tile)),
        tiles_w_(ceil_div(shape_.out_w, kernel.tile)),
        tiles_(shape_.batch * tiles_h_ * tiles_w_),
        product_(pick(kIgemmF32Kernels, kernel.isa)),
        groups_(ceil_div(tiles_, product_.mr)),
        group_tiles_(ceil_div(tiles_, groups_)),
        panels_(ceil_div(shape_.out_c, product_.nr)),
        last_half_(shape_.out_c - (panels_ - 1) * product_.nr <= product_.nr / 2),
        row_floats_(odd_lines(shape_.in_c)) {
    groups_ = ceil_div(tiles_, group_tiles_);
    // What is transformed of a block's inputs, and what comes of one panel, stay in the level 2
    // cache while the weights pass. Where those stay there too, a block is small.
    const std::int64_t group_bytes =
        coefficients_ * group_tiles_ * (row_floats_ + product_.nr) * kFloatBytes;
    const std::int64_t cache = level2_cache_bytes();
    const bool weights_stay = panels_floats() * kFloatBytes <= cache * 5 / 8;
    block_groups_ =
        weights_stay ? 1 : std::clamp<std::int64_t>(cache * 7 / 8 / group_bytes, 1, groups_);
  }

  double nanoseconds() const {
    const double rate = expected_f32_rate(kernel_.isa);
    const auto tiles = static_cast<double>(tiles_);
    const auto in_c = static_cast<double>(shape_.in_c);
    const auto out_c =
        static_cast<double>((panels_ - 1) * product_.nr + product_.width(last_half_));
    const auto k = static_cast<double>(coefficients_);
    // A group of few rows waits for its weights.
    const auto rows = static_cast<double>(groups_ * std::max<std::int64_t>(group_tiles_, 6));
    // What the ends of a tile of products take, in multiply-adds of a row.
    constexpr double kTileDepth = 20;
    const double product = k * rows * (in_c + kTileDepth) * out_c / rate;
    const double weights = expected_weights_nanoseconds(panels_floats() * kFloatBytes,
                                                        ceil_div(groups_, block_groups_));
    // Of each coefficient of a vector of channels, full or not: instructions, a load and a store.
    const auto vectors = static_cast<double>(ceil_div(shape_.in_c, 16) * 16) + out_c;
    const double transforms = 10 * k * tiles * vectors / rate;
    return std::max(product, weights) + transforms;
  }

  std::size_t packed_bytes() const {
    return static_cast<std::size_t>((bias_floats() + panels_floats()) * kFloatBytes);
  }

  // The biases, then panel by panel, coefficient by coefficient, what the product's kernel reads.
  void pack(const WeightsF32& source, float* packed, ThreadPool& pool) const {
    std::copy(source.bias.begin(), source.bias.end(), packed);
    const WeightTransform transform = weight_transform(kernel_.tile);
    const double cost = 50 * static_cast<double>(shape_.in_c * shape_.out_c);
    parallel_slots(pool, shape_.out_c, cost,
                   [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                     for (std::int64_t c = begin; c < end; ++c)
                       pack_channel(source, transform, c, packed + bias_floats());
                   });
  }

  // A pool may have fewer threads than was meant, and then work otherwise.
  std::size_t scratch_bytes(int threads) const {
    std::int64_t most = 0;
    for (int fewer = 1; fewer <= threads; ++fewer) most = std::max(most, scratch_floats(fewer));
    return static_cast<std::size_t>(most * kFloatBytes);
  }

  void run(const float* in, const float* residual, float* out, const float* packed, float* scratch,
           ThreadPool& pool) const {
    const double cost = expected_mac_nanoseconds(shape_.macs(), kernel_.isa) / 2;
    const Tensors tensors{in, residual, out, packed, packed + bias_floats()};
    if (!shares_input(pool.threads())) {
      const std::int64_t slot_floats =
          coefficient_floats(block_groups_) + product_floats(block_groups_);
      // So many blocks that threads end together.
      const std::int64_t block =
          std::min(block_groups_, ceil_div(groups_, std::int64_t{pool.threads()}));
      parallel_slots(
          pool, groups_, cost, [&](std::int64_t slot, std::int64_t begin, std::int64_t end) {
            float* coefficients = scratch + slot * slot_floats;
            float* products = coefficients + coefficient_floats(block_groups_);
            for (std::int64_t group = begin; group < end; group += block) {
              const Block part = block_of(group, std::min(block, end - group));
              transform(tensors, part, part.first, part.first + part.tiles, coefficients);
              for (std::int64_t p = 0; p < panels_; ++p)
                multiply(tensors, part, p, coefficients, products);
            }
          });
      return;
    }
    const Block all = block_of(0, groups_);
    float* products = scratch + coefficient_floats(groups_);
    parallel_slots(pool, tiles_, cost, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      transform(tensors, all, begin, end, scratch);
    });
    parallel_slots(
        pool, panels_, cost, [&](std::int64_t slot, std::int64_t begin, std::int64_t end) {
          for (std::int64_t p = begin; p < end; ++p)
            multiply(tensors, all, p, scratch, products + slot * product_floats(groups_));
        });
  }

 private:
  static constexpr std::int64_t kFloatBytes = sizeof(float);

  struct Tensors {
    const float* in;
    const float* residual;
    float* out;
    const float* bias;
    const float* panels;
  };
  // Consecutive tiles, and the floats from one coefficient to the next.
  struct Block {
    std::int64_t first;
    std::int64_t tiles;
    std::int64_t in_pitch;
    std::int64_t out_pitch;
  };
  struct Position {
    std::int64_t image;
    std::int64_t y;  // of the first output
    std::int64_t x;
  };

  // With few tiles, threads share what is transformed and take panels of output channels.
  bool shares_input(int threads) const { return threads > 1 && groups_ < 2 * threads; }

  std::int64_t scratch_floats(int threads) const {
    if (shares_input(threads))
      return coefficient_floats(groups_) + threads * product_floats(groups_);
    return threads * (coefficient_floats(block_groups_) + product_floats(block_groups_));
  }
  std::int64_t bias_floats() const { return panels_ * product_.nr; }
  bool is_half(std::int64_t panel) const { return panel + 1 == panels_ && last_half_; }
  std::int64_t coefficient_panel_floats(bool half) const {
    return (1 + shape_.in_c) * product_.width(half);
  }
  std::int64_t panel_floats(bool half) const {
    return coefficients_ * coefficient_panel_floats(half);
  }
  std::int64_t panels_floats() const {
    return (panels_ - 1) * panel_floats(false) + panel_floats(last_half_);
  }
  std::int64_t in_pitch(std::int64_t groups) const {
    return odd_lines(groups * group_tiles_ * row_floats_);
  }
  std::int64_t out_pitch(std::int64_t groups) const {
    return odd_lines(groups * group_tiles_ * product_.nr);
  }
  std::int64_t coefficient_floats(std::int64_t groups) const {
    return coefficients_ * in_pitch(groups);
  }
  std::int64_t product_floats(std::int64_t groups) const {
    return coefficients_ * out_pitch(groups);
  }
  Block block_of(std::int64_t group, std::int64_t groups) const {
    const std::int64_t first = group * group_tiles_;
    return {first, std::min(groups * group_tiles_, tiles_ - first), in_pitch(groups),
            out_pitch(groups)};
  }
  Position position(std::int64_t tile) const {
    return {tile / tiles_w_ / tiles_h_, tile / tiles_w_ % tiles_h_ * kernel_.tile,
            tile % tiles_w_ * kernel_.tile};
  }

  void pack_channel(const WeightsF32& source, const WeightTransform& transform,
                    std::int64_t channel, float* panels) const {
    const std::int64_t panel = channel / product_.nr;
    const bool half = is_half(panel);
    float* const column = panels + panel * panel_floats(false) + channel % product_.nr;
    const float* weights = source.weights.data() + channel * shape_.in_c * 9;
    for (std::int64_t c = 0; c < shape_.in_c; ++c, weights += 9) {
      double lines[kMaxIn][3];
      for (std::int64_t i = 0; i < in_tile_; ++i) {
        const double* row = transform.rows[i];
        for (int x = 0; x < 3; ++x)
          lines[i][x] = row[0] * weights[x] + row[1] * weights[3 + x] + row[2] * weights[6 + x];
      }
      for (std::int64_t i = 0; i < in_tile_; ++i) {
        for (std::int64_t j = 0; j < in_tile_; ++j) {
          const double* row = transform.rows[j];
          const double value = row[0] * lines[i][0] + row[1] * lines[i][1] + row[2] * lines[i][2];
          column[(i * in_tile_ + j) * coefficient_panel_floats(half) +
                 (1 + c) * product_.width(half)] = static_cast<float>(value);
        }
      }
    }
  }

  void transform(const Tensors& tensors, const Block& block, std::int64_t begin, std::int64_t end,
                 float* coefficients) const {
    WinogradInputArgs args{};
    args.row_stride = static_cast<std::size_t>(shape_.in_w * shape_.in_c);
    args.column_stride = static_cast<std::size_t>(shape_.in_c);
    args.channels = static_cast<std::size_t>(shape_.in_c);
    args.coefficient_stride = static_cast<std::size_t>(block.in_pitch);
    for (std::int64_t tile = begin; tile < end; ++tile) {
      const Position at = position(tile);
      const std::int64_t top = at.y - shape_.pad_top;
      const std::int64_t left = at.x - shape_.pad_left;
      const std::int64_t row_begin = std::clamp<std::int64_t>(-top, 0, in_tile_);
      const std::int64_t row_end = std::clamp<std::int64_t>(shape_.in_h - top, 0, in_tile_);
      const std::int64_t column_begin = std::clamp<std::int64_t>(-left, 0, in_tile_);
      const std::int64_t column_end = std::clamp<std::int64_t>(shape_.in_w - left, 0, in_tile_);
      args.row_begin = static_cast<int>(row_begin);
      args.row_end = static_cast<int>(row_end);
      args.column_begin = static_cast<int>(column_begin);
      args.column_end = static_cast<int>(column_end);
      if (row_begin < row_end && column_begin < column_end) {
        args.in = tensors.in +
                  ((at.image * shape_.in_h + top + row_begin) * shape_.in_w + left + column_begin) *
                      shape_.in_c;
      } else {
        args.in = tensors.in;
        args.row_end = args.row_begin;
      }
      args.out = coefficients + (tile - block.first) * row_floats_;
      kernel_.input(args);
    }
  }

  void multiply(const Tensors& tensors, const Block& block, std::int64_t panel,
                const float* coefficients, float* products) const {
    const bool half = is_half(panel);
    const std::int64_t nr = product_.nr;
    const std::int64_t channels = std::min(nr, shape_.out_c - panel * nr);
    const std::byte* rows[kMaxRows];
    TileArgs args{};
    args.rows = rows;
    args.row_pitch = 0;
    args.taps = 1;
    args.depth = static_cast<std::size_t>(shape_.in_c);
    args.half = half;
    args.few_rows = tiles_ < product_.mr;
    args.out_stride = static_cast<std::size_t>(nr * kFloatBytes);
    args.column_count = static_cast<int>(channels);
    args.min = -std::numeric_limits<float>::infinity();
    args.max = std::numeric_limits<float>::infinity();
    const float* weights = tensors.panels + panel * panel_floats(false);
    for (std::int64_t k = 0; k < coefficients_; ++k, weights += coefficient_panel_floats(half)) {
      args.panel = reinterpret_cast<const std::byte*>(weights);
      for (std::int64_t tile = 0; tile < block.tiles; tile += group_tiles_) {
        const std::int64_t count = std::min(group_tiles_, block.tiles - tile);
        for (std::int64_t i = 0; i < count; ++i)
          rows[i] = reinterpret_cast<const std::byte*>(coefficients + k * block.in_pitch +
                                                       (tile + i) * row_floats_);
        args.row_count = static_cast<int>(count);
        args.out = reinterpret_cast<std::byte*>(products + k * block.out_pitch + tile * nr);
        product_.function(args);
      }
    }
    write(tensors, block, panel, channels, products);
  }

  void write(const Tensors& tensors, const Block& block, std::int64_t panel, std::int64_t channels,
             const float* products) const {
    const std::int64_t channel = panel * product_.nr;
    WinogradOutputArgs args{};
    args.coefficient_stride = static_cast<std::size_t>(block.out_pitch);
    args.bias = tensors.bias + channel;
    args.row_stride = static_cast<std::size_t>(shape_.out_w * shape_.out_c);
    args.column_stride = static_cast<std::size_t>(shape_.out_c);
    args.channels = static_cast<std::size_t>(channels);
    args.min = clamp_.min;
    args.max = clamp_.max;
    for (std::int64_t tile = 0; tile < block.tiles; ++tile) {
      const Position at = position(block.first + tile);
      const std::int64_t to =
          ((at.image * shape_.out_h + at.y) * shape_.out_w + at.x) * shape_.out_c + channel;
      args.in = products + tile * product_.nr;
      args.residual = tensors.residual == nullptr ? nullptr : tensors.residual + to;
      args.out = tensors.out + to;
      args.rows = static_cast<int>(std::min(kernel_.tile, shape_.out_h - at.y));
      args.columns = static_cast<int>(std::min(kernel_.tile, shape_.out_w - at.x));
      kernel_.output(args);
    }
  }

  static constexpr std::int64_t kMaxRows = 16;

  const ConvolutionShape& shape_;
  ClampF32 clamp_;
  const WinogradF32Kernel& kernel_;
  std::int64_t in_tile_;       // rows and columns of inputs that a tile reads
  std::int64_t coefficients_;  // of a tile
  std::int64_t tiles_h_;
  std::int64_t tiles_w_;
  std::int64_t tiles_;
  const TileKernel& product_;
  std::int64_t groups_;       // of tiles that are multiplied at once
  std::int64_t group_tiles_;  // even, so that a last group is not much smaller
  std::int64_t panels_;
  bool last_half_;           // whether the last panel is a half one
  std::int64_t row_floats_;  // of a tile's coefficients of one kind
  std::int64_t block_groups_ = 0;
};

}  // namespace

bool WinogradConvolutionF32::fits(const Problem& problem, const Row&) {
  const ConvolutionShape& s = problem.shape;
  return problem.storage == ElementType::kFloat32 && s.kernel_h == 3 && s.kernel_w == 3 &&
         s.stride_h == 1 && s.stride_w == 1 && s.dilation_h == 1 && s.dilation_w == 1 &&
         s.groups == 1;
}

double WinogradConvolutionF32::nanoseconds(const Problem& problem, const Row& row) {
  return Convolution(problem, row).nanoseconds();
}

std::size_t WinogradConvolutionF32::packed_bytes(const Problem& problem, const Row& row) {
  return Convolution(problem, row).packed_bytes();
}

void WinogradConvolutionF32::pack(const Problem& problem, const Row& row, const Weights& weights,
                                  std::byte* packed, ThreadPool& pool) {
  Convolution(problem, row).pack(weights, reinterpret_cast<float*>(packed), pool);
}

std::size_t WinogradConvolutionF32::scratch_bytes(const Problem& problem, const Row& row,
                                                  int threads) {
  return Convolution(problem, row).scratch_bytes(threads);
}

void WinogradConvolutionF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  Convolution(problem, row)
      .run(static_cast<const float*>(operands.inputs[0]),
           problem.residual ? static_cast<const float*>(operands.inputs[1]) : nullptr,
           static_cast<float*>(operands.outputs[0]),
           reinterpret_cast<const float*>(operands.weights), static_cast<float*>(operands.scratch),
           operands.pool);
}

}  // namespace lathe::kernels
