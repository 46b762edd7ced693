#include "engine/fused_rows.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <set>

#include "engine/memory_plan.h"
#include "kernels/rounding.h"

namespace lathe::engine {
namespace {

using kernels::RowRange;
using kernels::RowWindow;

constexpr std::size_t kMostOperands = 3;

// Of what shares have.
std::size_t align(std::int64_t bytes) {
  return static_cast<std::size_t>(
      kernels::round_up(bytes, static_cast<std::int64_t>(kArenaAlignment)));
}

const kernels::Kernel& kernel_of(const Step& step) { return kernels::kernel_of(step.kernel); }

// For kernels that a thread calls alone.
ThreadPool& pool_of_one() {
  static ThreadPool pool(1);
  return pool;
}

const Slot& slot_of(const Plan& plan, SlotId id) {
  return plan.slots[static_cast<std::size_t>(id)];
}

StorageId storage_of(const Plan& plan, SlotId id) { return slot_of(plan, id).storage; }

Storage& storage_at(Plan& plan, SlotId id) {
  return plan.storages[static_cast<std::size_t>(storage_of(plan, id))];
}

}  // namespace

StepSpan span_of_step(const Plan& plan, int i) {
  for (const FusedSteps& fused : plan.fused)
    if (fused.first <= i && i - fused.first < fused.count)
      return {fused.first, fused.first + fused.count - 1};
  return {i, i};
}

// What one thread works with.
struct FusedRows::Share {
  const std::array<Operands, kMostSteps>& operands;
  std::size_t index;
  Times* times;
  std::int64_t image = 0;
  Start start = {};
  std::array<std::int64_t, kMostSteps> base = {};  // row that each window begins with

