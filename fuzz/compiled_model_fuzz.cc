// Fuzzes the reader of compiled models behind its checksums, which the mutator makes right again:
// what is still accepted is compiled and run, with whatever it says that its weights are.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "engine/native.h"
#include "formats/lathe/checksum.h"
#include "formats/lathe/compiled_file.h"
#include "kernels/aligned_buffer.h"
#include "ops/infer_shapes.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

using namespace lathe;

// docs/compiled-models.md: a header, and in it where five parts lie.
constexpr std::size_t kHeaderBytes = 152;
constexpr std::size_t kPartsAt = 24;
constexpr std::size_t kPartBytes = 24;
constexpr std::size_t kParts = 5;

std::uint64_t number_at(const std::uint8_t* data, std::size_t at) {
  std::uint64_t number = 0;
  std::memcpy(&number, data + at, sizeof(number));
  return number;
}

void put_number(std::uint8_t* data, std::size_t at, std::uint64_t number) {
  std::memcpy(data + at, &number, sizeof(number));
}

std::span<const std::byte> bytes_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

// Of a part that lies in the file.
bool lies_inside(const std::uint8_t* data, std::size_t size, std::size_t part) {
  const std::uint64_t offset = number_at(data, kPartsAt + part * kPartBytes);
  const std::uint64_t bytes = number_at(data, kPartsAt + part * kPartBytes + 8);
  return offset <= size && bytes <= size - offset;
}

void make_checksums_right(std::uint8_t* data, std::size_t size) {
  put_number(data, 16, size);
  for (std::size_t i = 0; i < kParts; ++i) {
    const std::size_t at = kPartsAt + i * kPartBytes;
    if (!lies_inside(data, size, i)) continue;
    put_number(data, at + 16,
               formats::checksum(bytes_of(data + number_at(data, at), number_at(data, at + 8))));
  }
  put_number(data, kHeaderBytes - 8, formats::checksum(bytes_of(data, kHeaderBytes - 8)));
}

constexpr std::int64_t kMostMacs = std::int64_t{1} << 22;
constexpr std::int64_t kMostElements = std::int64_t{1} << 18;

bool is_small(const ir::Graph& graph) {
  const auto macs = ops::count_macs(graph);
  if (!macs || *macs > kMostMacs) return false;
  for (std::size_t v = 0; v < graph.value_count(); ++v) {
    const ir::TensorType& type = graph.tensor_type(static_cast<ir::ValueId>(v));
    const auto dims = type.shape ? ir::known_dims(*type.shape) : std::nullopt;
    if (!dims) continue;
    const auto count = ir::element_count(*dims);
    if (!count.ok() || *count > kMostElements) return false;
  }
  return true;
}

void run(const ir::Graph& graph) {
  const auto bound = engine::bind_shapes(graph, {.batch = 1});
  if (!bound.ok() || !is_small(*bound)) return;
  const auto executable = engine::native_backend().compile(graph, {.threads = 1});
  if (!executable.ok()) return;
  std::vector<ir::Tensor> inputs;
  for (const engine::TensorInfo& info : (*executable)->inputs()) {
    const auto dims = info.type.shape ? ir::known_dims(*info.type.shape) : std::nullopt;
    if (!dims) return;
    auto tensor = ir::Tensor::create(info.type.data_type, *dims);
    if (!tensor.ok()) return;
    inputs.push_back(*std::move(tensor));
  }
  (void)(*executable)->new_context()->run(inputs);
}

}  // namespace

// One part at a time: what lies in the others stays what it was.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned int seed) {
  if (size < kHeaderBytes) return LLVMFuzzerMutate(data, size, most);
  std::minstd_rand random(seed + 1);
  const std::size_t part = random() % (kParts + 1);
  if (part == kParts || !lies_inside(data, size, part)) {
    const std::size_t made = LLVMFuzzerMutate(data, size, most);
    if (made < kHeaderBytes || random() % 4 == 0) return made;  // with checksums that are wrong
    make_checksums_right(data, made);
    return made;
  }
  const std::size_t at = kPartsAt + part * kPartBytes;
  const std::uint64_t offset = number_at(data, at);
  const std::uint64_t bytes = number_at(data, at + 8);
  // Parts stay where they are, so this one may only shrink.
  put_number(data, at + 8, LLVMFuzzerMutate(data + offset, bytes, bytes));
  make_checksums_right(data, size);
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto memory = std::make_shared<kernels::AlignedBuffer<std::byte>>(size);
  if (size > 0) std::memcpy(memory->data(), data, size);
  const auto graph = formats::parse_compiled(memory->span(), memory);
  if (!graph.ok()) {
    if (graph.error().message().empty()) fatal("an error without a message");
    return 0;
  }
  run(*graph);
  return 0;
}
