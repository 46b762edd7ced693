#include "kernels/igemm_f32/igemm_convolution_f32.h"

#include <algorithm>

#include "base/caches.h"
#include "kernels/cost.h"
#include "kernels/igemm_f32/kernels.h"
#include "kernels/indirection.h"
#include "kernels/parallel.h"
#include "kernels/pick.h"
#include "kernels/rounding.h"

namespace lathe::kernels {
namespace {

// Below this many input channels a tap is too short for the kernel's inner loop, and a whole kernel
// row of a copy with its borders written out makes a better one.
constexpr std::int64_t kFewChannels = 16;
// Pointers of one block of pixels: they are read once for each panel and should stay in the level 2
// cache beside the panel and the input.
constexpr std::int64_t kIndirectionBytes = 64 * 1024;
// Pixels this far apart fall into one set of the level 1 cache, which holds fewer of them than a
// tile reads at once.
constexpr std::int64_t kSameSet = 4096;

constexpr std::int64_t kFloatBytes = sizeof(float);

// A shape that the indirection sees and the same result: what is pointwise becomes one long row,
// what has few channels gets wide taps.
struct Lowering {
  ConvolutionShape shape;  // for fill_indirection; in_w is that of the padded copy if there is one
  std::int64_t taps = 0;   // of the kernel
  std::int64_t depth = 0;  // floats each tap reads
  std::int64_t copy_left = 0;  // columns of zeros on the left of the padded copy
  bool copies = false;
};

Lowering lower(const ConvolutionShape& shape) {
  Lowering result{.shape = shape, .taps = shape.taps(), .depth = shape.group_in_c()};
  ConvolutionShape& view = result.shape;
  if (shape.is_pointwise()) {
    view.in_w = view.out_w = shape.out_pixels();
    view.batch = view.in_h = view.out_h = 1;
  } else if (shape.groups == 1 && shape.in_c < kFewChannels && shape.kernel_w > 1 &&
             shape.dilation_w == 1) {
    const std::int64_t reach = (shape.out_w - 1) * shape.stride_w + shape.kernel_w;
    result.copies = shape.pad_left > 0 || reach > shape.in_w;
    result.copy_left = shape.pad_left;
    if (result.copies) view.in_w = reach;
    view.kernel_w = 1;
    view.pad_left = 0;
    result.taps = shape.kernel_h;
    result.depth = shape.kernel_w * shape.in_c;
  }
  return result;
}

// What follows from a problem and a kernel. Made anew for each call: some divisions.
class Convolution {
 public:
  Convolution(const ConvolutionF32Problem& problem, const IgemmF32Kernel& kernel)
      : shape_(problem.shape),
        lowering_(lower(shape_)),
        clamp_(problem.clamp),
        main_(kernel),
        tail_(pick(kIgemmF32Kernels, kernel.isa, (shape_.group_out_c() - 1) % kernel.nr + 1)),
        group_panels_(ceil_div(shape_.group_out_c(), kernel.nr)) {
    // Tiles of even height: a last tile of one row would read a whole panel for it.
    tiles_ = ceil_div(shape_.out_pixels(), main_.mr);
    tile_rows_ = ceil_div(shape_.out_pixels(), tiles_);
    tiles_ = ceil_div(shape_.out_pixels(), tile_rows_);
    block_tiles_ = choose_block_tiles();
  }

  double nanoseconds() const {
    const auto columns =
        static_cast<double>(shape_.groups * ((group_panels_ - 1) * main_.nr + tail_.nr));
    // Short tiles wait for their weights, and each tile takes its time.
    const auto rows = static_cast<double>(tiles_ * std::max<std::int64_t>(tile_rows_, 6));
    const auto depth = static_cast<double>(lowering_.taps * lowering_.depth);
    constexpr double kTileDepth = 12;  // multiply-adds of a row that a tile's ends are worth
    const double product = rows * columns * (depth + kTileDepth) / expected_f32_rate(main_.isa);
    const double weights =
        expected_weights_nanoseconds(panels_floats() * kFloatBytes, ceil_div(tiles_, block_tiles_));
    return std::max(product, weights);
  }

  std::size_t scratch_bytes(int threads) const {
    return copy_bytes() + static_cast<std::size_t>(threads) * slot_bytes();
  }
  std::size_t packed_bytes() const {
    return static_cast<std::size_t>(panels_floats() + zero_floats()) * sizeof(float);
  }

