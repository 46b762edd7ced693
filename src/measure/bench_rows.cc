#include "measure/bench_rows.h"

#include <algorithm>
#include <tuple>

#include "base/cgroup.h"
#include "base/machine.h"

namespace lathe::measure {
namespace {

constexpr std::int64_t kMemoryPerFileByte = 4;

template <typename T>
void add_once(std::vector<T>& values, const T& value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

template <typename T>
std::vector<T> without_repeats(const std::vector<T>& values) {
  std::vector<T> once;
  for (const T& value : values) add_once(once, value);
  return once;
}

auto setting(const BenchRow& row) {
  return std::tuple(row.options.threads, row.options.batch, row.options.streams);
}

// Threads and streams as the row will have them.
std::vector<engine::Concurrency> concurrencies(const BenchMatrix& matrix) {
  std::vector<engine::Concurrency> result;
  for (const int threads : matrix.threads) {
    for (const int streams : matrix.streams) {
      const auto resolved = engine::resolve_concurrency(
          {.threads = threads, .streams = streams, .preference = engine::Preference::kThroughput});
      const bool known = std::any_of(result.begin(), result.end(), [&](const auto& other) {
        return other.threads == resolved.threads && other.streams == resolved.streams;
      });
      if (!known) result.push_back(resolved);
    }
  }
  return result;
}

// Packs rows into groups one after the other.
class Packer {
 public:
  Packer(std::span<const std::int64_t> sizes, const GroupLimits& limits)
      : sizes_(sizes), limits_(limits) {}

  // Puts `unit` into the current group if it fits, else into a new one, else row by row.
  void add(const std::vector<std::size_t>& unit) {
    if (!fits(unit)) close();
    if (fits(unit) || unit.size() == 1) {
      for (const std::size_t row : unit) put(row);
    } else {
      for (const std::size_t row : unit) add({row});
    }
  }
  void close() {
    if (!group_.empty()) groups_.push_back(std::move(group_));
    group_.clear();
    bytes_ = 0;
  }
  std::vector<std::vector<std::size_t>> finish() {
    close();
    return std::move(groups_);
  }

 private:
  [[nodiscard]] bool fits(const std::vector<std::size_t>& unit) const {
    std::int64_t bytes = bytes_;
    for (const std::size_t row : unit) bytes += sizes_[row] * kMemoryPerFileByte;
    return group_.size() + unit.size() <= limits_.rows && bytes <= limits_.memory_bytes;
  }
  void put(std::size_t row) {
    group_.push_back(row);
    bytes_ += sizes_[row] * kMemoryPerFileByte;
  }

  std::span<const std::int64_t> sizes_;
  GroupLimits limits_;
  std::vector<std::vector<std::size_t>> groups_;
  std::vector<std::size_t> group_;
  std::int64_t bytes_ = 0;
};

}  // namespace

std::string describe(const BenchRow& row) {
  std::string text = fmt::format("{}, {}", row.model.filename().string(), row.backend);
  const engine::CompileOptions& options = row.options;
  if (options.threads != 1) text += fmt::format(", {} threads", options.threads);
  if (options.batch != 1) text += fmt::format(", batch {}", options.batch);
  if (options.streams != 1) text += fmt::format(", {} streams", options.streams);
  return text;
}

std::vector<BenchRow> make_rows(const BenchMatrix& matrix) {
  // Each number of threads with its numbers of streams, batches in between.
  const std::vector<engine::Concurrency> pairs = concurrencies(matrix);
  std::vector<int> threads;
  for (const engine::Concurrency& pair : pairs) add_once(threads, pair.threads);
  std::vector<BenchRow> rows;
  for (const Path& model : matrix.models) {
    for (const std::string& backend : without_repeats(matrix.backends)) {
      for (const int count : threads) {
        for (const std::int64_t batch : without_repeats(matrix.batches)) {
          for (const engine::Concurrency& pair : pairs) {
            if (pair.threads != count) continue;
            BenchRow row{model, backend, matrix.options};
            row.options.threads = pair.threads;
            row.options.streams = pair.streams;
            row.options.batch = batch;
            if (pair.streams > 1) row.options.preference = engine::Preference::kThroughput;
            rows.push_back(std::move(row));
          }
        }
      }
    }
  }
  return rows;
}

GroupLimits default_limits() {
  constexpr std::int64_t kWhereNothingTells = std::int64_t{4} << 30;
  std::int64_t available = read_memory().available_bytes.value_or(kWhereNothingTells);
  if (const auto limit = cgroup_limits().memory_bytes) available = std::min(available, *limit);
  return {.memory_bytes = available / 2};
}

std::vector<std::vector<std::size_t>> group_rows(std::span<const BenchRow> rows,
                                                 std::span<const std::int64_t> sizes,
                                                 const GroupLimits& limits) {
  std::vector<decltype(setting(rows[0]))> settings;
  std::vector<Path> models;
  for (const BenchRow& row : rows) {
    add_once(settings, setting(row));
    add_once(models, row.model);
  }
  Packer packer(sizes, limits);
  for (const auto& wanted : settings) {
    for (const Path& model : models) {
      std::vector<std::size_t> unit;
      for (std::size_t i = 0; i < rows.size(); ++i)
        if (rows[i].model == model && setting(rows[i]) == wanted) unit.push_back(i);
      if (!unit.empty()) packer.add(unit);
    }
    packer.close();
  }
  return packer.finish();
}

std::vector<std::optional<std::size_t>> find_baselines(std::span<const BenchRow> rows,
                                                       const std::vector<bool>& measured) {
  const bool one_backend = std::all_of(rows.begin(), rows.end(), [&](const BenchRow& row) {
    return row.backend == rows.front().backend;
  });
  std::vector<std::optional<std::size_t>> baselines(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!measured[i]) continue;
    std::size_t first = 0;
    while (!measured[first] || setting(rows[first]) != setting(rows[i]) ||
           (!one_backend && rows[first].model != rows[i].model))
      ++first;  // the row itself at the latest
    const bool itself = first == i || (!one_backend && rows[first].backend == rows[i].backend);
    if (!itself) baselines[i] = first;
  }
  return baselines;
}

}  // namespace lathe::measure
