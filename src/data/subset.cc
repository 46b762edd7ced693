#include "data/subset.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "base/random.h"
#include "base/words.h"
#include "data/dataset_view.h"

namespace lathe::data {
namespace {

class Subset final : public DatasetView {
 public:
  Subset(std::shared_ptr<const Dataset> base, std::vector<std::int64_t> indices)
      : DatasetView(std::move(base)), indices_(std::move(indices)) {}

  [[nodiscard]] std::int64_t size() const override {
    return static_cast<std::int64_t>(indices_.size());
  }
  [[nodiscard]] Result<Sample> get(std::int64_t index) const override {
    return base().get(at(index));
  }
  [[nodiscard]] std::int64_t label(std::int64_t index) const override {
    return base().label(at(index));
  }
  [[nodiscard]] std::string describe(std::int64_t index) const override {
    return base().describe(at(index));
  }
  [[nodiscard]] std::string file(std::int64_t index) const override {
    return base().file(at(index));
  }

 private:
  [[nodiscard]] std::int64_t at(std::int64_t index) const {
    LATHE_CHECK(index >= 0 && index < size());
    return indices_[static_cast<std::size_t>(index)];
  }
  std::vector<std::int64_t> indices_;
};

}  // namespace

std::shared_ptr<const Dataset> make_subset(std::shared_ptr<const Dataset> base,
                                           std::vector<std::int64_t> indices) {
  for (const std::int64_t index : indices) LATHE_CHECK(index >= 0 && index < base->size());
  return std::make_shared<Subset>(std::move(base), std::move(indices));
}

std::vector<bool> stratified_choice(std::span<const std::int64_t> labels,
                                    std::span<const std::uint64_t> keys, double share) {
  LATHE_CHECK(labels.size() == keys.size());
  std::map<std::int64_t, std::vector<std::size_t>> classes;
  for (std::size_t i = 0; i < labels.size(); ++i) classes[labels[i]].push_back(i);
  std::vector<bool> chosen(labels.size());
  for (auto& [label, members] : classes) {
    std::ranges::stable_sort(members, {}, [&](std::size_t i) { return keys[i]; });
    const std::size_t most = members.size() - 1;
    const auto wanted = std::lround(share * static_cast<double>(members.size()));
    const std::size_t least = share > 0 ? std::min<std::size_t>(1, most) : 0;
    const std::size_t count = std::clamp(static_cast<std::size_t>(wanted), least, most);
    for (std::size_t i = 0; i < count; ++i) chosen[members[i]] = true;
  }
  return chosen;
}

Result<std::shared_ptr<const Dataset>> draw_split(std::shared_ptr<const Dataset> base,
                                                  std::span<const std::uint64_t> keys,
                                                  Split split) {
  if (split == Split::kAll) return base;
  if (split == Split::kValidation) return no_validation_split();
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < base->size(); ++i) labels.push_back(base->label(i));
  const std::vector<bool> test = stratified_choice(labels, keys, kTestShare);
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < base->size(); ++i) {
    if (test[static_cast<std::size_t>(i)] == (split == Split::kTest)) indices.push_back(i);
  }
  Origin origin = base->origin();
  origin.drawn_share = split == Split::kTest ? kTestShare : 1 - kTestShare;
  origin.notes.push_back(fmt::format(
      "{} is not divided into splits: {} of each class is the {} split, {} of {}; --split all "
      "takes "
      "every sample",
      base->name(), split == Split::kTest ? "a fifth" : "four fifths", split_name(split),
      grouped(std::ssize(indices)), counted(base->size(), "sample")));
  return with_origin(make_subset(std::move(base), std::move(indices)), std::move(origin));
}

Error no_validation_split() {
  return error(ErrorCode::kNotFound,
               "has no validation split; --split takes train, test and all here");
}

std::vector<std::int64_t> random_choice(std::int64_t size, std::int64_t count, std::uint64_t seed) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(size));
  std::iota(indices.begin(), indices.end(), 0);
  if (count >= size) return indices;
  Random random(seed);
  random.shuffle(std::span(indices));
  indices.resize(static_cast<std::size_t>(count));
  std::ranges::sort(indices);
  return indices;
}

std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  return mix_seed(hash, 0);
}

}  // namespace lathe::data
