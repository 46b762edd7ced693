#include "data/match_classes.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "base/suggest.h"
#include "base/words.h"
#include "data/dataset_view.h"

namespace lathe::data {
namespace {

using Names = std::vector<std::string>;
using Outputs = std::vector<std::int64_t>;  // the model's output for each class of the data

class MatchedDataset final : public DatasetView {
 public:
  MatchedDataset(std::shared_ptr<const Dataset> base, Outputs outputs, Names names, Origin origin)
      : DatasetView(std::move(base)),
        outputs_(std::move(outputs)),
        names_(std::move(names)),
        origin_(std::move(origin)) {}

  [[nodiscard]] Result<Sample> get(std::int64_t index) const override {
    ASSIGN_OR_RETURN(Sample sample, base().get(index));
    sample.label = label(index);
    return sample;
  }
  [[nodiscard]] std::int64_t label(std::int64_t index) const override {
    return outputs_[static_cast<std::size_t>(base().label(index))];
  }
  [[nodiscard]] const Names& class_names() const override { return names_; }
  [[nodiscard]] const Origin& origin() const override { return origin_; }

 private:
  Outputs outputs_;
  Names names_;
  Origin origin_;
};

// "Ankle_boot" and "ankle  boot" are one.
std::string loosely(std::string_view name) {
  std::string key;
  for (const char c : name) {
    const bool parts_words = std::string_view(" _-/").find(c) != std::string_view::npos;
    if (!parts_words) {
      key.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    } else if (!key.empty() && key.back() != ' ') {
      key.push_back(' ');
    }
  }
  if (key.ends_with(' ')) key.pop_back();
  return key;
}

Error no_label(const std::string& name, std::span<const std::string> labels) {
  const Names known(labels.begin(), labels.end());
  return invalid_argument(
      "class '{}' of the data is none of the model's {} ({}); the data's classes have to be named "
      "as "
      "the model's labels are{}",
      name, counted(std::ssize(known), "label"), listed(known), did_you_mean(name, known));
}

Result<Outputs> match_names(const Names& classes, std::span<const std::string> labels) {
  constexpr std::int64_t kAmbiguous = -1;
  std::map<std::string_view, std::int64_t> exact;
  std::map<std::string, std::int64_t> loose;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto output = static_cast<std::int64_t>(i);
    if (!exact.emplace(labels[i], output).second) exact[labels[i]] = kAmbiguous;
    const std::string key = loosely(labels[i]);
    if (!loose.emplace(key, output).second) loose[key] = kAmbiguous;
  }
  Outputs outputs;
  std::map<std::int64_t, std::string_view> taken;
  for (const std::string& name : classes) {
    const auto same = exact.find(name);
    const auto near = loose.find(loosely(name));
    if (same == exact.end() && near == loose.end()) return no_label(name, labels);
    const std::int64_t output = same != exact.end() ? same->second : near->second;
    if (output == kAmbiguous) {
      return invalid_argument("class '{}' of the data fits more than one of the model's labels",
                              name);
    }
    if (const auto [other, is_new] = taken.emplace(output, name); !is_new) {
      return invalid_argument("classes '{}' and '{}' of the data both fit the model's label '{}'",
                              other->second, name, labels[static_cast<std::size_t>(output)]);
    }
    outputs.push_back(output);
  }
  return outputs;
}

// The numbers that the classes are called by, where all of them are, each by one of its own.
std::optional<Outputs> read_numbers(const Names& classes) {
  Outputs outputs;
  std::set<std::int64_t> seen;
  for (const std::string& name : classes) {
    std::int64_t number = 0;
    const char* end = name.data() + name.size();
    const auto [next, failed] = std::from_chars(name.data(), end, number);
    if (failed != std::errc() || next != end || number < 0) return {};
    if (!seen.insert(number).second) return {};
    outputs.push_back(number);
  }
  return outputs;
}

// Where the classes are no labels of the model's. Appends to the notes what cannot be taken for
// granted.
Result<Outputs> match_unnamed(const Dataset& dataset, std::span<const std::string> labels,
                              std::int64_t classes, std::vector<std::string>& notes) {
  const Names& names = dataset.class_names();
  const std::optional<Outputs> numbers = read_numbers(names);
  const std::int64_t highest = numbers ? std::ranges::max(*numbers) : -1;
  if (numbers && highest < classes) {
    const bool are_positions = std::ranges::is_sorted(*numbers) && highest + 1 == std::ssize(names);
    if (!are_positions || std::ssize(names) != classes) {
      notes.push_back(
          fmt::format("{}: classes called by numbers are taken as the numbers of the "
                      "model's {} outputs",
                      dataset.name(), grouped(classes)));
    }
    return *numbers;
  }
  if (numbers && !labels.empty()) {
    return invalid_argument("the data has a class number {}, the model {}, none of them called {}",
                            highest, counted(classes, "class", "classes"), highest);
  }
  if (std::ssize(names) > classes) {
    return invalid_argument("the model has {}, the dataset {}",
                            counted(classes, "class", "classes"), grouped(std::ssize(names)));
  }
  Outputs positions(names.size());
  std::iota(positions.begin(), positions.end(), 0);
  if (numbers || std::ssize(names) != classes) {
    notes.push_back(
        fmt::format("{}: the model has no labels; {} of the data are taken as outputs 0 to "
                    "{} of {}, in the order of their names",
                    dataset.name(), counted(std::ssize(names), "class", "classes"),
                    std::ssize(names) - 1, grouped(classes)));
  }
  return positions;
}

}  // namespace

Result<std::shared_ptr<const Dataset>> match_classes(std::shared_ptr<const Dataset> dataset,
                                                     std::span<const std::string> labels,
                                                     std::int64_t classes) {
  const Names& names = dataset->class_names();
  if (!labels.empty() && std::ssize(labels) != classes) {
    return invalid_data("the model has {} for {}", counted(std::ssize(labels), "label"),
                        counted(classes, "class", "classes"));
  }
  Origin origin = dataset->origin();
  Result<Outputs> outputs = match_names(names, labels);
  if (!outputs.ok() && (labels.empty() || read_numbers(names))) {
    outputs = match_unnamed(*dataset, labels, classes, origin.notes);
  }
  if (!outputs.ok()) return outputs.error();

  Names model_names(labels.begin(), labels.end());
  if (labels.empty()) {
    for (std::int64_t i = 0; i < classes; ++i) model_names.push_back(std::to_string(i));
    for (std::size_t i = 0; i < names.size(); ++i) {
      model_names[static_cast<std::size_t>((*outputs)[i])] = names[i];
    }
  }
  return std::shared_ptr<const Dataset>(std::make_shared<MatchedDataset>(
      std::move(dataset), *std::move(outputs), std::move(model_names), std::move(origin)));
}

Result<std::shared_ptr<const Dataset>> match_labels(std::shared_ptr<const Dataset> dataset,
                                                    const Metadata& metadata) {
  ASSIGN_OR_RETURN(const auto labels, read_labels(metadata));
  if (!labels || labels->empty()) return dataset;
  return match_classes(std::move(dataset), *labels, std::ssize(*labels));
}

}  // namespace lathe::data
