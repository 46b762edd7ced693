#include "cli/predictions.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "base/file.h"
#include "base/json_text.h"
#include "data/npy.h"
#include "report/csv.h"
#include "report/format.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

// The label, or the number of a class without one.
std::string label_of(const measure::ClassScore& score) {
  return score.label.empty() ? std::to_string(score.index) : score.label;
}

std::string percent(const measure::ClassScore& score) {
  return report::format_percent(static_cast<double>(score.probability), 1);
}

Result<ir::Tensor> stacked(const std::vector<Prediction>& predictions) {
  std::size_t classes = 0;
  for (const Prediction& p : predictions) classes = std::max(classes, p.scores.size());
  const std::vector<std::int64_t> dims{std::ssize(predictions), static_cast<std::int64_t>(classes)};
  ASSIGN_OR_RETURN(ir::Tensor tensor, ir::Tensor::create(ir::DataType::kFloat32, dims));
  auto to = tensor.mutable_data<float>().begin();
  for (const Prediction& p : predictions) {
    to = p.scores.empty() ? std::fill_n(to, classes, std::numeric_limits<float>::quiet_NaN())
                          : std::ranges::copy(p.scores, to).out;
  }
  return tensor;
}

std::string to_csv(const std::vector<Prediction>& predictions) {
  using Fields = std::vector<std::string>;
  std::string text =
      report::csv_line(Fields{"input", "rank", "label", "index", "probability", "truth", "error"});
  for (const Prediction& p : predictions) {
    for (std::size_t i = 0; i < p.classes.size(); ++i) {
      const measure::ClassScore& c = p.classes[i];
      text += report::csv_line(Fields{p.input, std::to_string(i + 1), label_of(c),
                                      std::to_string(c.index), fmt::format("{}", c.probability),
                                      p.truth, ""});
    }
    if (p.classes.empty()) {
      text += report::csv_line(Fields{p.input, "", "", "", "", p.truth, p.error});
    }
  }
  return text;
}

}  // namespace

std::string prediction_table(const std::vector<Prediction>& predictions, bool bold_header) {
  report::TextTable table({{"input", report::Align::kLeft, 40},
                           {"class"},
                           {"probability", report::Align::kRight},
                           {""},
                           {"then"}});
  for (const Prediction& p : predictions) {
    if (p.classes.empty()) continue;
    std::string others;
    for (std::size_t i = 1; i < p.classes.size(); ++i) {
      others +=
          fmt::format("{}{} {}", i > 1 ? ", " : "", label_of(p.classes[i]), percent(p.classes[i]));
    }
    const std::string verdict = p.truth.empty() ? "" : p.right ? "right" : "wrong, is " + p.truth;
    table.add_row({p.input, label_of(p.classes[0]), percent(p.classes[0]), verdict, others});
  }
  return table.rows() == 0 ? std::string() : table.to_string(bold_header);
}

nlohmann::json prediction_json(const std::vector<Prediction>& predictions) {
  nlohmann::json results = nlohmann::json::array();
  nlohmann::json failures = nlohmann::json::array();
  for (const Prediction& p : predictions) {
    if (p.classes.empty()) {
      failures.push_back({{"input", p.input}, {"error", p.error}});
      continue;
    }
    nlohmann::json classes = nlohmann::json::array();
    for (const measure::ClassScore& c : p.classes) {
      classes.push_back(
          {{"label", label_of(c)}, {"index", c.index}, {"probability", c.probability}});
    }
    results.push_back({{"input", p.input}, {"predictions", classes}});
    if (!p.truth.empty()) results.back()["truth"] = p.truth;
  }
  return {{"results", results}, {"failures", failures}};
}

Status write_predictions(const std::string& path, const std::vector<Prediction>& predictions) {
  const std::string extension = extension_of(path);
  if (extension == ".csv") return write_file_atomic(path, to_csv(predictions));
  if (extension == ".json") {
    return write_file_atomic(path, json_text(prediction_json(predictions), 2) + "\n");
  }
  ASSIGN_OR_RETURN(ir::Tensor outputs, stacked(predictions));
  if (extension == ".npy") return data::write_npy(path, outputs);
  std::vector<std::string> names;
  for (const Prediction& p : predictions) names.push_back(p.input);
  const std::int64_t count = std::ssize(names);
  ir::Tensor inputs =
      ir::Tensor::from_values<std::string>(std::span(&count, 1), std::span(std::as_const(names)));
  return data::write_npz(path, {{"outputs", std::move(outputs)}, {"inputs", std::move(inputs)}});
}

}  // namespace lathe::cli
