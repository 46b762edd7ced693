#include "base/function_ref.h"

#include <gtest/gtest.h>
#include <memory>

namespace lathe {
namespace {

int twice(FunctionRef<int(int)> f) { return f(f(1)); }

TEST(FunctionRef, CallsWhatItViews) {
  int calls = 0;
  EXPECT_EQ(twice([&](int x) {
              ++calls;
              return x * 10;
            }),
            100);
  EXPECT_EQ(calls, 2);
  const auto constant = [](int) { return 7; };
  EXPECT_EQ(twice(constant), 7);
}

TEST(FunctionRef, PassesReferencesAndMovesOn) {
  int value = 0;
  const auto set = [](int& x, std::unique_ptr<int> y) { x = *y; };
  const FunctionRef<void(int&, std::unique_ptr<int>)> view = set;
  const auto copy = view;
  copy(value, std::make_unique<int>(4));
  EXPECT_EQ(value, 4);
}

}  // namespace
}  // namespace lathe
