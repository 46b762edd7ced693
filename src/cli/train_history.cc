#include "cli/train_history.h"

#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "report/chart.h"

namespace lathe::cli {

Status write_history(const Path& path, const train::TrainResult& result) {
  return write_file_atomic(path, json_text({{"epochs", train::to_json(result.history)},
                                            {"best_epoch", result.best_epoch}},
                                           1));
}

Status write_history_chart(const Path& path, const train::TrainResult& result) {
  report::LineChart chart{
      .title = "Training history",
      .x = {.title = "epoch", .integers = true},
      .y = {.title = "loss", .from_zero = true},
      .secondary = report::Axis{.title = "top-1", .format = report::ValueFormat::kPercent}};
  const auto add = [&](const char* name, double train::EpochRecord::*field, bool secondary) {
    report::LineSeries series{.name = name, .secondary = secondary};
    for (const train::EpochRecord& r : result.history)
      series.points.push_back({static_cast<double>(r.epoch), r.*field});
    chart.series.push_back(std::move(series));
  };
  add("training loss", &train::EpochRecord::train_loss, false);
  add("validation loss", &train::EpochRecord::validation_loss, false);
  add("training top-1", &train::EpochRecord::train_top1, true);
  add("validation top-1", &train::EpochRecord::validation_top1, true);
  return write_file_atomic(path, report::svg_file(report::to_svg(chart)));
}

}  // namespace lathe::cli
