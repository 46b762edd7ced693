#include "train/choose_precision.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "base/system_file.h"
#include "ir/architectures.h"

namespace lathe::train {
namespace {

// What the kernel says of the processor, read in another way than the library does.
bool kernel_lists_bfloat16() {
  const std::string text = read_system_file("/proc/cpuinfo").value_or("");
  return text.find("avx512_bf16") != std::string::npos ||
         text.find("amx_bf16") != std::string::npos || text.find(" bf16") != std::string::npos;
}

bool has_bfloat16(std::span<const Arithmetic> ways) {
  return std::any_of(ways.begin(), ways.end(), [](const Arithmetic& way) { return way.bfloat16; });
}

TEST(ChoosePrecision, TriesBFloat16WhereTheProcessorHasIt) {
  const ir::Graph graph = ir::make_architecture("cnn", {}).value();
  EXPECT_EQ(cpu_has_bfloat16(), kernel_lists_bfloat16());
  EXPECT_EQ(has_bfloat16(allowed_arithmetic(graph, {}, "cpu")), kernel_lists_bfloat16());
  TrainOptions float_alone;
  float_alone.precision = Precision::kFloat32;
  EXPECT_FALSE(has_bfloat16(allowed_arithmetic(graph, float_alone, "cpu")));
  TrainOptions named;
  named.precision = Precision::kBFloat16;
  EXPECT_TRUE(has_bfloat16(allowed_arithmetic(graph, named, "cpu")));
}

}  // namespace
}  // namespace lathe::train
