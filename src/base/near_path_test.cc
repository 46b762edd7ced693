#include "base/near_path.h"

#include <gtest/gtest.h>

namespace lathe {
namespace {

TEST(DidYouMeanPath, NamesTheSiblingThatIsNear) {
  const Path root = Path(testing::TempDir()) / "lathe_near_path";
  std::filesystem::create_directories(root / "photos" / "train");
  ASSERT_TRUE(write_file_atomic(root / "digits.npz", "x").ok());
  const auto suggestion = [&](const Path& path) { return did_you_mean_path(root / path); };
  const auto expected = [&](const Path& path) {
    return "; did you mean '" + (root / path).string() + "'?";
  };
  EXPECT_EQ(suggestion("digts.npz"), expected("digits.npz"));
  EXPECT_EQ(suggestion("Photos"), expected("photos"));
  EXPECT_EQ(suggestion("photoss/train"), expected("photos/train"));
  EXPECT_EQ(suggestion("photo/elsewhere"), expected("photos"));
  EXPECT_EQ(suggestion("photos/trian"), expected("photos/train"));
  EXPECT_EQ(suggestion("photos"), "");
  EXPECT_EQ(suggestion("something else"), "");
  EXPECT_EQ(suggestion("digits.npz/below/a/file"), "");
  EXPECT_EQ(did_you_mean_path(""), "");
  EXPECT_EQ(did_you_mean_path("/nonexistent/deeply/nested"), "");
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace lathe