  [[nodiscard]] std::byte* window(const FusedRows& rows, int link) const {
    const auto i = static_cast<std::size_t>(link);
    return static_cast<std::byte*>(operands[i].output) + index * rows.at(link).window_bytes;
  }
};

Result<FusedRows> FusedRows::make(const Plan& plan, const FusedSteps& fused, int threads) {
  if (fused.first < 0 || fused.count < 2 || fused.count > kMostSteps ||
      static_cast<std::size_t>(fused.first) + static_cast<std::size_t>(fused.count) >
          plan.steps.size() ||
      fused.rows < 1)
    return invalid_data("{} steps from {} on, {} rows", fused.count, fused.first, fused.rows);
  FusedRows rows;
  for (int i = 0; i < fused.count; ++i)
    RETURN_IF_ERROR(rows.add(plan, plan.steps[static_cast<std::size_t>(fused.first + i)]));
  const RowWindow& last = rows.links_.back().window;
  if (fused.rows > last.out_h) return invalid_data("{} rows of {}", fused.rows, last.out_h);
  rows.batch_ = last.batch;
  rows.image_strips_ = kernels::ceil_div(last.out_h, fused.rows);
  if (rows.image_strips_ > kMostStrips) return invalid_data("{} strips", rows.image_strips_);
  rows.shares_ = static_cast<int>(std::min<std::int64_t>(threads, rows.strips()));
  rows.cut(fused.rows);
  pool_of_one();  // not when it runs
  for (int i = 0; i < fused.count; ++i) rows.measure(i);
  return rows;
}

Status FusedRows::add(const Plan& plan, const Step& step) {
  if (is_slow(step)) return invalid_data("step '{}' has no kernel", step.name);
  const auto window = kernels::row_window(step.problem);
  const auto bytes = kernels::operand_bytes(step.problem);
  if (!window || !window->covers_all() || !bytes || bytes->inputs.size() > kMostOperands ||
      step.inputs.size() != bytes->inputs.size() || step.outputs.size() != 1)
    return invalid_data("step '{}' cannot be cut into rows", step.name);
  if (window->out_w < kernel_of(step).least_pixels)
    return invalid_data("step '{}' would round otherwise in rows of {}", step.name, window->out_w);
  for (std::size_t i = 1; i < bytes->inputs.size(); ++i)
    if (bytes->inputs[i] != bytes->output)
      return invalid_data("operand {} of step '{}' cannot be cut into rows", i, step.name);
  const Link link{&step,
                  *window,
                  bytes->inputs[0] / (window->batch * window->in_h),
                  bytes->output / (window->batch * window->out_h),
                  0,
                  0,
                  0,
                  {}};
  if (!links_.empty()) {
    const Link& before = links_.back();
    if (before.window.batch != window->batch || before.window.out_h != window->in_h ||
        before.out_row_bytes != link.in_row_bytes ||
        storage_of(plan, before.step->outputs[0]) != storage_of(plan, step.inputs[0]))
      return invalid_data("step '{}' does not read what is made before it", step.name);
  }
  links_.push_back(link);
  return {};
}

void FusedRows::cut(std::int64_t rows) {
  for (std::size_t i = links_.size(); i-- > 0;) {
    Link& link = links_[i];
    for (std::int64_t strip = 0; strip < image_strips_; ++strip) {
      const auto s = static_cast<std::size_t>(strip);
      if (i + 1 == links_.size()) {
        link.ends.push_back(std::min(link.window.out_h, (strip + 1) * rows));
      } else {
        const Link& next = links_[i + 1];
        link.ends.push_back(next.ends[s] == 0 ? 0 : next.window.inputs_of({0, next.ends[s]}).end);
      }
    }
  }
}

RowRange FusedRows::rows(int link, std::int64_t strip) const {
  const auto s = static_cast<std::size_t>(strip);
  return {strip == 0 ? 0 : at(link).ends[s - 1], at(link).ends[s]};
}

std::int64_t FusedRows::needed_before(int link, std::int64_t row) const {
  return at(link + 1).window.inputs_of({row, row + 1}).begin;
}

std::int64_t FusedRows::needed_from(int link, std::int64_t strip) const {
  return std::min(rows(link, strip).begin, needed_before(link, rows(link + 1, strip).begin));
}

// Where rows are needed twice a window has room for those of two strips, so that they are seldom
// moved.
void FusedRows::measure(int i) {
  Link& link = links_[static_cast<std::size_t>(i)];
  const kernels::Kernel& kernel = kernel_of(*link.step);
  std::int64_t largest = 0;
  std::int64_t needed = 0;
  kernels::Problem part;
  const auto count_scratch = [&](RowRange made) {
    kernels::Problem own = kernels::of_rows(link.step->problem, made);
    if (own == part) return;
    link.scratch_bytes = std::max(link.scratch_bytes, kernel.scratch_bytes(own, 1));
    part = std::move(own);
  };
  for (std::int64_t strip = 0; strip < image_strips_; ++strip) {
    const RowRange made = rows(i, strip);
    if (made.size() == 0) continue;
    largest = std::max(largest, made.size());
    if (!is_last(i)) needed = std::max(needed, made.end - needed_from(i, strip));
    if (kernel.scratch_bytes != nullptr) count_scratch(made);
  }
  for (std::int64_t strip = 1; strip < image_strips_ && kernel.scratch_bytes != nullptr; ++strip) {
    const Start start = start_of(strip);
    const auto own = static_cast<std::size_t>(i);
    const std::int64_t end = rows(i, start.strips[own]).end;
    if (start.rows[own] < end) count_scratch({start.rows[own], end});
  }
  link.scratch_bytes = align(static_cast<std::int64_t>(link.scratch_bytes));
  if (is_last(i)) return;
  link.window_rows = std::min(link.window.out_h, needed > largest ? needed + largest : needed);
  link.window_bytes = align(link.window_rows * link.out_row_bytes);
}

double FusedRows::lost_share() const {
  if (shares_ == 1) return 0;
  const Start start = start_of(image_strips_ / 2);
  double repeated = 0;  // at the begin of a range, in strips
  for (int i = 0; i + 1 < count(); ++i) {
    const auto rows_before = static_cast<double>(rows(i, image_strips_ / 2).begin -
                                                 start.rows[static_cast<std::size_t>(i)]);
    repeated = std::max(repeated, rows_before * static_cast<double>(image_strips_) /
                                      static_cast<double>(at(i).ends.back()));
  }
  const auto longest = static_cast<double>(kernels::ceil_div(strips(), shares_));
  constexpr double kRepeating = 0.5;  // of the steps repeat rows: not those behind the last window
  return (longest + kRepeating * repeated) * shares_ / static_cast<double>(strips()) - 1;
}

FusedRows::Start FusedRows::start_of(std::int64_t strip) const {
  Start start{};
  for (int i = count() - 1; i >= 0; --i) {
    const auto link = static_cast<std::size_t>(i);
    if (is_last(i)) {
      start.strips[link] = strip;
      start.rows[link] = rows(i, strip).begin;
      continue;
    }
    const std::int64_t next = start.rows[link + 1];
    const auto& ends = at(i).ends;
    const auto last = ends.begin() + static_cast<std::ptrdiff_t>(start.strips[link + 1]);
    start.rows[link] = needed_before(i, next);
    start.strips[link] = std::upper_bound(ends.begin(), last, start.rows[link]) - ends.begin();
  }
  return start;
}

// In the midst of an image what is needed of the strips before is made.
void FusedRows::begin(Share& share, std::int64_t strip) const {
  share.start = start_of(strip);
  share.base = share.start.rows;
  for (std::int64_t s = share.start.strips[0]; s < strip; ++s)
    for (int i = 0; i < count(); ++i)
      if (share.start.strips[static_cast<std::size_t>(i)] <= s) make_rows(i, s, share);
}

void FusedRows::make_rows(int i, std::int64_t strip, Share& share) const {
  const auto index = static_cast<std::size_t>(i);
  RowRange made = rows(i, strip);
  made.begin = std::max(made.begin, share.start.rows[index]);
  if (made.begin >= made.end) return;
  const Link& link = at(i);
  const Operands& operands = share.operands[index];
  std::array<const void*, kMostOperands> inputs = {};
  const std::int64_t in_row = link.window.inputs_of(made).begin;
  inputs[0] =
      i == 0 ? static_cast<const std::byte*>(operands.inputs[0]) +
                   (share.image * link.window.in_h + in_row) * link.in_row_bytes
             : share.window(*this, i - 1) + (in_row - share.base[index - 1]) * link.in_row_bytes;
  const std::int64_t place = (share.image * link.window.out_h + made.begin) * link.out_row_bytes;
  for (std::size_t k = 1; k < link.step->inputs.size(); ++k)
    inputs[k] = static_cast<const std::byte*>(operands.inputs[k]) + place;
  void* output = static_cast<std::byte*>(operands.output) + place;
  if (!is_last(i)) {
    std::byte* const window = share.window(*this, i);
    std::int64_t& base = share.base[index];
    if (made.end - base > link.window_rows) {
      const std::int64_t from = std::max(base, needed_from(i, strip));
      std::memmove(window, window + (from - base) * link.out_row_bytes,
                   static_cast<std::size_t>((made.begin - from) * link.out_row_bytes));
      base = from;
    }
    output = window + (made.begin - base) * link.out_row_bytes;
  }
  using Clock = std::chrono::steady_clock;  // asking it may be a system call
  const auto begun = share.times == nullptr ? Clock::time_point() : Clock::now();
  const Status done =
      kernel_of(*link.step)
          .run(kernels::of_rows(link.step->problem, made),
               {inputs.data(), &output, operands.weights,
                operands.scratch + share.index * link.scratch_bytes, pool_of_one()});
  LATHE_CHECK(done.ok());  // no kernel that makes rows looks at values
  if (share.times == nullptr) return;
  const auto took = Clock::now() - begun;
  (*share.times)[index] += std::chrono::duration_cast<std::chrono::nanoseconds>(took).count();
}

void FusedRows::run(const std::array<Operands, kMostSteps>& operands, ThreadPool& pool,
                    Times* times) const {
  const std::int64_t shares = std::min<std::int64_t>(pool.threads(), shares_);
  const auto run_share = [&](std::int64_t index) {
    Share share{operands, static_cast<std::size_t>(index), index == 0 ? times : nullptr};
    const std::int64_t first = strips() * index / shares;
    for (std::int64_t unit = first; unit < strips() * (index + 1) / shares; ++unit) {
      const std::int64_t strip = unit % image_strips_;
      share.image = unit / image_strips_;
      if (unit == first || strip == 0) begin(share, strip);
      for (int i = 0; i < count(); ++i) make_rows(i, strip, share);
    }
  };
  if (shares == 1) return run_share(0);
  pool.parallel_for(shares, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t index = begin; index < end; ++index) run_share(index);
  });
}

