#include "kernels/time_kernels.h"

#include <algorithm>
#include <limits>
#include <new>

#include "base/caches.h"
#include "base/numeric.h"
#include "base/random.h"
#include "base/stopwatch.h"
#include "kernels/aligned_buffer.h"

namespace lathe::kernels {
namespace {

using Buffer = AlignedBuffer<std::byte>;

// A run that takes less is repeated, as the clock takes part of a microsecond itself.
constexpr double kLeastSeconds = 20e-6;

// Bytes that are numbers between -1 and 1 as float32 and as bfloat16, and anything as integers.
void fill(Buffer& buffer, Random& random) {
  auto* words = reinterpret_cast<std::uint32_t*>(buffer.data());
  for (std::size_t i = 0; i < buffer.size() / sizeof(std::uint32_t); ++i) {
    const auto half = std::uint32_t{float_to_bfloat16(random.uniform(-1, 1))};
    words[i] = half << 16 | half;
  }
}

template <typename T>
std::vector<T> weights_of(const ConvolutionShape& shape, Random& random) {
  std::vector<T> weights(static_cast<std::size_t>(shape.out_c * shape.group_in_c() * shape.taps()));
  for (T& value : weights) value = static_cast<T>(random.uniform(-1, 1) * 100);
  return weights;
}

void pack(const Kernel& kernel, const Problem& problem, Random& random, Buffer& packed) {
  ThreadPool pool(1);
  if (const auto* f32 = std::get_if<ConvolutionF32Problem>(&problem)) {
    const auto weights = weights_of<float>(f32->shape, random);
    kernel.pack(problem, WeightsF32{weights, {}}, packed.data(), pool);
  } else if (const auto* int8 = std::get_if<ConvolutionInt8Problem>(&problem)) {
    const auto weights = weights_of<std::int8_t>(int8->shape, random);
    const std::vector<float> multipliers(static_cast<std::size_t>(int8->shape.out_c), 1e-3F);
    kernel.pack(problem, WeightsInt8{weights, {}, multipliers}, packed.data(), pool);
  }
}

// A problem and what its kernels run on.
class Bench {
 public:
  Bench(const Problem& problem, int threads) : problem_(problem), pool_(threads) {
    const OperandBytes bytes = *operand_bytes(problem);
    Random random(1);
    for (const std::int64_t size : bytes.inputs) {
      inputs_.emplace_back(static_cast<std::size_t>(size));
      fill(inputs_.back(), random);
      addresses_.push_back(inputs_.back().data());
      bytes_ += size;
    }
    // Indices stay 0, which is one always.
    if (std::holds_alternative<GatherProblem>(problem))
      std::fill_n(inputs_[1].data(), inputs_[1].size(), std::byte{0});
    output_ = Buffer(static_cast<std::size_t>(bytes.output));
    bytes_ += bytes.output;
  }

  void add(KernelId id) {
    const Kernel& kernel = kernel_of(id);
    Entry& entry = entries_.emplace_back();
    entry.time = {id, std::numeric_limits<double>::infinity()};
    if (kernel.pack != nullptr) {
      entry.packed = Buffer(kernel.packed_bytes(problem_));
      Random random(2);
      pack(kernel, problem_, random, entry.packed);
    }
    if (kernel.scratch_bytes != nullptr)
      entry.scratch = Buffer(kernel.scratch_bytes(problem_, pool_.threads()));
    const auto used = bytes_ + static_cast<std::int64_t>(entry.packed.size());
    if (used > level2_cache_bytes() / 2 && others_.size() == 0)
      others_ = Buffer(static_cast<std::size_t>(2 * level2_cache_bytes()));
  }

  void round() {
    for (Entry& entry : entries_) {
      if (entry.runs == 0) {  // the first run tells how often to repeat
        const double once = time(entry, 1);
        const bool repeats = others_.size() == 0 && once < kLeastSeconds;
        entry.runs = repeats ? static_cast<int>(kLeastSeconds / std::max(once, 1e-7)) + 1 : 1;
      }
      evict();
      entry.time.nanoseconds =
          std::min(entry.time.nanoseconds, 1e9 * time(entry, entry.runs) / entry.runs);
    }
  }

  [[nodiscard]] std::vector<KernelTime> times() const {
    std::vector<KernelTime> times;
    for (const Entry& entry : entries_) times.push_back(entry.time);
    return times;
  }

 private:
  struct Entry {
    KernelTime time;
    Buffer packed;
    Buffer scratch;
    int runs = 0;
  };

  double time(Entry& entry, int runs) {
    void* output = output_.data();
    const Operands operands{addresses_.data(), &output, entry.packed.data(), entry.scratch.data(),
                            pool_};
    const Stopwatch watch;
    for (int i = 0; i < runs; ++i) (void)kernel_of(entry.time.kernel).run(problem_, operands);
    return watch.milliseconds() / 1e3;
  }

  // As in a network: other layers' weights take the place of this one's in the caches of a core,
  // then the layer before writes what this one reads.
  void evict() {
    if (others_.size() == 0) return;
    constexpr std::size_t kLine = 64;
    const auto at = [](Buffer& buffer, std::size_t i) {
      return reinterpret_cast<volatile unsigned char*>(buffer.data() + i);
    };
    for (std::size_t i = 0; i < others_.size(); i += kLine) (void)*at(others_, i);
    for (Buffer& input : inputs_)
      for (std::size_t i = 0; i < input.size(); i += kLine) *at(input, i) = *at(input, i);
  }

  const Problem& problem_;
  ThreadPool pool_;
  std::vector<Buffer> inputs_;
  std::vector<const void*> addresses_;
  Buffer output_;
  Buffer others_;
  std::int64_t bytes_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace

Result<std::vector<KernelTime>> time_kernels(const Problem& problem,
                                             std::span<const KernelId> kernels, int threads,
                                             double seconds) {
  if (!check_problem(problem).ok() || !operand_bytes(problem))
    return invalid_argument("the problem is too large to be measured");
  try {
    Bench bench(problem, threads);
    for (const KernelId id : kernels) bench.add(id);
    constexpr int kLeastRounds = 3;
    const Stopwatch watch;
    for (int round = 0; round < kLeastRounds || watch.milliseconds() / 1e3 < seconds; ++round)
      bench.round();
    return bench.times();
  } catch (const std::bad_alloc&) {
    return error(ErrorCode::kResourceExhausted, "there is no memory for the operands");
  }
}

}  // namespace lathe::kernels
