#include "base/caches.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/test_root.h"

namespace lathe {
namespace {

void write_cache(const TestRoot& root, int index, std::string_view level, std::string_view type,
                 std::string_view size, std::string_view sharing) {
  const std::string folder = fmt::format("sys/devices/system/cpu/cpu3/cache/index{}/", index);
  root.write(folder + "level", level);
  root.write(folder + "type", type);
  root.write(folder + "size", size);
  if (!sharing.empty()) root.write(folder + "shared_cpu_list", sharing);
}

TEST(Caches, AreReadNearestFirst) {
  const TestRoot root;
  write_cache(root, 0, "3\n", "Unified\n", "260M\n", "0-47,96-143\n");
  write_cache(root, 1, "1\n", "Instruction\n", "32K\n", "3,51\n");
  write_cache(root, 2, "1\n", "Data\n", "48K\n", "3,51\n");
  write_cache(root, 3, "2\n", "Unified\n", "2048K\n", "");
  const std::vector<Cache> found = read_caches(root.path(), 3);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].kind, CacheKind::kData);
  EXPECT_EQ(found[0].bytes, 48 * 1024);
  EXPECT_EQ(found[0].shared_by, 2);
  EXPECT_EQ(found[1].kind, CacheKind::kInstruction);
  EXPECT_EQ(found[2].bytes, 2048 * 1024);
  EXPECT_EQ(found[2].shared_by, 0);
  EXPECT_EQ(found[3].level, 3);
  EXPECT_EQ(found[3].bytes, 260 * 1024 * 1024);
  EXPECT_EQ(found[3].shared_by, 96);
}

TEST(Caches, WithoutALevelKindOrSizeAreLeftOut) {
  const TestRoot root;
  write_cache(root, 0, "0", "Data", "48K", "3");
  write_cache(root, 1, "1", "Victim", "48K", "3");
  write_cache(root, 2, "1", "Data", "0K", "3");
  write_cache(root, 3, "1", "Data", "9223372036854775807G", "3");
  write_cache(root, 4, "1", "Data", "", "3");
  write_cache(root, 5, "one", "Data", "48K", "3");
  EXPECT_TRUE(read_caches(root.path(), 3).empty());
  EXPECT_TRUE(read_caches(root.path(), 4).empty());
}

TEST(Caches, OfThisMachineArePlausible) {
  EXPECT_GE(level2_cache_bytes(), 16 * 1024);
  EXPECT_LT(level2_cache_bytes(), std::int64_t{1} << 32);
  for (const Cache& cache : caches()) EXPECT_FALSE(cache_kind_name(cache.kind).empty());
}

}  // namespace
}  // namespace lathe