namespace {

// What does so little with each value that bringing it from memory may take longer.
bool is_light(const kernels::Problem& problem) {
  const auto is_depthwise = [](const kernels::ConvolutionShape& shape) {
    return shape.is_depthwise();
  };
  if (const auto* own = std::get_if<kernels::ConvolutionF32Problem>(&problem))
    return is_depthwise(own->shape);
  if (const auto* own = std::get_if<kernels::ConvolutionInt8Problem>(&problem))
    return is_depthwise(own->shape);
  return true;
}

class Fuser {
 public:
  Fuser(Plan& plan, std::int64_t cache_bytes) : plan_(plan), cache_bytes_(cache_bytes) {
    uses_.resize(plan.storages.size());
    for (const Step& step : plan.steps) {
      for (const SlotId slot : step.inputs) ++uses(slot);
      for (const SlotId slot : step.outputs) ++uses(slot);
    }
    for (const SlotId slot : plan.outputs) ++uses(slot);
  }

  void fuse() {
    const int count = static_cast<int>(plan_.steps.size());
    for (int first = 0; first + 1 < count; ++first) {
      int end = first + 1;
      while (end < count && end - first < FusedRows::kMostSteps && can_follow(first, end)) ++end;
      while (end - first > 1 && !try_to_fuse(first, end - first)) --end;
      first = end - 1;
    }
  }

