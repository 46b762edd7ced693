#include "base/caches.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/test_root.h"

namespace lathe {
namespace {

// What the system says of one cache, file by file.
struct CacheFiles {
  std::string_view level;
  std::string_view type;
  std::string_view size;
  std::string_view sharing = {};
};

// What is read of processor 3 whose caches these are.
std::vector<Cache> read(std::initializer_list<CacheFiles> caches, int cpu = 3) {
  const TestRoot root;
  int index = 0;
  for (const CacheFiles& files : caches) {
    const auto write = [&](std::string_view name, std::string_view content) {
      root.write(fmt::format("sys/devices/system/cpu/cpu3/cache/index{}/{}", index, name), content);
    };
    write("level", files.level);
    write("type", files.type);
    write("size", files.size);
    if (!files.sharing.empty()) write("shared_cpu_list", files.sharing);
    ++index;
  }
  return read_caches(root.path(), cpu);
}

TEST(Caches, AreReadNearestFirst) {
  const std::vector<Cache> found = read({{"3\n", "Unified\n", "260M\n", "0-47,96-143\n"},
                                         {"1\n", "Instruction\n", "32K\n", "3,51\n"},
                                         {"1\n", "Data\n", "48K\n", "3,51\n"},
                                         {"2\n", "Unified\n", "2048K\n"}});
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
  const std::initializer_list<CacheFiles> damaged = {
      {"0", "Data", "48K", "3"}, {"1", "Victim", "48K", "3"},
      {"1", "Data", "0K", "3"},  {"1", "Data", "9223372036854775807G", "3"},
      {"1", "Data", "", "3"},    {"one", "Data", "48K", "3"}};
  EXPECT_TRUE(read(damaged).empty());
  EXPECT_TRUE(read(damaged, 4).empty());
}

TEST(Caches, OfThisMachineArePlausible) {
  EXPECT_GE(level2_cache_bytes(), 16 * 1024);
  EXPECT_LT(level2_cache_bytes(), std::int64_t{1} << 32);
  for (const Cache& cache : caches()) EXPECT_FALSE(cache_kind_name(cache.kind).empty());
}

}  // namespace
}  // namespace lathe
