// A progress line on standard error: drawn over itself on a terminal, silent elsewhere.
//
//   Progress progress("calibrating", images);
//   for (...) progress.update(done, "loss 0.31");
//
// Not safe to share between threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lathe {

class Progress {
 public:
  // `total` 0 means unknown. Nothing is drawn when `enabled` is false or stderr is no terminal.
  // `before` of the total were done before this one was made: the bar shows them, the time left is
  // that of the rest.
  Progress(std::string title, std::int64_t total, bool enabled = true, std::int64_t before = 0);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();  // clears the line

  // `done` of total, with a remark behind the bar. Draws at most ten times a second.
  void update(std::int64_t done, std::string_view remark = {});
  [[nodiscard]] double elapsed_seconds() const;

 private:
  std::string title_;
  std::int64_t total_;
  std::int64_t before_;
  bool enabled_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point drawn_;
};

// Takes away the line that is drawn, whichever Progress drew it, before other text on standard
// error; the next update draws again. Thread-safe.
void hide_progress();

// How long the rest takes when it goes on as it did from `before` to `done` of `total`; nothing
// where too little is done to tell, or nothing is left.
std::optional<double> seconds_left(double elapsed, std::int64_t before, std::int64_t done,
                                   std::int64_t total);

// "2.1 s", "3 min 20 s", "1 h 05 min".
std::string format_duration(double seconds);
// "1.23 KB", "34.50 MB": decimal units, as file managers and vendors use.
std::string format_bytes(double bytes);
// "25.56 M", "4.09 G", "312".
std::string format_count(double count);

}  // namespace lathe
