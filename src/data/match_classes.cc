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

constexpr std::int64_t kNoOutput = -1;

// Where the whole name is one.
std::optional<std::int64_t> number_of(std::string_view name) {
  std::int64_t number = 0;
  const char* end = name.data() + name.size();
  const auto [next, failed] = std::from_chars(name.data(), end, number);
  if (failed != std::errc() || next != end || number < 0) return std::nullopt;
  return number;
}

// "Ankle_boot" and "ankle  boot" are one, and so are "07" and "7".
std::string loosely(std::string_view name) {
  if (const auto number = number_of(name)) return std::to_string(*number);
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

// A model's labels, to be looked up.
class LabelIndex {
 public:
  static constexpr std::int64_t kAmbiguous = -2;

  explicit LabelIndex(std::span<const std::string> labels) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const auto output = static_cast<std::int64_t>(i);
      if (!exact_.emplace(labels[i], output).second) exact_[labels[i]] = kAmbiguous;
      const std::string key = loosely(labels[i]);
      if (!loose_.emplace(key, output).second) loose_[key] = kAmbiguous;
    }
  }

  // The output that is called so, kNoOutput or kAmbiguous.
  [[nodiscard]] std::int64_t find(const std::string& name) const {
    if (const auto same = exact_.find(name); same != exact_.end()) return same->second;
    const auto near = loose_.find(loosely(name));
    return near == loose_.end() ? kNoOutput : near->second;
  }

 private:
  std::map<std::string_view, std::int64_t> exact_;
  std::map<std::string, std::int64_t> loose_;
};

Error no_label(const std::string& name, std::span<const std::string> labels) {
  const Names known(labels.begin(), labels.end());
  return invalid_argument(
      "class '{}' of the data is none of the model's {} ({}); the data's classes have to be named "
      "as the model's labels are{}",
      name, counted(std::ssize(known), "label"), listed(known), did_you_mean(name, known));
}

std::vector<bool> find_used_classes(const Dataset& dataset) {
  std::vector<bool> used(dataset.class_names().size());
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    used[static_cast<std::size_t>(dataset.label(i))] = true;
  }
  return used;
}

Result<Outputs> match_names(const Dataset& dataset, std::span<const std::string> labels) {
  const Names& classes = dataset.class_names();
  const LabelIndex index(labels);
  const std::vector<bool> used = find_used_classes(dataset);
  Outputs outputs;
  std::map<std::int64_t, std::string_view> taken;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const std::string& name = classes[i];
    const std::int64_t output = index.find(name);
    // Classes without names are counted up from 0, whether or not there are samples of them.
    const bool only_counted = number_of(name) && !used[i];
    if (output == kNoOutput && !only_counted) return no_label(name, labels);
    outputs.push_back(output);
    if (output == kNoOutput) continue;
    if (output == LabelIndex::kAmbiguous) {
      return invalid_argument("class '{}' of the data fits more than one of the model's labels",
                              name);
    }
    if (const auto [other, is_new] = taken.emplace(output, name); !is_new) {
      return invalid_argument("classes '{}' and '{}' of the data both fit the model's label '{}'",
                              other->second, name, labels[static_cast<std::size_t>(output)]);
    }
  }
  return outputs;
}

// The numbers that the classes are called by, where all of them are, each by one of its own.
std::optional<Outputs> read_numbers(const Names& classes) {
  Outputs outputs;
  std::set<std::int64_t> seen;
  for (const std::string& name : classes) {
    const auto number = number_of(name);
    if (!number || !seen.insert(*number).second) return std::nullopt;
    outputs.push_back(*number);
  }
  return outputs;
}

// An output that is called by another one's number: where there is one, a number is a name.
std::optional<std::size_t> find_misnumbered(std::span<const std::string> labels) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto number = number_of(labels[i]);
    if (number && *number != static_cast<std::int64_t>(i)) return i;
  }
  return std::nullopt;
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
  Result<Outputs> outputs = match_names(*dataset, labels);
  if (!outputs.ok() && (labels.empty() || read_numbers(names))) {
    if (const auto output = find_misnumbered(labels)) {
      return invalid_argument(
          "{}; numbers are not taken for outputs here: output {} is called '{}'",
          outputs.error().message(), *output, labels[*output]);
    }
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

Result<std::shared_ptr<const Dataset>> match_or_replace_labels(
    std::shared_ptr<const Dataset> dataset, const Metadata& metadata) {
  auto matched = match_labels(dataset, metadata);
  if (matched.ok()) return matched;
  const auto labels = read_labels(metadata);
  const Names& names = dataset->class_names();
  if (!labels.ok() || !labels->has_value() || (*labels)->size() != names.size()) return matched;
  const LabelIndex index(**labels);
  if (std::ranges::any_of(names, [&](const auto& name) { return index.find(name) != kNoOutput; })) {
    return matched;
  }
  Origin origin = dataset->origin();
  origin.notes.push_back(
      fmt::format("{}: its classes ({}) are none of the model's labels ({}), and replace them",
                  dataset->name(), listed(names), listed(**labels)));
  return with_origin(std::move(dataset), std::move(origin));
}

}  // namespace lathe::data
