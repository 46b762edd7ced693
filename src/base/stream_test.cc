#include "base/stream.h"

#include <gtest/gtest.h>

namespace lathe {
namespace {

TEST(Stream, TellsStreamsFromFiles) {
  EXPECT_TRUE(is_stream("/dev/stdout"));
  EXPECT_TRUE(is_stream("/dev/null"));
  EXPECT_FALSE(is_stream("/dev/shm/x.onnx"));
  EXPECT_FALSE(is_stream("/etc"));
  EXPECT_FALSE(is_stream("/etc/passwd"));
  EXPECT_FALSE(is_stream("/nonexistent/x.onnx"));
}

}  // namespace
}  // namespace lathe