  // Panels, then the row of zeros that stands for padding.
  void pack(const WeightsF32& source, float* packed, ThreadPool& pool) const {
    const double cost =
        expected_stream_nanoseconds(2 * kFloatBytes * (panels_floats() + zero_floats()));
    parallel_slots(pool, shape_.groups * group_panels_, cost,
                   [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                     for (std::int64_t i = begin; i < end; ++i)
                       pack_panel(source, packed, i / group_panels_, i % group_panels_);
                   });
  }

  // The same of a matrix [in_c, out_c], whose rows are rows of panels already.
  void pack_matrix(const float* matrix, float* packed, ThreadPool& pool) const {
    const std::int64_t width = shape_.out_c;
    const auto pack_one = [&](std::int64_t p) {
      const IgemmF32Kernel& kernel = p + 1 == group_panels_ ? tail_ : main_;
      const std::int64_t columns = std::min(width - p * main_.nr, kernel.nr);
      float* row = std::fill_n(packed + p * panel_floats(main_), kernel.nr, 0.0F);
      for (std::int64_t k = 0; k < shape_.in_c; ++k) {
        row = std::copy_n(matrix + k * width + p * main_.nr, columns, row);
        row = std::fill_n(row, kernel.nr - columns, 0.0F);
      }
    };
    const double cost = expected_stream_nanoseconds(2 * kFloatBytes * panels_floats());
    parallel_slots(pool, group_panels_, cost,
                   [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                     for (std::int64_t p = begin; p < end; ++p) pack_one(p);
                   });
    std::fill_n(packed + panels_floats(), zero_floats(), 0.0F);
  }

  void run(const float* in, const float* residual, float* out, const float* packed, void* scratch,
           ThreadPool& pool) const {
    if (lowering_.copies) {
      auto* copy = static_cast<float*>(scratch);
      copy_padded(in, copy, pool);
      in = copy;
    }
    auto* pointers = static_cast<std::byte*>(scratch) + copy_bytes();
    // Four units for each thread even out their ends.
    const std::int64_t panels = shape_.groups * group_panels_;
    const std::int64_t blocks = ceil_div(4 * std::int64_t{pool.threads()}, panels);
    const std::int64_t block_tiles = std::min(block_tiles_, ceil_div(tiles_, blocks));
    const std::int64_t units = ceil_div(tiles_, block_tiles) * panels;
    parallel_slots(pool, units, expected_mac_nanoseconds(shape_.macs(), main_.isa),
                   [&](std::int64_t slot, std::int64_t begin, std::int64_t end) {
                     auto** rows = reinterpret_cast<const float**>(
                         pointers + static_cast<std::size_t>(slot) * slot_bytes());
                     run_units({in, residual, out, packed}, rows, block_tiles, begin, end);
                   });
  }

 private:
  struct Tensors {
    const float* in;
    const float* residual;
    float* out;
    const float* packed;
  };

  std::int64_t panel_floats(const IgemmF32Kernel& kernel) const {
    return kernel.nr * (1 + lowering_.taps * lowering_.depth);
  }
  std::int64_t group_floats() const {
    return (group_panels_ - 1) * panel_floats(main_) + panel_floats(tail_);
  }
  std::int64_t panels_floats() const { return shape_.groups * group_floats(); }
  std::int64_t zero_floats() const { return std::max(shape_.in_c, lowering_.depth); }
  std::size_t slot_bytes() const {
    const std::int64_t rows = block_tiles_ * tile_rows_;
    const std::int64_t copies = spreads_rows() ? rows * spread_row_floats() * kFloatBytes : 0;
    return pointer_bytes() + static_cast<std::size_t>(copies);
  }
  std::size_t pointer_bytes() const {
    const std::int64_t pointers = lowering_.taps * block_tiles_ * tile_rows_;
    return static_cast<std::size_t>(round_up(pointers * std::int64_t{sizeof(float*)}, 64));
  }
  // Rows of one tap are copied to where they do not get into each other's way, if several panels
  // read them.
  bool spreads_rows() const {
    return lowering_.taps == 1 && shape_.groups == 1 && group_panels_ > 2 &&
           lowering_.shape.in_c * kFloatBytes % kSameSet == 0;
  }
  std::int64_t spread_row_floats() const { return lowering_.depth + 16; }
  std::size_t copy_bytes() const {
    if (!lowering_.copies) return 0;
    const ConvolutionShape& view = lowering_.shape;
    const std::int64_t floats = view.batch * view.in_h * view.in_w * view.in_c;
    return static_cast<std::size_t>(round_up(floats * kFloatBytes, 64));
  }

