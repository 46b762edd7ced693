#include "cli/metadata_text.h"

#include <algorithm>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "base/words.h"
#include "data/model_history.h"
#include "data/preprocess.h"
#include "report/format.h"
#include "report/utf8.h"

namespace lathe::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kOwnKeys = "lathe.";
constexpr int kLongestValue = 160;

bool is_own(std::string_view key) { return key.substr(0, kOwnKeys.size()) == kOwnKeys; }

std::string shown(std::string_view text) {
  return report::shorten(report::visible(text), kLongestValue);
}

std::string preprocess_text(const data::Preprocess& p) {
  const auto numbers = [](const std::vector<float>& values) {
    std::vector<std::string> texts;
    for (const float value : values) texts.push_back(report::format_number(value));
    return fmt::format("{}", fmt::join(texts, ", "));
  };
  const std::string size =
      p.resize_short > 0 ? fmt::format("{}x{} cut from the centre, shorter side resized to {}",
                                       p.height, p.width, p.resize_short)
                         : fmt::format("resized to {}x{}", p.height, p.width);
  return fmt::format("{} image {}; less mean {}, divided by {}", data::channels_name(p.channels),
                     size, numbers(p.mean), numbers(p.std));
}

std::string labels_text(const std::vector<std::string>& labels) {
  constexpr std::size_t kShown = 5;
  std::vector<std::string> first(
      labels.begin(),
      labels.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, labels.size())));
  if (labels.size() > kShown) first.emplace_back("...");
  return fmt::format("{}: {}", labels.size(), shown(fmt::format("{}", fmt::join(first, ", "))));
}

// "validation top1 91.23 %", "samples 60000"; nothing for what is no single value.
std::string scalar_text(std::string key, const json& value) {
  const bool is_accuracy =
      key.find("top1") != std::string::npos || key.find("top5") != std::string::npos;
  std::replace(key.begin(), key.end(), '_', ' ');
  if (value.is_number() && is_accuracy) {
    return key + " " + report::format_percent(value.get<double>());
  }
  if (value.is_number_float()) return key + " " + report::format_number(value.get<double>());
  if (value.is_string()) return key + " " + value.get<std::string>();
  return value.is_number() || value.is_boolean() ? key + " " + json_text(value) : std::string();
}

// Columns of numbers by epoch: how many there are, and what was measured in the one that was kept.
std::string epochs_text(const json& epochs, const json& best) {
  const auto numbers = epochs.find("epoch");
  if (numbers == epochs.end() || !numbers->is_array()) return {};
  std::string text = counted(static_cast<std::int64_t>(numbers->size()), "epoch");
  const auto kept = std::find(numbers->begin(), numbers->end(), best);
  const auto top1 = epochs.find("validation_top1");
  if (kept == numbers->end() || top1 == epochs.end() || !top1->is_array()) return text;
  const auto row = static_cast<std::size_t>(kept - numbers->begin());
  if (row >= top1->size() || !(*top1)[row].is_number()) return text;
  return text + ", " + scalar_text("validation top1", (*top1)[row]);
}

// "train: data fashion-mnist, 5 epochs, validation top1 91.23 %".
std::string step_text(const json& step) {
  std::vector<std::string> facts;
  for (const auto& [key, value] : step.items()) {
    if (key == "step") continue;
    std::string text;
    if (key == "epochs" && value.is_object()) {
      text = epochs_text(value, step.value("best_epoch", json()));
    } else if (key == "options" || value.is_structured()) {
      continue;
    } else {
      text = scalar_text(key, value);
    }
    if (!text.empty()) facts.push_back(std::move(text));
  }
  const auto name = step.find("step");
  const std::string title =
      name != step.end() && name->is_string() ? name->get<std::string>() : "a step";
  return shown(facts.empty() ? title : fmt::format("{}: {}", title, fmt::join(facts, ", ")));
}

std::vector<MetadataLine> history_lines(const json& history) {
  std::vector<MetadataLine> lines;
  for (const json& step : history) {
    lines.push_back({lines.empty() ? "history" : "",
                     step.is_object() ? step_text(step) : shown(json_text(step))});
  }
  return lines;
}

}  // namespace

std::vector<MetadataLine> metadata_lines(const Metadata& metadata) {
  std::vector<MetadataLine> lines;
  for (const auto& [key, value] : metadata) {
    if (key == data::kPreprocessKey) {
      const auto preprocess = data::read_preprocess(metadata);
      lines.push_back({"preprocess", preprocess.ok() && *preprocess
                                         ? preprocess_text(**preprocess)
                                         : "not valid: " + shown(value)});
    } else if (key == data::kLabelsKey) {
      const auto labels = data::read_labels(metadata);
      lines.push_back({"labels", labels.ok() && *labels ? labels_text(**labels)
                                                        : "not valid: " + shown(value)});
    } else if (key == data::kHistoryKey) {
      const auto history = data::read_history_steps(metadata);
      if (!history.ok()) {
        lines.push_back({"history", "not valid: " + shown(value)});
        continue;
      }
      for (MetadataLine& line : history_lines(*history)) lines.push_back(std::move(line));
    } else {
      lines.push_back({report::shorten(report::visible(key), 40), shown(value)});
    }
  }
  return lines;
}

json metadata_json(const Metadata& metadata) {
  json all = json::object();
  for (const auto& [key, value] : metadata) {
    all[key] = value;
    if (!is_own(key)) continue;
    if (auto parsed = parse_json(value); parsed.ok()) all[key] = *std::move(parsed);
  }
  return all;
}

}  // namespace lathe::cli
