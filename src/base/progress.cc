#include "base/progress.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace lathe {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kRedrawInterval = std::chrono::milliseconds(100);
constexpr int kBarWidth = 24;

std::atomic<bool> line_is_drawn = false;

int terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string scaled(double value, double step, const std::array<const char*, 5>& units) {
  std::size_t unit = 0;
  while (value >= step && unit + 1 < units.size()) {
    value /= step;
    ++unit;
  }
  if (unit == 0) return fmt::format("{:.0f}{}", value, units[0]);
  return fmt::format("{:.{}f}{}", value, value < 100 ? 2 : 1, units.at(unit));
}

}  // namespace

Progress::Progress(std::string title, std::int64_t total, bool enabled, std::int64_t before)
    : title_(std::move(title)),
      total_(total),
      before_(before),
      enabled_(enabled && isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      drawn_(start_) {}

Progress::~Progress() {
  if (enabled_) hide_progress();
}

void hide_progress() {
  if (line_is_drawn.exchange(false)) std::fputs("\r\x1b[K", stderr);
}

double Progress::elapsed_seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

void Progress::update(std::int64_t done, std::string_view remark) {
  const auto now = Clock::now();
  if (!enabled_ || (now - drawn_ < kRedrawInterval && done != total_)) return;
  drawn_ = now;
  std::string line = title_;
  if (total_ > 0) {
    const double share =
        std::clamp(static_cast<double>(done) / static_cast<double>(total_), 0.0, 1.0);
    const int filled = static_cast<int>(share * kBarWidth);
    line +=
        fmt::format(" [{:#<{}}{:.<{}}] {:3.0f} %", "", filled, "", kBarWidth - filled, share * 100);
    if (const auto left = seconds_left(elapsed_seconds(), before_, done, total_)) {
      line += fmt::format(", {} left", format_duration(*left));
    }
  } else {
    line += fmt::format(" {}", done);
  }
  if (!remark.empty()) line += fmt::format("  {}", remark);
  const auto width = static_cast<std::size_t>(terminal_width() - 1);
  if (line.size() > width) line.resize(width);
  line_is_drawn = true;
  std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
  std::fflush(stderr);
}

std::optional<double> seconds_left(double elapsed, std::int64_t before, std::int64_t done,
                                   std::int64_t total) {
  const auto own = static_cast<double>(done - before);
  if (done >= total || own <= 0.01 * static_cast<double>(total - before)) return std::nullopt;
  return elapsed / own * static_cast<double>(total - done);
}

std::string format_duration(double seconds) {
  if (seconds < 60) return fmt::format("{:.{}f} s", seconds, seconds < 10 ? 1 : 0);
  const auto whole = static_cast<std::int64_t>(std::lround(seconds));
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string format_bytes(double bytes) {
  return scaled(bytes, 1000, {" B", " KB", " MB", " GB", " TB"});
}

std::string format_count(double count) { return scaled(count, 1000, {"", " K", " M", " G", " T"}); }

}  // namespace lathe
