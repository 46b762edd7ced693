// Which kernels are the fastest on this machine, measured once and remembered.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "base/cpu.h"
#include "base/file.h"
#include "kernels/kernel.h"

namespace lathe::engine {

using kernels::KernelId;

// Where results are kept: $XDG_CACHE_HOME/lathe, or ~/.cache/lathe; nowhere without both.
std::optional<Path> tuning_folder();

// What was measured on one machine, by one version of the kernels, as a JSON file. Processes may
// read and write it at the same time: a file is replaced as a whole, with what others have added
// meanwhile. One that is damaged, or of another machine or version, counts as empty. Thread-safe.
class TuningCache {
 public:
  // Reads what there is. Without a folder nothing is kept.
  explicit TuningCache(std::optional<Path> folder);

  // The name of a kernel, or another choice.
  [[nodiscard]] std::optional<std::string> find(const std::string& key) const;
  // Keeps it for others too; the error says why that could not be written.
  Status add(const std::string& key, const std::string& kernel);
  [[nodiscard]] const std::optional<Path>& file() const { return file_; }

 private:
  using Entries = std::map<std::string, std::string>;
  [[nodiscard]] Entries read() const;

  std::optional<Path> file_;
  mutable std::mutex mutex_;
  Entries entries_;
};

// Chooses kernels for one set of instructions and number of threads. Thread-safe.
class Tuner {
 public:
  Tuner(Isa isa, int threads, std::optional<Path> folder = tuning_folder())
      : isa_(isa), threads_(threads), cache_(std::move(folder)) {}

  // Measured for some milliseconds where it is not known and several kernels come into question:
  // those expected to take at most kWorthTrying times as long as the best.
  KernelId best(const kernels::Problem& problem);
  static constexpr double kWorthTrying = 2.5;

  // Whether several problems, one behind the other, take less time together than `whole`, which
  // computes the same; measured where those that multiply are expected to.
  bool gains_by_parts(const kernels::Problem& whole, std::span<const kernels::Problem> parts);

  // What was known and what was measured, for people.
  [[nodiscard]] std::string summary() const;

 private:
  [[nodiscard]] std::optional<KernelId> known(const std::string& key,
                                              const kernels::Problem& problem) const;
  [[nodiscard]] std::string key_of(const kernels::Problem& problem) const;
  // Of the best kernel.
  Result<double> nanoseconds(const kernels::Problem& problem);
  void keep(const std::string& key, const std::string& choice);

  Isa isa_;
  int threads_;
  TuningCache cache_;
  mutable std::mutex mutex_;
  int found_ = 0;
  int measured_ = 0;
  int changed_ = 0;  // another one was faster than the one expected to be
  std::string failure_;
};

}  // namespace lathe::engine
