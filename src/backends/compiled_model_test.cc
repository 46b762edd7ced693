#include "backends/compiled_model.h"

#include <array>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/backends.h"
#include "base/cpu.h"
#include "engine/native.h"
#include "engine/reference.h"
#include "engine/test_models.h"
#include "formats/lathe/checksum.h"
#include "formats/lathe/compiled_file.h"
#include "formats/model_file.h"
#include "ir/graph_builder.h"
#include "kernels/aligned_buffer.h"
#include "kernels/kernel.h"
#include "ops/infer_shapes.h"

namespace lathe::engine {
namespace {

using ir::Graph;
using ir::Tensor;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kHeaderBytes = 152;
constexpr std::size_t kPartsAt = 24;

// Wide enough that its weights lie outside the model in the file.
Graph network() {
  ir::GraphBuilder b("net", 3);
  ir::ValueId x = b.input("x", {1, 3, 32, 32});
  x = b.relu6(b.batch_norm(b.conv(x, 32, {.kernel = 3, .stride = 2, .padding = 1})));
  x = b.add(x, b.conv(x, 32, {.kernel = 3, .padding = 1, .groups = 32, .bias = true}));
  x = b.conv(x, 64, {.kernel = 1});
  Graph graph = b.finish(b.softmax(b.linear(b.flatten(b.global_average_pool(x)), 16)), "y");
  graph.metadata["lathe.labels"] = "[]";
  const ir::TensorType open{ir::DataType::kFloat32,
                            ir::Shape{ir::Dim::symbol("N"), 3, ir::Dim::symbol("H"), 32}};
  LATHE_CHECK(set_inputs(graph, std::array{open}).ok());
  return graph;
}

std::string compiled_bytes(const Graph& graph, const CompileOptions& options = {}) {
  const auto compiled = compile_model(graph, options, {.source = "net.onnx"});
  LATHE_CHECK(compiled.ok());
  return formats::serialize_compiled(compiled->graph).value();
}

Result<Graph> parse(std::string_view bytes) {
  const auto memory = std::make_shared<kernels::AlignedBuffer<std::byte>>(bytes.size());
  std::ranges::copy(std::as_bytes(std::span(bytes)), memory->data());
  return formats::parse_compiled(memory->span(), memory);
}

std::shared_ptr<const Executable> compile(const Backend& backend, const Graph& graph) {
  auto executable = backend.compile(graph, {.threads = 1, .leave_open = true});
  EXPECT_TRUE(executable.ok()) << executable.error().message();
  return executable.ok() ? *executable : nullptr;
}

Tensor run(const Executable& executable, const std::vector<std::int64_t>& dims) {
  const Tensor input = random_input(dims, 5);
  const auto outputs = executable.new_context()->run({&input, 1});
  EXPECT_TRUE(outputs.ok()) << outputs.error().message();
  return outputs.ok() ? outputs->at(0) : Tensor();
}

// Where a part of the file lies, by its number in the header.
struct Part {
  std::uint64_t offset;
  std::uint64_t size;
};
Part part_of(const std::string& bytes, std::size_t part) {
  Part found{};
  std::memcpy(&found, bytes.data() + kPartsAt + part * 24, sizeof(found));
  return found;
}

// Makes the checksums right again.
void forge(std::string& bytes) {
  const auto all = std::as_bytes(std::span(bytes));
  for (std::size_t i = 0; i < 5; ++i) {
    const Part part = part_of(bytes, i);
    const std::uint64_t sum = formats::checksum(all.subspan(part.offset, part.size));
    std::memcpy(bytes.data() + kPartsAt + i * 24 + 16, &sum, sizeof(sum));
  }
  const std::uint64_t sum = formats::checksum(all.first(kHeaderBytes - 8));
  std::memcpy(bytes.data() + kHeaderBytes - 8, &sum, sizeof(sum));
}

TEST(CompiledModel, AnswersAsTheModelAtEveryShapeAndPacksNothing) {
  if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  const Graph graph = network();
  const auto read = parse(compiled_bytes(graph));
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(read->metadata, graph.metadata);
  EXPECT_EQ(read->prepared->source, "net.onnx");
  EXPECT_EQ(read->prepared->packed.size(), 4U);
  EXPECT_EQ(read->prepared->spare.size(), 4U);
  const auto model = compile(native_backend(), graph);
  const auto compiled = compile(native_backend(), *read);
  ASSERT_TRUE(model != nullptr && compiled != nullptr);
  EXPECT_THAT(compiled->notes(), IsEmpty());
  std::size_t packed_bytes = 0;
  for (const auto& packed : read->prepared->packed) packed_bytes += packed.bytes.size();
  for (const std::int64_t height : {32, 17, 48}) {
    for (const std::int64_t batch : {1, 3}) {
      const std::vector<std::int64_t> dims{batch, 3, height, 32};
      EXPECT_TRUE(run(*model, dims).identical(run(*compiled, dims))) << height << ' ' << batch;
    }
  }
  EXPECT_EQ(compiled->weight_bytes(), packed_bytes);
  // Those who evaluate its graph see the same model.
  const auto reference = compile(reference_backend(), *read);
  ASSERT_NE(reference, nullptr);
  const std::vector<std::int64_t> dims{2, 3, 20, 32};
  EXPECT_LT(largest_relative_difference(run(*reference, dims), run(*compiled, dims)), 1e-5);
}

TEST(CompiledModel, FixesExtentsForGood) {
  const auto read = parse(compiled_bytes(network(), {.dimensions = {{"H", 32}, {"N", 1}}}));
  ASSERT_TRUE(read.ok()) << read.error().message();
  const auto compiled = compile(native_backend(), *read);
  ASSERT_NE(compiled, nullptr);
  EXPECT_EQ(compiled->inputs()[0].accepted.to_string(), "float32[1,3,32,32]");
  EXPECT_GT(compiled->arena_bytes(), 0U);
}

TEST(CompiledModel, IsPackedAnewWhereItIsForAnotherMachine) {
  const Graph graph = network();
  const auto read = parse(compiled_bytes(graph));
  ASSERT_TRUE(read.ok());
  for (const bool other_isa : {true, false}) {
    Graph elsewhere = *read;
    auto prepared = std::make_shared<ir::Prepared>(*read->prepared);
    if (other_isa) prepared->isa = "another";
    if (!other_isa) prepared->packing_version = kernels::kPackingVersion + 1;
    elsewhere.prepared = prepared;
    const auto compiled = compile(native_backend(), elsewhere);
    ASSERT_NE(compiled, nullptr);
    EXPECT_THAT(compiled->notes(), testing::ElementsAre(HasSubstr("packed anew")));
    const auto model = compile(native_backend(), graph);
    EXPECT_TRUE(run(*model, {1, 3, 32, 32}).identical(run(*compiled, {1, 3, 32, 32})));
  }
}

TEST(CompiledModel, DamageIsFound) {
  const std::string whole = compiled_bytes(network());
  for (std::size_t size : {std::size_t{0}, std::size_t{7}, kHeaderBytes - 1, kHeaderBytes,
                           whole.size() / 2, whole.size() - 1})
    EXPECT_THAT(parse(std::string_view(whole).substr(0, size)).error().message(),
                HasSubstr("is cut off"))
        << size;
  constexpr const char* kNames[] = {"index", "graph", "constants", "packed weights"};
  for (std::size_t i = 0; i < 4; ++i) {
    const Part part = part_of(whole, i);
    if (part.size == 0) continue;
    for (const std::size_t at : {std::size_t{0}, part.size / 2, part.size - 1}) {
      std::string damaged = whole;
      damaged[part.offset + at] ^= 0x10;
      EXPECT_THAT(parse(damaged).error().message(),
                  HasSubstr(std::string("is damaged: the ") + kNames[i]));
    }
  }
  for (std::size_t at = 0; at < kHeaderBytes; ++at) {
    std::string damaged = whole;
    damaged[at] ^= 0x01;
    EXPECT_FALSE(parse(damaged).ok()) << at;
  }
  std::string newer = whole;
  newer[8] = 2;
  EXPECT_THAT(parse(newer).error().message(), HasSubstr("version 2 of the format"));
}

TEST(CompiledModel, SpareConstantsAreLookedAtBeforeTheyAreUsed) {
  std::string damaged = compiled_bytes(network());
  const Part spare = part_of(damaged, 4);
  ASSERT_GT(spare.size, 0U);
  damaged[spare.offset] ^= 0x10;
  const auto read = parse(damaged);
  ASSERT_TRUE(read.ok()) << read.error().message();
  run(*compile(native_backend(), *read), {1, 3, 32, 32});  // needs none of them
  Graph elsewhere = *read;
  auto prepared = std::make_shared<ir::Prepared>(*read->prepared);
  prepared->isa = "another";
  elsewhere.prepared = prepared;
  const auto compiled = compile(native_backend(), elsewhere);
  const Tensor input = random_input({1, 3, 32, 32}, 5);
  EXPECT_THAT(compiled->new_context()->run({&input, 1}).error().message(),
              HasSubstr("is damaged: the spare constants"));
  EXPECT_THAT(reference_backend().compile(*read, {}).error().message(), HasSubstr("is damaged"));
}

// What has the right checksums and lies all the same.
TEST(CompiledModel, ForgedIndicesAreRefusedOrHarmless) {
  const std::string whole = compiled_bytes(network());
  const Part index = part_of(whole, 0);
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string forged = whole;
    const std::size_t at = forged.find(from, index.offset);
    LATHE_CHECK(at < index.offset + index.size && from.size() == to.size());
    forged.replace(at, to.size(), to);
    forge(forged);
    return forged;
  };
  EXPECT_TRUE(parse(with("\"region\":0", "\"region\":0")).ok());
  EXPECT_THAT(parse(with("\"region\"", "\"regiox\"")).error().message(),
              HasSubstr("index.packed[0].region is missing"));
  EXPECT_THAT(parse(with("\"packed\":[", "\"pocked\":[")).error().message(),
              HasSubstr("index.packed is missing"));
  EXPECT_THAT(parse(with("\"offset\":0", "\"offset\":1")).error().message(),
              HasSubstr("does not lie among the packed weights"));
  const std::string constants = "\"constants\":[\"";
  const std::string named = whole.substr(whole.find(constants, index.offset), constants.size() + 1);
  EXPECT_THAT(parse(with(named, constants + "?")).error().message(),
              HasSubstr("index.packed[0]: the graph has no constant '?"));
  // What this Lathe cannot use is packed anew.
  const Tensor expected = run(*compile(native_backend(), network()), {1, 3, 32, 32});
  const std::string kernel = "\"kernel\":\"";
  const std::size_t bytes = whole.find("\"bytes\":", index.offset) + 8;
  for (const std::string& forged :
       {with("\"region\":0", "\"region\":7"), with(kernel + "ig", kernel + "xx"),
        with(whole.substr(bytes - 8, 9), "\"bytes\":1")}) {
    const auto read = parse(forged);
    ASSERT_TRUE(read.ok()) << read.error().message();
    EXPECT_TRUE(run(*compile(native_backend(), *read), {1, 3, 32, 32}).identical(expected));
  }
}

TEST(CompiledModel, OthersRefuseIt) {
  const auto read = parse(compiled_bytes(network()));
  ASSERT_TRUE(read.ok());
  EXPECT_THAT(compile_model(*read, {}, {}).error().message(), HasSubstr("compiled already"));
  EXPECT_THAT(
      native_backend().compile(*read, {.disabled_passes = {"fold_constants"}}).error().message(),
      HasSubstr("compiled model"));
  const auto peer = find_backend("onnxruntime");
  ASSERT_TRUE(peer.ok());
  EXPECT_THAT((*peer)->supports(*read).error().message(), HasSubstr("backend 'native'"));
  const Path path = Path(testing::TempDir()) / "compiled_model_test.lathe";
  ASSERT_TRUE(formats::write_compiled(*read, path).ok());
  EXPECT_THAT(formats::load_model(path).error().message(), HasSubstr("can only be run"));
  const auto mapped = formats::load_model(path, formats::UnknownOperators::kKeep);
  ASSERT_TRUE(mapped.ok()) << mapped.error().message();
  EXPECT_TRUE(run(*compile(native_backend(), *mapped), {1, 3, 32, 32})
                  .identical(run(*compile(native_backend(), *read), {1, 3, 32, 32})));
  EXPECT_THAT(formats::save_model(*read, path).error().message(), HasSubstr("lathe compile"));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace lathe::engine
