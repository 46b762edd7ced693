#include "base/suggest.h"

#include <gtest/gtest.h>

namespace lathe {
namespace {

const std::vector<std::string> kVerbs = {"train", "quantize", "eval", "run", "bench", "new"};

TEST(Suggest, FindsWhatWasMeant) {
  EXPECT_EQ(did_you_mean("quantise", kVerbs), "; did you mean 'quantize'?");
  EXPECT_EQ(did_you_mean("tarin", kVerbs), "; did you mean 'train'?");
  EXPECT_EQ(did_you_mean("Eval", kVerbs), "; did you mean 'eval'?");
  EXPECT_EQ(did_you_mean("benchh", kVerbs), "; did you mean 'bench'?");
  EXPECT_EQ(did_you_mean("ne", kVerbs), "; did you mean 'new'?");
}

TEST(Suggest, SaysNothingWhereNothingIsNear) {
  EXPECT_EQ(did_you_mean("bake", kVerbs), "");
  EXPECT_EQ(did_you_mean("", kVerbs), "");
  EXPECT_EQ(did_you_mean("x", kVerbs), "");
  EXPECT_EQ(did_you_mean(std::string(1 << 20, 'a'), kVerbs), "");
  EXPECT_EQ(did_you_mean("train", std::vector<std::string>{}), "");
}

}  // namespace
}  // namespace lathe
