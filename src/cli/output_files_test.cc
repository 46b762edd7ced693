#include "cli/output_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lathe::cli {
namespace {

using testing::HasSubstr;

std::string file_in_temp(const char* name) {
  const std::string path = (Path(testing::TempDir()) / name).string();
  EXPECT_TRUE(write_file_atomic(path, "what was there").ok());
  return path;
}

TEST(OutputFiles, AnInputIsNotReplaced) {
  const std::string model = file_in_temp("output_files_test.onnx");
  OutputFiles files;
  files.reads("MODEL", model);
  files.writes("-o", testing::TempDir() + "/./output_files_test.onnx", {".onnx"});
  EXPECT_THAT(files.check({}).error().message(), HasSubstr("is also MODEL"));

  OutputFiles predicate;
  predicate.reads("part of --data", [](const Path& path) { return path.extension() == ".npz"; });
  predicate.writes("--report", model);
  EXPECT_TRUE(predicate.check({}).ok());
  predicate.writes("--csv", file_in_temp("output_files_test.npz"));
  EXPECT_THAT(predicate.check({}).error().message(), HasSubstr("is also part of --data"));
}

TEST(OutputFiles, KnowsWhatDataReads) {
  const std::string archive = file_in_temp("output_files_test.npz");
  const std::string json = file_in_temp("output_files_test.json");
  DataOptions data;
  data.spec = "npz:" + archive;
  data.preprocess = json;
  for (const auto& [path, what] :
       {std::pair{archive, "is also part of --data"}, {json, "is also --preprocess"}}) {
    OutputFiles files;
    data.add_to(files);
    files.writes("-o", path);
    EXPECT_THAT(files.check({}).error().message(), HasSubstr(what));
  }
  data.preprocess = R"({"size": [1, 1]})";
  OutputFiles files;
  data.add_to(files);
  files.writes("-o", json);
  EXPECT_TRUE(files.check({}).ok());
}

TEST(OutputFiles, StandardOutputGetsNothingElse) {
  testing::internal::CaptureStdout();
  OutputFiles files;
  files.writes("-o", "/dev/stdout", {".onnx"});
  testing::internal::CaptureStderr();
  const Status with_json = files.check({.json = true});
  const Status with_text = files.check({});
  files.print("for people\n");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "for people\n");
  EXPECT_TRUE(with_text.ok());
  EXPECT_EQ(with_json.error().message(), "-o /dev/stdout and --json both write to standard output");

  OutputFiles others;
  others.writes("-o", file_in_temp("output_files_test.onnx"));
  testing::internal::CaptureStdout();
  EXPECT_TRUE(others.check({.json = true}).ok());
  others.print("for people\n");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "for people\n");
}

}  // namespace
}  // namespace lathe::cli
