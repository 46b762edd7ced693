#include "backends/backends.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lathe::engine {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Backends, AreFoundByName) {
  for (const Backend* backend : backends())
    EXPECT_EQ(find_backend(backend->name()).value(), backend);
  EXPECT_EQ(find_backend("auto").value()->name(), "auto");
  EXPECT_EQ(backends()[0]->name(), "native");
}

TEST(Backends, AnUnknownNameIsAWrongCall) {
  const auto found = find_backend("natvie");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(found.error().message(),
              AllOf(HasSubstr("known are auto, native, reference, lowered, onnxruntime, openvino"),
                    HasSubstr("did you mean 'native'?")));
}

TEST(Backends, ThoseOfOurOwnAreAlwaysAvailable) {
  const auto available = available_backends();
  ASSERT_GE(available.size(), 2);
  EXPECT_EQ(available[0]->name(), "native");
  EXPECT_EQ(available[1]->name(), "reference");
}

}  // namespace
}  // namespace lathe::engine
