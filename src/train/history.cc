#include "train/history.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace lathe::train {
namespace {

struct Field {
  const char* name;
  double EpochRecord::*member;
  bool is_time = false;
};

constexpr std::array kFields = {
    Field{"learning_rate", &EpochRecord::learning_rate},
    Field{"train_loss", &EpochRecord::train_loss},
    Field{"train_top1", &EpochRecord::train_top1},
    Field{"validation_loss", &EpochRecord::validation_loss},
    Field{"validation_top1", &EpochRecord::validation_top1},
    Field{"seconds", &EpochRecord::seconds, true},
    Field{"images_per_s", &EpochRecord::images_per_s, true},
};

nlohmann::json number_or_null(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

double rounded(double value) {
  return std::isfinite(value) ? std::strtod(fmt::format("{:.6g}", value).c_str(), nullptr) : value;
}

}  // namespace

nlohmann::json to_json(const EpochRecord& record) {
  nlohmann::json json = {{"epoch", record.epoch}};
  for (const Field& field : kFields) json[field.name] = number_or_null(record.*field.member);
  return json;
}

nlohmann::json to_json(std::span<const EpochRecord> history) {
  nlohmann::json records = nlohmann::json::array();
  for (const EpochRecord& record : history) records.push_back(to_json(record));
  return records;
}

Result<EpochRecord> epoch_record_from_json(const nlohmann::json& json) {
  if (!json.is_object()) return invalid_data("an epoch's record is no JSON object");
  const auto epoch = json.find("epoch");
  if (epoch == json.end() || !epoch->is_number_integer()) {
    return invalid_data("an epoch's record has no whole number \"epoch\"");
  }
  EpochRecord record;
  record.epoch = epoch->get<std::int64_t>();
  for (const Field& field : kFields) {
    const auto it = json.find(field.name);
    if (it == json.end() || !(it->is_number() || it->is_null())) {
      return invalid_data("epoch {} has no number \"{}\"", record.epoch, field.name);
    }
    record.*field.member =
        it->is_null() ? std::numeric_limits<double>::quiet_NaN() : it->get<double>();
  }
  return record;
}

nlohmann::json history_columns(std::span<const EpochRecord> history) {
  nlohmann::json columns = nlohmann::json::object();
  columns["epoch"] = nlohmann::json::array();
  for (const EpochRecord& record : history) columns["epoch"].push_back(record.epoch);
  for (const Field& field : kFields) {
    if (field.is_time) continue;
    nlohmann::json column = nlohmann::json::array();
    bool any = false;
    for (const EpochRecord& record : history) {
      any = any || std::isfinite(record.*field.member);
      column.push_back(number_or_null(rounded(record.*field.member)));
    }
    if (any) columns[field.name] = std::move(column);
  }
  return columns;
}

}  // namespace lathe::train
