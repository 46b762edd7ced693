// From values to places along an axis, with ticks at round numbers.
#pragma once

#include <string>
#include <vector>

#include "report/chart.h"

namespace lathe::report {

struct Tick {
  double share = 0;  // 0 at the low end of the axis, 1 at the high end
  std::string label;
};

class AxisScale {
 public:
  // Whether the axis can show `value`: finite, not absurdly large, positive on a logarithmic axis.
  static bool can_show(const Axis& axis, double value);

  // For values between `low` and `high`, low <= high, both can_show(). With `round_out` the axis
  // begins and ends at a tick, otherwise at the values. About `wanted` ticks, never more than
  // three times as many.
  AxisScale(const Axis& axis, double low, double high, bool round_out, int wanted);

  [[nodiscard]] double share(double value) const;
  [[nodiscard]] const std::vector<Tick>& ticks() const { return ticks_; }
  // The axis' title with the unit of the ticks: "latency per image (ms)".
  [[nodiscard]] const std::string& title() const { return title_; }

 private:
  void place_linear(const Axis& axis, bool round_out, int wanted, double unit);
  void place_logarithmic(double unit, int wanted);
  void place_powers_of_two(int wanted);

  double low_;
  double high_;
  bool logarithmic_;
  std::vector<Tick> ticks_;
  std::string title_;
};

}  // namespace lathe::report