  // Tiles of a block, over which all panels pass one after the other. Where the weights stay in the
  // level 2 cache, a block is small, so that its input and output stay there too. Where they do
  // not, each block reads them again from farther away, so that blocks are as large as their input
  // allows.
  std::int64_t choose_block_tiles() const {
    const ConvolutionShape& view = lowering_.shape;
    const std::int64_t cache = level2_cache_bytes();
    const std::int64_t in_bytes = view.in_c * kFloatBytes * std::min(view.stride_h, view.kernel_h) *
                                  std::min(view.stride_w, view.kernel_w);
    const std::int64_t out_bytes = view.out_c * kFloatBytes;
    const std::int64_t weight_bytes = panels_floats() * kFloatBytes;
    const std::int64_t pixels =
        weight_bytes <= cache / 2 ? cache / 8 / (in_bytes + out_bytes) : cache / 2 / in_bytes;
    const std::int64_t pointer_bytes = lowering_.taps * std::int64_t{sizeof(float*)};
    std::int64_t most = kIndirectionBytes / pointer_bytes;
    if (spreads_rows()) most = std::min(most, cache / 4 / (spread_row_floats() * kFloatBytes));
    return std::clamp<std::int64_t>(std::min(pixels, most) / tile_rows_, 1, tiles_);
  }

  // From [in_c][taps] to [taps][in_c], which is [kernel_h][kernel_w * in_c] too.
  // Row by row [tap][in_c] of nr columns, biases first. Some input channels at a time, so that what
  // is read of all columns and what is written stays in the first cache.
  void pack_panel(const WeightsF32& source, float* packed, std::int64_t group,
                  std::int64_t p) const {
    constexpr std::int64_t kChannels = 16;
    const IgemmF32Kernel& kernel = p + 1 == group_panels_ ? tail_ : main_;
    float* const panel = packed + group * group_floats() + p * panel_floats(main_);
    const std::int64_t columns = std::min(shape_.group_out_c() - p * main_.nr, kernel.nr);
    const std::int64_t first = group * shape_.group_out_c() + p * main_.nr;
    const std::int64_t taps = shape_.taps();
    const std::int64_t depth = shape_.group_in_c();
    if (!source.bias.empty()) std::copy_n(source.bias.data() + first, columns, panel);
    for (std::int64_t k = 0; k < depth; k += kChannels) {
      const std::int64_t end = std::min(k + kChannels, depth);
      for (std::int64_t j = 0; j < columns; ++j) {
        const float* from = source.weights.data() + ((first + j) * depth + k) * taps;
        for (std::int64_t i = k; i < end; ++i) {
          for (std::int64_t tap = 0; tap < taps; ++tap)
            panel[(1 + tap * depth + i) * kernel.nr + j] = *from++;
        }
      }
    }
  }

  void copy_padded(const float* in, float* copy, ThreadPool& pool) const {
    const ConvolutionShape& view = lowering_.shape;
    const std::int64_t width = view.in_w * view.in_c;
    const std::int64_t left = lowering_.copy_left * view.in_c;
    const std::int64_t inner = std::clamp<std::int64_t>(width - left, 0, shape_.in_w * view.in_c);
    const std::int64_t rows = view.batch * view.in_h;
    parallel_slots(pool, rows, expected_stream_nanoseconds(rows * width * 8),
                   [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                     for (std::int64_t row = begin; row < end; ++row) {
                       float* target = copy + row * width;
                       std::fill_n(target, std::min(left, width), 0.0F);
                       if (inner == 0) continue;
                       std::copy_n(in + row * shape_.in_w * view.in_c, inner, target + left);
                       std::fill(target + left + inner, target + width, 0.0F);
                     }
                   });
  }

