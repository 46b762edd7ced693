// The driver of indirect matrix multiplication (Dukhan 2019, "The Indirect Convolution Algorithm"):
// convolutions of every shape as products of output pixels and output channels, for the tile
// kernels of every type. It cuts the output into blocks of tiles that stay in caches, finds or
// gathers their inputs, and shares them out among threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/thread_pool.h"
#include "kernels/convolution_shape.h"
#include "kernels/igemm/gather.h"
#include "kernels/igemm/kernels.h"
#include "kernels/igemm/panel.h"
#include "kernels/parallel.h"

namespace lathe::kernels {

// Of a product of 8-bit matrices that are both computed.
struct ZeroPoints {
  std::int32_t input = 0;    // in the kernel's form
  std::int32_t weights = 0;  // which the packed weights still have
};

// What follows from a problem and a kernel. Made anew for each call: some divisions.
class Igemm {
 public:
  // `shape` must outlive it. An element of the output has out_bytes.
  Igemm(const ConvolutionShape& shape, const TileKernel& kernel, InputForm form,
        std::int64_t out_bytes);

  [[nodiscard]] double nanoseconds() const;
  // Panels, then what a pixel of padding reads.
  [[nodiscard]] std::size_t packed_bytes() const {
    return static_cast<std::size_t>(panels_bytes() + padding_bytes());
  }
  [[nodiscard]] std::size_t scratch_bytes(int threads) const {
    return static_cast<std::size_t>(copy_bytes() + threads * slot_bytes());
  }

  // How the weights of so many columns lie in a panel.
  [[nodiscard]] WeightExtents weights(std::int64_t columns) const {
    return {columns, shape_.group_in_c(), shape_.taps(), shape_.taps() / taps_, depth_};
  }
  // Where the weights of `columns` output channels from `channel` on are packed.
  struct Panel {
    std::int64_t channel;
    std::int64_t columns;
    bool half;
    std::byte* at;
  };
  // Calls pack(panel) for all, on the threads of the pool, where that is expected to take so long
  // in all, and writes the padding.
  template <typename Pack>
  void pack(std::byte* packed, double nanoseconds, ThreadPool& pool, const Pack& pack) const {
    parallel_slots(pool, panels(), nanoseconds,
                   [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                     for (std::int64_t p = begin; p < end; ++p) pack(panel(packed, p));
                   });
    write_padding(packed);
  }

  struct Tensors {
    const std::byte* in;
    const std::byte* residual;  // null: none
    std::byte* out;
    const std::byte* packed;
    void* scratch;
  };
  // `args` says what becomes of the sums.
  void run(const TileArgs& args, const Tensors& tensors, ThreadPool& pool,
           ZeroPoints zero_points = {}) const;

 private:
  // Where kernels read inputs: as they lie; in a copy of the input with its borders written out, of
  // which whole kernel rows are taps; in rows of the inputs of one pixel each. A kernel row may be
  // padded by what follows it, times zero: of bfloat16 a NaN or infinity there makes NaN.
  enum class Source { kInput, kPaddedCopy, kGathered };
  // What a thread works with: part of scratch.
  struct Slot {
    const std::byte** rows;
    std::int32_t* offsets;
    std::byte* copies;
  };

  void lower();
  [[nodiscard]] bool gains_by_lines() const;
  [[nodiscard]] std::int64_t choose_block_tiles() const;
  [[nodiscard]] std::int64_t blocks_for(std::int64_t threads) const;
  [[nodiscard]] std::int64_t panels() const { return shape_.groups * group_panels_; }
  [[nodiscard]] std::int64_t panel_bytes(bool half) const;
  [[nodiscard]] std::int64_t panels_bytes() const { return shape_.groups * group_bytes_; }
  [[nodiscard]] std::int64_t padding_bytes() const;
  [[nodiscard]] std::int64_t copy_bytes() const;
  [[nodiscard]] std::int64_t pointer_bytes() const;
  [[nodiscard]] std::int64_t offset_bytes() const;
  [[nodiscard]] std::int64_t slot_bytes() const;
  // Of gathered rows, and of rows that are copied to where they do not get into each other's way.
  [[nodiscard]] std::int64_t row_bytes() const { return depth_ * element_bytes_; }
  [[nodiscard]] std::int64_t spread_row_bytes() const { return row_bytes() + 64; }
  [[nodiscard]] Panel panel(std::byte* packed, std::int64_t index) const;
  void write_padding(std::byte* packed) const;

  void copy_padded(const std::byte* in, std::byte* copy, ThreadPool& pool) const;
  void run_units(const TileArgs& args, const Tensors& tensors, const Slot& slot,
                 ZeroPoints zero_points, std::int64_t blocks, std::int64_t begin,
                 std::int64_t end) const;
  // Finds the inputs of `pixels` output pixels from `first` on.
  void find_rows(const Tensors& tensors, const Slot& slot, std::int64_t group, std::int64_t first,
                 std::int64_t pixels, std::int64_t pitch) const;
  void sum_rows(const Slot& slot, std::int64_t pixels, ZeroPoints zero_points) const;
  void run_panel(TileArgs args, const Tensors& tensors, const Slot& slot, std::int64_t first,
                 std::int64_t pixels, std::int64_t index) const;

  const ConvolutionShape& shape_;
  const TileKernel& kernel_;
  InputForm form_;
  std::int64_t out_bytes_;
  std::int64_t element_bytes_;
  ConvolutionShape bytes_;  // the shape, of bytes as channels
  ConvolutionShape view_;   // as the indirection sees it, of bytes as channels
  Source source_ = Source::kInput;
  std::int64_t copy_left_ = 0;  // columns of padding on the left of a padded copy
  std::int64_t taps_ = 0;       // that kernels see
  std::int64_t depth_ = 0;      // inputs of each
  std::int64_t group_panels_;
  bool last_half_;  // whether the last panel of a group is a half one
  std::int64_t group_bytes_ = 0;
  bool spreads_rows_ = false;
  std::int64_t tiles_ = 0;
  std::int64_t tile_rows_ = 0;
  std::int64_t block_tiles_ = 0;
};

}  // namespace lathe::kernels
