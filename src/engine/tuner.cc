#include "engine/tuner.h"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <functional>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <unistd.h>
#include <vector>

#include "base/caches.h"
#include "base/json_text.h"
#include "base/words.h"
#include "engine/plan_json.h"
#include "kernels/time_kernels.h"

namespace lathe::engine {
namespace {

using nlohmann::json;

constexpr double kSecondsPerProblem = 0.02;

// Everything that a result depends on but the problem and how it is computed.
std::string machine_key() {
  std::string key = cpu_model_name();
  for (const Cache& cache : caches())
    key += fmt::format(", {} L{} {}", cache_kind_name(cache.kind), cache.level, cache.bytes);
  std::string names;
  for (const kernels::Kernel& kernel : kernels::all_kernels())
    names += fmt::format("{} ", kernel.name);
  return key + fmt::format(", Lathe {}, packing {}, kernels {:016x}", LATHE_VERSION,
                           kernels::kPackingVersion, std::hash<std::string>()(names));
}

// Held while the file is read and replaced; others wait.
class FileLock {
 public:
  explicit FileLock(const Path& path)
      : descriptor_(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644)) {
    if (descriptor_ >= 0) (void)flock(descriptor_, LOCK_EX);
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() {
    if (descriptor_ >= 0) close(descriptor_);
  }

 private:
  int descriptor_;
};

}  // namespace

std::optional<Path> tuning_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
  };
  // What is not absolute is to be ignored (XDG Base Directory Specification).
  if (const Path cache = variable("XDG_CACHE_HOME"); cache.is_absolute()) return cache / "lathe";
  if (const Path home = variable("HOME"); home.is_absolute()) return home / ".cache" / "lathe";
  return std::nullopt;
}

TuningCache::TuningCache(std::optional<Path> folder) {
  if (!folder) return;
  file_ = *folder / fmt::format("tuning-{:016x}.json", std::hash<std::string>()(machine_key()));
  entries_ = read();
}

TuningCache::Entries TuningCache::read() const {
  const auto text = read_file(*file_);
  const auto parsed = text.ok() ? parse_json(*text) : text.error();
  if (!parsed.ok()) return {};
  const json& stored = *parsed;
  if (!stored.is_object() || stored.value("machine", json()) != machine_key()) return {};
  const json& kernels = stored.contains("kernels") ? stored["kernels"] : json();
  Entries entries;
  if (!kernels.is_object()) return {};
  for (const auto& [key, kernel] : kernels.items())
    if (kernel.is_string()) entries.emplace(key, kernel.get<std::string>());
  return entries;
}

std::optional<std::string> TuningCache::find(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) return std::nullopt;
  return entry->second;
}

Status TuningCache::add(const std::string& key, const std::string& kernel) {
  const std::lock_guard lock(mutex_);
  entries_.insert_or_assign(key, kernel);
  if (!file_) return error(ErrorCode::kUnavailable, "there is neither XDG_CACHE_HOME nor HOME");
  std::error_code failed;
  std::filesystem::create_directories(file_->parent_path(), failed);
  if (failed) {
    return error(ErrorCode::kUnavailable, "cannot make {}: {}", file_->parent_path().string(),
                 failed.message());
  }
  const FileLock file_lock(Path(*file_).replace_extension("lock"));
  Entries all = read();
  all.insert(entries_.begin(), entries_.end());
  all.insert_or_assign(key, kernel);
  const json stored{{"machine", machine_key()}, {"kernels", all}};
  RETURN_IF_ERROR(write_file_atomic(*file_, json_text(stored, 1) + "\n"));
  entries_ = std::move(all);
  return {};
}

std::optional<KernelId> Tuner::known(const std::string& key,
                                     const kernels::Problem& problem) const {
  const auto name = cache_.find(key);
  const auto id = name ? kernels::find_kernel(*name) : std::nullopt;
  if (!id) return std::nullopt;
  const kernels::Kernel& kernel = kernels::kernel_of(*id);
  return isa_.has(kernel.isa) && kernel.fits(problem) ? id : std::nullopt;
}

std::string Tuner::key_of(const kernels::Problem& problem) const {
  return fmt::format("{}, {}: {}", isa_name(isa_), counted(threads_, "thread"),
                     problem_to_json(problem).dump());
}

void Tuner::keep(const std::string& key, const std::string& choice) {
  const Status kept = cache_.add(key, choice);
  if (!kept.ok()) failure_ = kept.error().message();
}

Result<double> Tuner::nanoseconds(const kernels::Problem& problem) {
  const KernelId kernel = best(problem);
  const std::lock_guard lock(mutex_);  // one measures at a time
  ASSIGN_OR_RETURN(const auto times, kernels::time_kernels(problem, std::span(&kernel, 1), threads_,
                                                           kSecondsPerProblem));
  return times.front().nanoseconds;
}

bool Tuner::gains_by_parts(const kernels::Problem& whole, std::span<const kernels::Problem> parts) {
  const auto expected = [&](const kernels::Problem& problem) {
    return kernels::expected_nanoseconds(kernels::best_kernel(problem, isa_), problem);
  };
  std::string key = key_of(whole) + " by parts";
  double least = 0;
  for (const kernels::Problem& part : parts) {
    key += fmt::format(" {}", problem_to_json(part).dump());
    least += expected(part);
  }
  if (least == 0 || least >= expected(whole)) return false;
  constexpr const char* kParts = "parts";
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = cache_.find(key)) {
      ++found_;
      return *found == kParts;
    }
  }
  double together = 0;
  for (const kernels::Problem& part : parts) {
    const auto time = nanoseconds(part);
    if (!time.ok()) return false;
    together += *time;
  }
  const auto alone = nanoseconds(whole);
  if (!alone.ok()) return false;
  const bool gains = together < *alone;
  const std::lock_guard lock(mutex_);
  ++measured_;
  keep(key, gains ? kParts : "whole");
  return gains;
}

KernelId Tuner::best(const kernels::Problem& problem) {
  std::vector<KernelId> tried = kernels::candidates(problem, isa_);
  const auto expected = [&](KernelId id) { return kernels::expected_nanoseconds(id, problem); };
  const double least = expected(tried.front());
  if (least == 0) return tried.front();
  std::erase_if(tried, [&](KernelId id) { return expected(id) > kWorthTrying * least; });
  if (tried.size() == 1) return tried.front();
  const std::lock_guard lock(mutex_);
  const std::string key = key_of(problem);
  if (const auto id = known(key, problem)) {
    ++found_;
    return *id;
  }
  const auto times = kernels::time_kernels(problem, tried, threads_, kSecondsPerProblem);
  if (!times.ok()) return tried.front();
  const auto fastest =
      std::min_element(times->begin(), times->end(),
                       [](const auto& a, const auto& b) { return a.nanoseconds < b.nanoseconds; });
  ++measured_;
  if (fastest->kernel != tried.front()) ++changed_;
  keep(key, std::string(kernels::kernel_of(fastest->kernel).name));
  return fastest->kernel;
}

std::string Tuner::summary() const {
  const std::lock_guard lock(mutex_);
  std::string text = fmt::format("tuned: {} measured, {} known from before",
                                 counted(measured_, "problem"), found_);
  if (measured_ > 0) text += fmt::format("; {} got another kernel than expected", changed_);
  if (!failure_.empty()) text += fmt::format("; not remembered: {}", failure_);
  return text;
}

}  // namespace lathe::engine
