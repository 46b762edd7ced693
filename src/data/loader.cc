#include "data/loader.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <numeric>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "base/cpu.h"
#include "base/log.h"
#include "base/random.h"
#include "base/words.h"
#include "data/batch_maker.h"

namespace lathe::data {
namespace {

constexpr std::size_t kMaxMessages = 10;

}  // namespace

struct Loader::State {
  std::shared_ptr<const Dataset> dataset;
  LoaderOptions options;
  std::unique_ptr<const BatchMaker> maker;
  std::int64_t batches = 0;

  // The consumer's own.
  std::optional<Error> failure;
  std::set<std::int64_t> corrupt;
  std::vector<std::string> messages;
  std::int64_t delivered = 0;  // samples in this epoch
  bool started = false;

  // Shared with the workers, under `mutex`. Batches before `begun` are made or in the making, those
  // before `consumed` have been taken away.
  std::mutex mutex;
  std::condition_variable work;
  std::condition_variable done;
  std::map<std::int64_t, Result<MadeBatch>> ready;
  std::shared_ptr<const std::vector<std::int64_t>> order;  // null before the first epoch
  std::int64_t epoch = 0;
  std::uint64_t generation = 0;  // counts start_epoch: a batch of an older one is dropped
  std::int64_t begun = 0;
  std::int64_t consumed = 0;
  bool stopping = false;
  std::vector<std::thread> workers;

  void run_worker();
  Result<MadeBatch> take();
  void record_corrupt(const MadeBatch& made);
  Result<std::optional<Batch>> next_batch();
};

void Loader::State::run_worker() {
  std::unique_lock lock(mutex);
  for (;;) {
    work.wait(lock, [&] {
      return stopping || (order != nullptr && begun < batches &&
                          begun < consumed + std::max(1, options.prefetch_batches));
    });
    if (stopping) return;
    const std::int64_t number = begun++;
    const std::int64_t current_epoch = epoch;
    const std::uint64_t current = generation;
    const std::shared_ptr<const std::vector<std::int64_t>> indices = order;
    lock.unlock();
    const auto begin = static_cast<std::size_t>(number * options.batch_size);
    const std::size_t count =
        std::min(static_cast<std::size_t>(options.batch_size), indices->size() - begin);
    Result<MadeBatch> made = maker->make(std::span(*indices).subspan(begin, count), current_epoch);
    lock.lock();
    if (generation != current) continue;
    ready.emplace(number, std::move(made));
    done.notify_one();
  }
}

Result<MadeBatch> Loader::State::take() {
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return ready.contains(consumed); });
  Result<MadeBatch> made = std::move(ready.extract(consumed).mapped());
  ++consumed;
  work.notify_one();
  return made;
}

void Loader::State::record_corrupt(const MadeBatch& made) {
  for (const auto& [index, fault] : made.corrupt) {
    if (!corrupt.insert(index).second || messages.size() == kMaxMessages) continue;
    messages.push_back(fault.message());
    log_warning("skipped: {}", fault.message());
    if (messages.size() == kMaxMessages) {
      log_warning("further samples that cannot be read are counted, not named");
    }
  }
}

Result<std::optional<Batch>> Loader::State::next_batch() {
  if (failure) return *failure;
  if (!started) return invalid_argument("no epoch of {} has been started", dataset->name());
  while (consumed < batches) {  // only this thread writes `consumed`
    ASSIGN_OR_RETURN(MadeBatch made, take());
    if (options.strict && !made.corrupt.empty()) return made.corrupt.front().second;
    record_corrupt(made);
    if (made.batch.indices.empty()) continue;
    delivered += static_cast<std::int64_t>(made.batch.indices.size());
    return std::optional(std::move(made.batch));
  }
  if (batches > 0 && delivered == 0) {
    return invalid_data("{}: none of {} can be read{}", dataset->name(),
                        counted(std::ssize(corrupt), "sample"),
                        messages.empty() ? "" : "; the first: " + messages[0]);
  }
  return std::optional<Batch>();
}

Loader::Loader(std::shared_ptr<const Dataset> dataset, std::optional<Preprocess> preprocess,
               LoaderOptions options)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.dataset = std::move(dataset);
  state.options = options;
  Result<std::unique_ptr<const BatchMaker>> maker =
      BatchMaker::create(state.dataset, std::move(preprocess), options);
  if (!maker.ok()) {
    state.failure = maker.error();
    return;
  }
  state.maker = std::move(*maker);
  const std::int64_t size = state.dataset->size();
  state.batches = options.drop_last ? size / options.batch_size
                                    : (size + options.batch_size - 1) / options.batch_size;
  const int workers = options.workers > 0 ? options.workers : allowed_cores();
  for (int i = 0; i < workers; ++i) {
    try {
      state.workers.emplace_back([&state] { state.run_worker(); });
    } catch (const std::system_error& fault) {
      if (!state.workers.empty()) break;
      state.failure =
          error(ErrorCode::kResourceExhausted, "cannot start a thread: {}", fault.what());
    }
  }
}

Loader::~Loader() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->work.notify_all();
  for (std::thread& worker : state_->workers) worker.join();
}

const Dataset& Loader::dataset() const { return *state_->dataset; }

std::int64_t Loader::batches_per_epoch() const { return state_->batches; }

void Loader::start_epoch(std::int64_t epoch) {
  State& state = *state_;
  if (state.maker == nullptr) return;
  state.failure.reset();
  state.started = true;
  state.delivered = 0;
  auto order =
      std::make_shared<std::vector<std::int64_t>>(static_cast<std::size_t>(state.dataset->size()));
  std::iota(order->begin(), order->end(), 0);
  if (state.options.shuffle) {
    Random random(mix_seed(state.options.seed, static_cast<std::uint64_t>(epoch)));
    random.shuffle(std::span(*order));
  }
  {
    const std::lock_guard lock(state.mutex);
    state.order = std::move(order);
    state.epoch = epoch;
    ++state.generation;
    state.ready.clear();
    state.begun = 0;
    state.consumed = 0;
  }
  state.work.notify_all();
}

Result<std::optional<Batch>> Loader::next() {
  Result<std::optional<Batch>> batch = state_->next_batch();
  if (!batch.ok() && state_->started) state_->failure = batch.error();
  return batch;
}

std::int64_t Loader::corrupt_samples() const {
  return static_cast<std::int64_t>(state_->corrupt.size());
}

const std::vector<std::string>& Loader::first_corrupt_messages() const { return state_->messages; }

}  // namespace lathe::data
