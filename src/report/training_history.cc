// The training of a model, out of its metadata.
#include <nlohmann/json.hpp>

#include "data/model_history.h"
#include "report/html_report.h"

namespace lathe::report {

std::optional<History> read_history(const ir::Graph& graph) {
  const auto steps = data::read_history_steps(graph.metadata);
  if (!steps.ok()) return std::nullopt;
  History history;
  for (const auto& step : *steps) {
    if (!step.is_object() || !step.contains("epochs")) continue;
    if (const auto kind = step.find("step"); kind == step.end() || *kind != "train") continue;
    const auto& columns = step["epochs"];
    const auto at = [&](const char* name, std::size_t i) {
      const auto column = columns.find(name);
      const bool present = column != columns.end() && column->is_array() && i < column->size() &&
                           (*column)[i].is_number();
      return present ? (*column)[i].get<double>() : kUnknown;
    };
    const std::size_t epochs =
        columns.is_object() && columns.contains("epoch") ? columns["epoch"].size() : 0;
    for (std::size_t i = 0; i < epochs; ++i) {
      history.epochs.push_back({static_cast<std::int64_t>(history.epochs.size()) + 1,
                                at("train_loss", i), at("train_top1", i), at("validation_loss", i),
                                at("validation_top1", i), at("learning_rate", i)});
    }
  }
  if (history.epochs.empty()) return std::nullopt;
  return history;
}

}  // namespace lathe::report