 private:
  int& uses(SlotId slot) { return uses_[static_cast<std::size_t>(storage_of(plan_, slot))]; }
  const Step& step(int i) const { return plan_.steps[static_cast<std::size_t>(i)]; }

  static bool fits(const Step& step) {
    if (is_slow(step)) return false;
    const auto window = kernels::row_window(step.problem);
    return window && window->out_w >= kernel_of(step).least_pixels;
  }

  bool can_follow(int first, int i) {
    const Step& before = step(i - 1);
    const Step& own = step(i);
    if (!fits(before) || !fits(own)) return false;
    if (!is_light(before.problem) && !is_light(own.problem)) return false;
    const SlotId between = before.outputs[0];
    if (storage_at(plan_, between).kind != Storage::Kind::kArena || uses(between) != 2 ||
        storage_of(plan_, own.inputs[0]) != storage_of(plan_, between))
      return false;
    // What is made meanwhile is not read whole.
    for (std::size_t k = 1; k < own.inputs.size(); ++k)
      for (int j = first; j < i; ++j)
        if (storage_of(plan_, own.inputs[k]) == storage_of(plan_, step(j).outputs[0])) return false;
    return true;
  }

  bool is_worth_it(int first, int count) {
    for (int i = first; i + 1 < first + count; ++i) {
      const RowWindow window = *kernels::row_window(step(i).problem);
      const auto bytes =
          static_cast<std::int64_t>(storage_at(plan_, step(i).outputs[0]).bytes) / window.batch;
      if (bytes > cache_bytes_ / 2) return true;
    }
    return false;
  }

