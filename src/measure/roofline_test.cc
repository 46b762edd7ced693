#include "measure/roofline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/cpu.h"

namespace lathe::measure {
namespace {

Roofline example() {
  return {.threads = 2,
          .float32_gflops = 200,
          .int8_gops = 800,
          .int8_instructions = "AMX",
          .int8_vector_gops = 400,
          .levels = {{"L1", 1000, 500}, {"L2", 100'000, 100}, {"memory", 1 << 30, 10}}};
}

TEST(Roofline, IsTheLongerOfArithmeticAndMemory) {
  const Roofline roofline = example();
  EXPECT_DOUBLE_EQ(roofline.compute_ms(1e9, ir::DataType::kFloat32), 10);
  EXPECT_DOUBLE_EQ(roofline.compute_ms(1e9, ir::DataType::kInt8), 2.5);
  EXPECT_EQ(roofline.compute_ms(0, ir::DataType::kUndefined), 0);
  EXPECT_DOUBLE_EQ(roofline.memory_ms(1000), 1000 / 500e6);
  EXPECT_DOUBLE_EQ(roofline.memory_ms(1001), 1001 / 100e6);
  EXPECT_DOUBLE_EQ(roofline.memory_ms(100'000), 100'000 / 100e6);
  EXPECT_DOUBLE_EQ(roofline.memory_ms(5e9), 500) << "more than the buffer that was read";
  EXPECT_EQ(Roofline{}.memory_ms(5), 0);
}

TEST(Roofline, SaysWhatItsPeakOfInt8Is) {
  const auto lines = describe(example());
  EXPECT_THAT(lines, testing::Contains(testing::Pair("int8", "800 GOP/s by AMX (400 without)")));
  EXPECT_THAT(lines, testing::Contains(testing::Pair("memory", "10 GB/s")));
  EXPECT_EQ(to_json(example()).at("int8_instructions"), "AMX");
  EXPECT_EQ(to_json(example()).at("memory").at(1).at("name"), "L2");
  Roofline vectors = example();
  vectors.int8_instructions = "avx2";
  EXPECT_THAT(describe(vectors), testing::Contains(testing::Pair("int8", "800 GOP/s by avx2")));
}

TEST(Roofline, IsMeasuredOnThisMachine) {
  if (!select_isa().ok()) GTEST_SKIP() << select_isa().error().message();
  const auto roofline = measure_roofline(system_info(false), 2);
  ASSERT_TRUE(roofline.ok()) << roofline.error().message();
  EXPECT_EQ(roofline->threads, 2);
  EXPECT_GT(roofline->float32_gflops, 0);
  EXPECT_GE(roofline->int8_gops, roofline->int8_vector_gops);
  ASSERT_FALSE(roofline->levels.empty());
  EXPECT_EQ(roofline->levels.back().name, "memory");
  for (std::size_t i = 1; i < roofline->levels.size(); ++i)
    EXPECT_GE(roofline->levels[i - 1].gb_per_s, roofline->levels[i].gb_per_s);
}

}  // namespace
}  // namespace lathe::measure
