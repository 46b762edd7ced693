// Steps that hand on images, run together some rows at a time: what the first makes of some rows is
// read by the next one while it is in the level 2 cache, and never exists as a whole (Alwani et al.
// 2016, "Fused-Layer CNN Accelerators"). So a depthwise convolution, or a pooling, costs what it
// computes, and not what memory takes to bring its input.
//
// What the last step makes is cut into strips of rows. For each strip every step makes the rows
// that have become necessary and are not there yet, into a window that slides over its image.
// Threads take ranges of strips, and make the rows that a range reads of those before it once more.
// The same bits come out as of each step on its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "engine/plan.h"
#include "kernels/row_window.h"

namespace lathe::engine {

class FusedRows {
 public:
  static constexpr int kMostSteps = 8;
  // Of all fusions of a plan: one from elsewhere shall not take for ever to check.
  static constexpr std::int64_t kMostStrips = std::int64_t{1} << 16;

  // Fails where the steps cannot be fused: one has no rows, does not read what the one before it
  // makes, or cannot be cut into so many. `threads`: that may take part.
  static Result<FusedRows> make(const Plan& plan, const FusedSteps& fused, int threads);

  [[nodiscard]] int count() const { return static_cast<int>(links_.size()); }
  // Strips of all images, and among how many threads they are shared out at most.
  [[nodiscard]] std::int64_t strips() const { return batch_ * image_strips_; }
  [[nodiscard]] int shares() const { return shares_; }
  // Of what a step hands on: rows, and bytes for all shares.
  [[nodiscard]] std::int64_t window_rows(int link) const { return at(link).window_rows; }
  [[nodiscard]] std::size_t window_bytes(int link) const {
    return at(link).window_bytes * static_cast<std::size_t>(shares_);
  }
  [[nodiscard]] std::size_t scratch_bytes(int link) const {
    return at(link).scratch_bytes * static_cast<std::size_t>(shares_);
  }
  // What all threads together take longer than one, as a share of that: rows that are made twice,
  // and waiting for the last thread.
  [[nodiscard]] double lost_share() const;

  // Where a step's operands begin, as a whole.
  struct Operands {
    const void* const* inputs;
    void* output;
    const std::byte* weights;
    std::byte* scratch;
  };
  // Adds up the nanoseconds of each step on the first share where there are any to add to.
  // Allocates nothing.
  using Times = std::array<std::int64_t, kMostSteps>;
  void run(const std::array<Operands, kMostSteps>& operands, ThreadPool& pool,
           Times* times = nullptr) const;

 private:
  struct Link {
    const Step* step;
    kernels::RowWindow window;
    std::int64_t in_row_bytes;
    std::int64_t out_row_bytes;
    std::int64_t window_rows = 0;
    std::size_t window_bytes = 0;    // of one share
    std::size_t scratch_bytes = 0;   // of one share
    std::vector<std::int64_t> ends;  // by strip: rows that are there once it is done
  };
  struct Share;
  // For which strip each step begins, and with which row, to get to a strip without those before.
  struct Start {
    std::array<std::int64_t, kMostSteps> strips;
    std::array<std::int64_t, kMostSteps> rows;
  };

  FusedRows() = default;
  [[nodiscard]] const Link& at(int link) const { return links_[static_cast<std::size_t>(link)]; }
  [[nodiscard]] bool is_last(int link) const { return link + 1 == count(); }
  Status add(const Plan& plan, const Step& step);
  void cut(std::int64_t rows);
  void measure(int link);
  // The rows that a step makes for a strip of an image.
  [[nodiscard]] kernels::RowRange rows(int link, std::int64_t strip) const;
  // The first row of what `link` hands on that the next step needs for a row, or for a strip.
  [[nodiscard]] std::int64_t needed_before(int link, std::int64_t row) const;
  [[nodiscard]] std::int64_t needed_from(int link, std::int64_t strip) const;
  [[nodiscard]] Start start_of(std::int64_t strip) const;
  void begin(Share& share, std::int64_t strip) const;
  void make_rows(int link, std::int64_t strip, Share& share) const;

  std::vector<Link> links_;
  std::int64_t batch_ = 1;
  std::int64_t image_strips_ = 1;
  int shares_ = 1;
};

// Finds steps that gain by it in a plan without memory, whose threads are known, and fuses them.
// What is handed on is worth it where it has more than half of `cache_bytes`: a core's level 2
// cache.
void fuse_rows(Plan& plan, std::int64_t cache_bytes);

// Whether `fused` can be run by PlanRunner in the memory that the plan gives it.
Status check_fused(const Plan& plan, const FusedSteps& fused);
// Strips of one image, which checking and running keep track of; 0 of what cannot be cut.
std::int64_t strips_of(const Plan& plan, const FusedSteps& fused);

}  // namespace lathe::engine