  bool try_to_fuse(int first, int count) {
    if (!is_worth_it(first, count)) return false;
    constexpr double kMostLost = 0.1;
    const std::int64_t most = kernels::row_window(step(first + count - 1).problem)->out_h;
    for (const std::int64_t rows : {8, 6, 4, 2, 1}) {
      if (rows > most) continue;
      const FusedSteps fused{first, count, rows};
      const auto made = FusedRows::make(plan_, fused, plan_.threads);
      if (!made.ok()) return false;
      std::int64_t bytes = 0;
      for (int i = 0; i + 1 < count; ++i)
        bytes += static_cast<std::int64_t>(made->window_bytes(i)) / made->shares();
      if (bytes > cache_bytes_ * 5 / 8 || made->lost_share() > kMostLost) continue;
      adopt(*made, fused);
      return true;
    }
    return false;
  }

  void adopt(const FusedRows& rows, const FusedSteps& fused) {
    plan_.fused.push_back(fused);
    for (int i = 0; i < fused.count; ++i) {
      Step& own = plan_.steps[static_cast<std::size_t>(fused.first + i)];
      own.scratch_bytes = rows.scratch_bytes(i);
      if (i + 1 == fused.count) continue;
      for (Slot& slot : plan_.slots)
        if (slot.storage == storage_of(plan_, own.outputs[0]))
          slot.window_rows = rows.window_rows(i);
      storage_at(plan_, own.outputs[0]).bytes = rows.window_bytes(i);
    }
  }

  Plan& plan_;
  std::int64_t cache_bytes_;
  std::vector<int> uses_;  // by storage
};

}  // namespace

void fuse_rows(Plan& plan, std::int64_t cache_bytes) { Fuser(plan, cache_bytes).fuse(); }

std::int64_t strips_of(const Plan& plan, const FusedSteps& fused) {
  const std::int64_t last = std::int64_t{fused.first} + fused.count - 1;
  if (last < 0 || last >= std::ssize(plan.steps) || fused.rows < 1) return 0;
  const auto window = kernels::row_window(plan.steps[static_cast<std::size_t>(last)].problem);
  return !window || fused.rows > window->out_h ? 0 : kernels::ceil_div(window->out_h, fused.rows);
}

Status check_fused(const Plan& plan, const FusedSteps& fused) {
  ASSIGN_OR_RETURN(const FusedRows rows, FusedRows::make(plan, fused, plan.threads));
  const int last = fused.first + fused.count - 1;
  std::set<StorageId> made;
  for (int i = fused.first; i <= last; ++i) {
    const Step& step = plan.steps[static_cast<std::size_t>(i)];
    const Slot& out = slot_of(plan, step.outputs[0]);
    if (!made.insert(out.storage).second) return invalid_data("two steps make one value");
    if (step.scratch_bytes < rows.scratch_bytes(i - fused.first))
      return invalid_data("step '{}' has {} bytes of scratch", step.name, step.scratch_bytes);
    if (i == last) break;
    const Storage& storage = plan.storages[static_cast<std::size_t>(out.storage)];
    if (out.window_rows != rows.window_rows(i - fused.first) ||
        storage.kind != Storage::Kind::kArena || storage.bytes < rows.window_bytes(i - fused.first))
      return invalid_data("step '{}' has {} rows in {} bytes", step.name, out.window_rows,
                          storage.bytes);
  }
  for (int i = fused.first; i <= last; ++i) {
    const Step& step = plan.steps[static_cast<std::size_t>(i)];
    for (std::size_t k = i == fused.first ? 0 : 1; k < step.inputs.size(); ++k)
      if (made.contains(storage_of(plan, step.inputs[k])))
        return invalid_data("step '{}' reads what is not there as a whole", step.name);
  }
  return {};
}

}  // namespace lathe::engine
