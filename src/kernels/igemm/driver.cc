#include "kernels/igemm/driver.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/caches.h"
#include "kernels/cost.h"
#include "kernels/igemm/indirection.h"
#include "kernels/rounding.h"

namespace lathe::kernels {
namespace {

// Below so many bytes a tap is too short for a kernel's inner loop: inputs are copied such that
// taps are longer.
constexpr std::int64_t kShortTap = 64;
constexpr std::int64_t kShortGatheredTap = 16;
// Pointers of one block of pixels: they are read once for each panel and should stay in the level 2
// cache beside the panel and the input.
constexpr std::int64_t kIndirectionBytes = 64 * 1024;
// Inputs of a block: most of a level 1 cache of 32 KiB.
constexpr std::int64_t kBlockBytes = 24 * 1024;
// Behind a copy, of which kernels multiply the first bytes by zero.
constexpr std::int64_t kReadBehind = 64;
// Pixels this far apart fall into one set of the level 1 cache, which holds fewer of them than a
// tile reads at once.
constexpr std::int64_t kSameSet = 4096;

// What a tile takes, in multiply-adds.
struct TileCost {
  double rate;        // in a nanosecond
  double least_rows;  // shorter tiles wait for their weights
  double row_step;    // rows are computed by so many
  double ends;        // of one row and channel: beginning and ending a tile
};

TileCost cost_of(const TileKernel& kernel) {
  const double rate = kernel.dot == Dot::kInt8   ? expected_int8_rate(kernel.isa)
                      : kernel.dot == Dot::kBF16 ? expected_bf16_rate(kernel.isa)
                                                 : expected_f32_rate(kernel.isa);
  if (kernel.strided()) return {rate, 16, 16, 0.1 * rate};
  const double ends = kernel.dot == Dot::kInt8 ? 40 : kernel.dot == Dot::kBF16 ? 24 : 12;
  return {rate, kernel.dot == Dot::kInt8 ? 5.0 : 6.0, 1, ends};
}

// - weights * sum of (x - input) over a row of `count` bytes, modulo 2^32.
std::int32_t row_offset(const std::byte* row, std::int64_t count, ZeroPoints zero_points) {
  std::uint32_t sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += static_cast<std::uint8_t>(row[i]);
  sum -= static_cast<std::uint32_t>(count) * static_cast<std::uint32_t>(zero_points.input);
  return static_cast<std::int32_t>(0 - static_cast<std::uint32_t>(zero_points.weights) * sum);
}

}  // namespace

Igemm::Igemm(const ConvolutionShape& shape, const TileKernel& kernel, InputForm form,
             std::int64_t out_bytes)
    : shape_(shape),
      kernel_(kernel),
      form_(form),
      out_bytes_(out_bytes),
      element_bytes_(element_bytes(kernel.dot)),
      bytes_(shape),
      group_panels_(ceil_div(shape.group_out_c(), kernel.nr)),
      last_half_(shape.group_out_c() - (group_panels_ - 1) * kernel.nr <= kernel.nr / 2) {
  bytes_.in_c *= element_bytes_;
  view_ = bytes_;
  lower();
  group_bytes_ = (group_panels_ - 1) * panel_bytes(false) + panel_bytes(last_half_);
  // Rows of one tap, if several panels read them.
  spreads_rows_ = source_ == Source::kInput && !kernel.strided() && taps_ == 1 &&
                  shape.groups == 1 && group_panels_ > 2 && bytes_.in_c % kSameSet == 0;
  // Tiles of even height: a last tile of one row would read a whole panel for it.
  tiles_ = ceil_div(shape.out_pixels(), kernel.mr);
  tile_rows_ = kernel.strided() ? std::min(kernel.mr, shape.out_pixels())
                                : ceil_div(shape.out_pixels(), tiles_);
  tiles_ = ceil_div(shape.out_pixels(), tile_rows_);
  block_tiles_ = choose_block_tiles();
}

// Whether whole kernel rows of few channels make better taps. Bytes are gathered so fast that rows
// must not take more products, padded to whole steps of the kernel, than all of them together.
bool Igemm::gains_by_lines() const {
  if (kernel_.dot != Dot::kInt8) return bytes_.in_c < kShortTap;
  const std::int64_t unit = kernel_.depth_unit;
  const std::int64_t line = round_up(shape_.kernel_w * shape_.in_c, unit);
  return bytes_.in_c < kShortGatheredTap &&
         shape_.kernel_h * line <= round_up(shape_.taps() * shape_.in_c, unit);
}

// What is pointwise becomes one long row.
void Igemm::lower() {
  const std::int64_t channels = shape_.group_in_c();
  const bool whole = form_.flip == 0 && channels % kernel_.depth_unit == 0;
  const bool has_wide_taps = shape_.groups == 1 && shape_.kernel_w > 1 && shape_.dilation_w == 1 &&
                             !kernel_.strided() && gains_by_lines();
  taps_ = shape_.taps();
  depth_ = channels;
  if (whole && shape_.is_pointwise()) {
    view_.in_w = view_.out_w = shape_.out_pixels();
    view_.batch = view_.in_h = view_.out_h = 1;
    return;
  }
  if (has_wide_taps) {
    const std::int64_t reach = (shape_.out_w - 1) * shape_.stride_w + shape_.kernel_w;
    view_.kernel_w = 1;
    view_.pad_left = 0;
    taps_ = shape_.kernel_h;
    depth_ = round_up(shape_.kernel_w * channels, kernel_.depth_unit);
    if (kernel_.depth_unit > 1 || shape_.pad_left > 0 || reach > shape_.in_w) {
      source_ = Source::kPaddedCopy;
      // What pads the last pixel's kernel row is of its own line: zero times infinity is NaN.
      view_.in_w = reach + ceil_div(depth_ - shape_.kernel_w * channels, channels);
      copy_left_ = shape_.pad_left;
    }
    return;
  }
  if (whole && !kernel_.strided() &&
      (taps_ == 1 || channels * element_bytes_ >= kShortGatheredTap)) {
    return;
  }
  source_ = Source::kGathered;
  depth_ = round_up(taps_ * channels, kernel_.depth_unit);
  taps_ = 1;
}

double Igemm::nanoseconds() const {
  const TileCost cost = cost_of(kernel_);
  const auto rows =
      std::max(static_cast<double>(round_up(tile_rows_, static_cast<std::int64_t>(cost.row_step))),
               cost.least_rows);
  // The sums of half a panel of six rows are too few to hide the latency of products.
  const double half = last_half_ && kernel_.mr < 8 && kernel_.dot != Dot::kInt8 ? 0.3 : 0;
  const double columns =
      static_cast<double>(shape_.groups) *
      (static_cast<double>((group_panels_ - 1) * kernel_.nr + kernel_.width(last_half_)) +
       half * static_cast<double>(kernel_.nr / 2));
  const auto depth = static_cast<double>(taps_ * depth_);
  const double product =
      static_cast<double>(tiles_) * rows * columns * (depth + cost.ends) / cost.rate;
  const double weights =
      expected_weights_nanoseconds(panels_bytes(), ceil_div(tiles_, block_tiles_));
  const std::int64_t copied = source_ == Source::kGathered
                                  ? shape_.groups * shape_.out_pixels() * row_bytes()
                                  : copy_bytes();
  constexpr double kCopied = 32;  // bytes in a nanosecond
  return std::max(product, weights) + static_cast<double>(copied) / kCopied;
}

std::int64_t Igemm::panel_bytes(bool half) const {
  return igemm_panel_bytes(kernel_, half, taps_ * depth_);
}

std::int64_t Igemm::padding_bytes() const { return std::max(bytes_.in_c, row_bytes()); }

std::int64_t Igemm::copy_bytes() const {
  if (source_ != Source::kPaddedCopy) return 0;
  return round_up(view_.batch * view_.in_h * view_.in_w * view_.in_c + kReadBehind, 64);
}

std::int64_t Igemm::pointer_bytes() const {
  return round_up(taps_ * block_tiles_ * tile_rows_ * std::int64_t{sizeof(void*)}, 64);
}

std::int64_t Igemm::offset_bytes() const {
  if (kernel_.dot != Dot::kInt8) return 0;
  return round_up(block_tiles_ * tile_rows_ * std::int64_t{sizeof(std::int32_t)}, 64);
}

std::int64_t Igemm::slot_bytes() const {
  const std::int64_t rows = block_tiles_ * tile_rows_;
  std::int64_t copies = 0;
  if (spreads_rows_) copies = rows * spread_row_bytes();
  if (source_ == Source::kGathered) copies = rows * row_bytes();
  // Strided kernels read whole tiles, and the last ones of the input from a copy.
  if (kernel_.strided()) copies += kernel_.mr * row_bytes();
  if (copies > 0) copies += std::int64_t{InputGather::kSlack};
  return pointer_bytes() + offset_bytes() + round_up(copies, 64);
}

// Tiles of a block, over which all panels pass one after the other. Where the weights stay in the
// level 2 cache, the inputs of a block stay in the level 1 cache. Where they do not, each block
// reads them again from farther away, so that blocks are as large as their inputs allow.
std::int64_t Igemm::choose_block_tiles() const {
  const std::int64_t cache = level2_cache_bytes();
  const bool gathered = source_ == Source::kGathered;
  const std::int64_t in_bytes = gathered ? row_bytes()
                                         : view_.in_c * std::min(view_.stride_h, view_.kernel_h) *
                                               std::min(view_.stride_w, view_.kernel_w);
  const std::int64_t room = panels_bytes() <= cache / 2 ? kBlockBytes : cache / (gathered ? 4 : 2);
  std::int64_t most = kIndirectionBytes / (taps_ * std::int64_t{sizeof(void*)});
  if (spreads_rows_) most = std::min(most, cache / 4 / spread_row_bytes());
  return std::clamp<std::int64_t>(std::min(room / in_bytes, most) / tile_rows_, 1, tiles_);
}

Igemm::Panel Igemm::panel(std::byte* packed, std::int64_t index) const {
  const std::int64_t group = index / group_panels_;
  const std::int64_t p = index % group_panels_;
  const std::int64_t left = shape_.group_out_c() - p * kernel_.nr;
  return {group * shape_.group_out_c() + p * kernel_.nr, std::min(left, kernel_.nr),
          p + 1 == group_panels_ && last_half_,
          packed + group * group_bytes_ + p * panel_bytes(false)};
}

void Igemm::write_padding(std::byte* packed) const {
  std::memset(packed + panels_bytes(), form_.zero, static_cast<std::size_t>(padding_bytes()));
}

void Igemm::copy_padded(const std::byte* in, std::byte* copy, ThreadPool& pool) const {
  const std::int64_t in_width = bytes_.in_w * bytes_.in_c;
  const std::int64_t width = view_.in_w * view_.in_c;
  const std::int64_t left = std::min(copy_left_ * view_.in_c, width);
  const std::int64_t inner = std::min(width - left, in_width);
  const auto zero = static_cast<std::byte>(form_.zero);
  const auto flip = static_cast<std::byte>(form_.flip);
  const std::int64_t rows = view_.batch * view_.in_h;
  std::fill_n(copy + rows * width, kReadBehind, zero);
  parallel_slots(pool, rows, expected_stream_nanoseconds(2 * rows * width),
                 [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                   for (std::int64_t row = begin; row < end; ++row) {
                     std::byte* at = std::fill_n(copy + row * width, left, zero);
                     at = std::transform(in + row * in_width, in + row * in_width + inner, at,
                                         [flip](std::byte value) { return value ^ flip; });
                     std::fill_n(at, width - left - inner, zero);
                   }
                 });
}

// Blocks of pixels: as even as tiles allow, and such that each thread has as many units of them.
std::int64_t Igemm::blocks_for(std::int64_t threads) const {
  std::int64_t blocks = ceil_div(tiles_, block_tiles_);
  if (threads > 1) {
    constexpr std::int64_t kUnits = 4;  // of each thread, to even out their ends
    blocks = round_up(std::max(blocks, ceil_div(kUnits * threads, panels())),
                      threads / std::gcd(threads, panels()));
  }
  return std::min(blocks, tiles_);
}

void Igemm::run(const TileArgs& args, const Tensors& tensors, ThreadPool& pool,
                ZeroPoints zero_points) const {
  Tensors seen = tensors;
  auto* const scratch = static_cast<std::byte*>(tensors.scratch);
  if (source_ == Source::kPaddedCopy) {
    copy_padded(tensors.in, scratch, pool);
    seen.in = scratch;
  }
  const std::int64_t blocks = blocks_for(pool.threads());
  const double cost =
      expected_mac_nanoseconds(shape_.macs(), kernel_.isa) / (kernel_.dot == Dot::kInt8 ? 2 : 1);
  parallel_slots(pool, blocks * panels(), cost,
                 [&](std::int64_t index, std::int64_t begin, std::int64_t end) {
                   std::byte* const own = scratch + copy_bytes() + index * slot_bytes();
                   const Slot slot{reinterpret_cast<const std::byte**>(own),
                                   reinterpret_cast<std::int32_t*>(own + pointer_bytes()),
                                   own + pointer_bytes() + offset_bytes()};
                   if (kernel_.begin != nullptr) kernel_.begin();
                   run_units(args, seen, slot, zero_points, blocks, begin, end);
                   if (kernel_.end != nullptr) kernel_.end();
                 });
}

// A unit is one panel on one block of pixels. Panels of a block follow each other, so that its
// input stays in cache.
void Igemm::run_units(const TileArgs& args, const Tensors& tensors, const Slot& slot,
                      ZeroPoints zero_points, std::int64_t blocks, std::int64_t begin,
                      std::int64_t end) const {
  const std::int64_t pitch = ceil_div(tiles_, blocks) * tile_rows_;
  const bool by_group = source_ == Source::kGathered;
  std::int64_t found = -1;
  TileArgs all = args;
  all.few_rows = shape_.out_pixels() < kernel_.mr;
  all.row_pitch = static_cast<std::size_t>(pitch);
  all.row_stride = static_cast<std::size_t>(by_group ? row_bytes() : bytes_.in_c);
  all.taps = static_cast<std::size_t>(taps_);
  all.depth = static_cast<std::size_t>(depth_);
  all.out_stride = static_cast<std::size_t>(shape_.out_c * out_bytes_);
  if (zero_points.weights != 0) all.row_offsets = slot.offsets;
  for (std::int64_t unit = begin; unit < end; ++unit) {
    const std::int64_t block = unit / panels();
    const std::int64_t group = unit % panels() / group_panels_;
    const std::int64_t first = tiles_ * block / blocks * tile_rows_;
    const std::int64_t last = tiles_ * (block + 1) / blocks * tile_rows_;
    const std::int64_t pixels = std::min(last, shape_.out_pixels()) - first;
    const std::int64_t wanted = by_group ? block * shape_.groups + group : block;
    if (wanted != found) {
      find_rows(tensors, slot, group, first, pixels, pitch);
      if (zero_points.weights != 0) sum_rows(slot, pixels, zero_points);
      found = wanted;
    }
    run_panel(all, tensors, slot, first, pixels, unit % panels());
  }
}

void Igemm::find_rows(const Tensors& tensors, const Slot& slot, std::int64_t group,
                      std::int64_t first, std::int64_t pixels, std::int64_t pitch) const {
  if (source_ == Source::kGathered) {
    InputGather(bytes_, form_).copy(tensors.in, group, first, pixels, row_bytes(), slot.copies);
    // Zero times what lies behind a row may be NaN.
    const std::int64_t used = shape_.taps() * shape_.group_in_c() * element_bytes_;
    const std::int64_t rest = kernel_.dot == Dot::kInt8 ? 0 : row_bytes() - used;
    for (std::int64_t i = 0; i < pixels; ++i) {
      slot.rows[i] = slot.copies + i * row_bytes();
      if (rest > 0) std::fill_n(slot.copies + i * row_bytes() + used, rest, std::byte{0});
    }
    return;
  }
  fill_indirection(view_, tensors.in, tensors.packed + panels_bytes(), first, pixels, pitch,
                   slot.rows);
  if (!spreads_rows_) return;
  for (std::int64_t i = 0; i < pixels; ++i) {
    std::byte* const copy = slot.copies + i * spread_row_bytes();
    std::copy_n(slot.rows[i], row_bytes(), copy);
    slot.rows[i] = copy;
  }
}

// Of pixels with one tap.
void Igemm::sum_rows(const Slot& slot, std::int64_t pixels, ZeroPoints zero_points) const {
  for (std::int64_t i = 0; i < pixels; ++i)
    slot.offsets[i] = row_offset(slot.rows[i], shape_.in_c, zero_points);
}

void Igemm::run_panel(TileArgs args, const Tensors& tensors, const Slot& slot, std::int64_t first,
                      std::int64_t pixels, std::int64_t index) const {
  const std::int64_t group = index / group_panels_;
  const std::int64_t p = index % group_panels_;
  const std::int64_t channel = group * shape_.group_out_c() + p * kernel_.nr;
  const std::int32_t* const offsets = args.row_offsets;
  args.offset = source_ == Source::kGathered
                    ? 0
                    : static_cast<std::size_t>(group * shape_.group_in_c() * element_bytes_);
  args.panel = tensors.packed + group * group_bytes_ + p * panel_bytes(false);
  args.half = p + 1 == group_panels_ && last_half_;
  args.column_count = static_cast<int>(std::min(kernel_.nr, shape_.group_out_c() - p * kernel_.nr));
  const auto run_rows = [&](std::int64_t row, std::int64_t count) {
    const std::int64_t at = ((first + row) * shape_.out_c + channel) * out_bytes_;
    args.row_count = static_cast<int>(count);
    if (offsets != nullptr) args.row_offsets = offsets + row;
    if (tensors.residual != nullptr) args.residual = tensors.residual + at;
    args.out = tensors.out + at;
    kernel_.function(args);
  };
  if (!kernel_.strided()) {
    for (std::int64_t row = 0; row < pixels; row += tile_rows_) {
      args.rows = slot.rows + row;
      run_rows(row, std::min(tile_rows_, pixels - row));
    }
    return;
  }
  // All rows at once; those at the end of the input from a copy, behind which more can be read.
  const std::int64_t last = pixels - (pixels - 1) % kernel_.mr - 1;
  const bool ends_input = source_ == Source::kInput && first + pixels == shape_.out_pixels() &&
                          pixels % kernel_.mr != 0;
  const std::int64_t whole = ends_input ? last : pixels;
  args.rows = slot.rows;
  if (whole > 0) run_rows(0, whole);
  if (!ends_input) return;
  for (std::int64_t row = last; row < pixels; ++row)
    std::copy_n(slot.rows[row] + args.offset, row_bytes(),
                slot.copies + (row - last) * row_bytes());
  const std::byte* const copy = slot.copies;
  args.rows = &copy;
  args.offset = 0;
  args.row_stride = static_cast<std::size_t>(row_bytes());
  run_rows(last, pixels - last);
}

}  // namespace lathe::kernels