  // A unit is one panel on one block of pixels. Panels of a block follow each other, so that its
  // input stays in cache.
  void run_units(const Tensors& tensors, const float** rows, std::int64_t block_tiles,
                 std::int64_t begin, std::int64_t end) const {
    const float* zeros = tensors.packed + panels_floats();
    const std::int64_t panels = shape_.groups * group_panels_;
    const std::int64_t pitch = block_tiles * tile_rows_;
    std::int64_t filled = -1;
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t block = unit / panels;
      const std::int64_t first = block * pitch;
      const std::int64_t pixels = std::min(pitch, shape_.out_pixels() - first);
      if (block != filled) {
        fill_indirection(lowering_.shape, tensors.in, zeros, first, pixels, pitch, rows);
        if (spreads_rows()) {
          auto* copies =
              reinterpret_cast<float*>(reinterpret_cast<std::byte*>(rows) + pointer_bytes());
          spread(rows, pixels, copies);
        }
        filled = block;
      }
      run_panel(tensors, rows, pitch, first, pixels, unit % panels);
    }
  }

  void spread(const float** rows, std::int64_t pixels, float* copies) const {
    for (std::int64_t i = 0; i < pixels; ++i, copies += spread_row_floats())
      rows[i] = std::copy_n(rows[i], lowering_.depth, copies) - lowering_.depth;
  }

  void run_panel(const Tensors& tensors, const float* const* rows, std::int64_t pitch,
                 std::int64_t first, std::int64_t pixels, std::int64_t panel) const {
    const std::int64_t group = panel / group_panels_;
    const std::int64_t in_group = panel % group_panels_;
    const IgemmF32Kernel& kernel = in_group + 1 == group_panels_ ? tail_ : main_;
    const std::int64_t channel = group * shape_.group_out_c() + in_group * main_.nr;
    IgemmF32Args args{};
    args.row_pitch = static_cast<std::size_t>(pitch);
    args.offset = static_cast<std::size_t>(group * shape_.group_in_c());
    args.taps = static_cast<std::size_t>(lowering_.taps);
    args.depth = static_cast<std::size_t>(lowering_.depth);
    args.panel = tensors.packed + group * group_floats() + in_group * panel_floats(main_);
    args.out_stride = static_cast<std::size_t>(shape_.out_c);
    args.column_count =
        static_cast<int>(std::min(kernel.nr, shape_.group_out_c() - in_group * main_.nr));
    args.min = clamp_.min;
    args.max = clamp_.max;
    for (std::int64_t row = 0; row < pixels; row += tile_rows_) {
      const std::int64_t at = (first + row) * shape_.out_c + channel;
      args.rows = rows + row;
      args.row_count = static_cast<int>(std::min(tile_rows_, pixels - row));
      args.residual = tensors.residual == nullptr ? nullptr : tensors.residual + at;
      args.out = tensors.out + at;
      kernel.function(args);
    }
  }

  const ConvolutionShape& shape_;
  Lowering lowering_;
  ClampF32 clamp_;
  const IgemmF32Kernel& main_;
  const IgemmF32Kernel& tail_;  // for the last panel of each group, which may be narrower
  std::int64_t group_panels_;
  std::int64_t tile_rows_ = 0;
  std::int64_t tiles_ = 0;
  std::int64_t block_tiles_ = 0;
};

}  // namespace

double IgemmConvolutionF32::nanoseconds(const Problem& problem, const Row& row) {
  return Convolution(problem, row).nanoseconds();
}

std::size_t IgemmConvolutionF32::packed_bytes(const Problem& problem, const Row& row) {
  return Convolution(problem, row).packed_bytes();
}

void IgemmConvolutionF32::pack(const Problem& problem, const Row& row, const Weights& weights,
                               std::byte* packed, ThreadPool& pool) {
  Convolution(problem, row).pack(weights, reinterpret_cast<float*>(packed), pool);
}

void IgemmConvolutionF32::pack_matrix(const Problem& problem, const Row& row, const float* matrix,
                                      std::byte* packed, ThreadPool& pool) {
  Convolution(problem, row).pack_matrix(matrix, reinterpret_cast<float*>(packed), pool);
}

std::size_t IgemmConvolutionF32::scratch_bytes(const Problem& problem, const Row& row,
                                               int threads) {
  return Convolution(problem, row).scratch_bytes(threads);
}

void IgemmConvolutionF32::run(const Problem& problem, const Row& row, const Operands& operands) {
  Convolution(problem, row)
      .run(static_cast<const float*>(operands.inputs[0]),
           problem.residual ? static_cast<const float*>(operands.inputs[1]) : nullptr,
           static_cast<float*>(operands.outputs[0]),
           reinterpret_cast<const float*>(operands.weights), operands.scratch, operands.pool);
}

}  // namespace lathe::kernels
