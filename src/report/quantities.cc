#include "report/quantities.h"

#include <array>
#include <vector>

namespace lathe::report {

using measure::Variant;

Change Quantity::change(const Variant& before, const Variant& after) const {
  if (among > 0) return compare_top(before, after, among);
  if (direction) return compare_ratio(value(before), value(after), *direction);
  return {};
}

std::span<const Quantity> quantities() {
  using Format = ValueFormat;
  static constexpr Direction kSize{"smaller", "larger", true, true};
  static constexpr Direction kAmount{"fewer", "more", true, true};
  static constexpr Direction kSpeed{"faster", "slower"};
  static const std::array kAll{
      Quantity{"Top-1 accuracy", "top-1", "the first guess is right", Format::kPercent,
               [](const Variant& v) { return v.top1; }, std::nullopt, 1},
      Quantity{"Top-5 accuracy", "top-5", "one of the first five guesses is right",
               Format::kPercent, [](const Variant& v) { return v.top5; }, std::nullopt, 5},
      Quantity{"File size", "file", "", Format::kBytes,
               [](const Variant& v) { return known(v.size_bytes); }, kSize},
      Quantity{"Parameters", "", "", Format::kCount,
               [](const Variant& v) { return known(v.parameters); }, kAmount},
      Quantity{"Multiply-accumulates", "", "for one sample", Format::kCount,
               [](const Variant& v) { return known(v.macs); }, kAmount},
      Quantity{"Working memory", "activations", "arena for activations", Format::kBytes,
               [](const Variant& v) { return known(v.arena_bytes); }, kSize},
      Quantity{"Latency, median", "latency p50", "half of all runs take no longer",
               Format::kMilliseconds, [](const Variant& v) { return v.p50_ms; }, kSpeed},
      Quantity{"Latency, p90", "", "nine of ten runs take no longer", Format::kMilliseconds,
               [](const Variant& v) { return v.p90_ms; }, kSpeed},
      Quantity{"Latency, p99", "latency p99", "99 of 100 runs take no longer",
               Format::kMilliseconds, [](const Variant& v) { return v.p99_ms; }, kSpeed},
      Quantity{"Latency, mean", "", "", Format::kMilliseconds,
               [](const Variant& v) { return v.mean_ms; }, kSpeed},
      Quantity{"Samples per second", "", "", Format::kRate,
               [](const Variant& v) { return v.items_per_s; }, Direction{"lower", "higher", false}},
      Quantity{"Test samples", "", "that accuracy was measured on", Format::kRate,
               [](const Variant& v) { return known(v.samples); }},
  };
  return kAll;
}

QuantityFormatter::QuantityFormatter(std::span<const Variant> variants) {
  std::vector<double> times;
  for (const Variant& v : variants)
    times.insert(times.end(), {v.p50_ms, v.p90_ms, v.p99_ms, v.mean_ms});
  unit_ = time_unit(times);
}

std::string QuantityFormatter::show(const Quantity& quantity, const Variant& variant) const {
  const double value = quantity.value(variant);
  return quantity.format == ValueFormat::kMilliseconds ? format_ms(value, unit_)
                                                       : format_value(value, quantity.format);
}

}  // namespace lathe::report
