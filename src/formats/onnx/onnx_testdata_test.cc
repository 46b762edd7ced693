// Reads and evaluates the backend tests that ONNX publishes, where Debian's libonnx-testdata is
// installed: each folder has a model, inputs, and the outputs that they must give.
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <iostream>

#include "base/file.h"
#include "formats/onnx/read_onnx.h"
#include "ops/evaluate.h"

namespace lathe::formats {
namespace {

const Path kRoot = "/usr/share/libonnx-testdata/data";

// Tensors NAME_0.pb, NAME_1.pb, ... of a folder.
Result<std::vector<ir::Tensor>> read_tensors(const Path& folder, std::string_view name) {
  std::vector<ir::Tensor> tensors;
  for (int i = 0;; ++i) {
    const Path path = folder / fmt::format("{}_{}.pb", name, i);
    if (!std::filesystem::exists(path)) return tensors;
    ASSIGN_OR_RETURN(ir::Tensor tensor, read_onnx_tensor(path));
    tensors.push_back(std::move(tensor));
  }
}

// The tolerance of ONNX's own test runner.
bool close(double actual, double expected) {
  if (std::isnan(expected)) return std::isnan(actual);
  if (std::isinf(expected)) return actual == expected;
  return std::abs(actual - expected) <= 1e-7 + 1e-3 * std::abs(expected);
}

Status compare(const ir::Tensor& actual, const ir::Tensor& expected) {
  if (actual.type() != expected.type()) {
    return invalid_data("is {}, expected {}", actual.type().to_string(),
                        expected.type().to_string());
  }
  if (actual.identical(expected)) return {};
  for (std::int64_t i = 0; i < actual.num_elements(); ++i) {
    if (!close(actual.get_double(i), expected.get_double(i))) {
      return invalid_data("element {} is {}, expected {}", i, actual.get_double(i),
                          expected.get_double(i));
    }
  }
  return {};
}

// An error of kind kUnsupported where Lathe does not do what the model asks for.
Status run_case(const Path& folder) {
  ASSIGN_OR_RETURN(const ir::Graph graph, read_onnx(folder / "model.onnx"));
  for (int set = 0;; ++set) {
    const Path data = folder / fmt::format("test_data_set_{}", set);
    if (!std::filesystem::exists(data)) return {};
    ASSIGN_OR_RETURN(const std::vector<ir::Tensor> inputs, read_tensors(data, "input"));
    ASSIGN_OR_RETURN(const std::vector<ir::Tensor> expected, read_tensors(data, "output"));
    ASSIGN_OR_RETURN(const std::vector<ir::Tensor> actual, ops::evaluate(graph, inputs));
    if (actual.size() != expected.size()) {
      return invalid_data("gives {} outputs, expected {}", actual.size(), expected.size());
    }
    for (std::size_t i = 0; i < actual.size(); ++i) {
      RETURN_IF_ERROR(compare(actual[i], expected[i]).with_context(fmt::format("output {}", i)));
    }
  }
}

class OnnxTestdata : public testing::TestWithParam<const char*> {};

TEST_P(OnnxTestdata, GivesTheExpectedOutputs) {
  const Path root = kRoot / GetParam();
  if (!std::filesystem::exists(root)) {
    GTEST_SKIP() << root << " is not there: install libonnx-testdata";
  }
  std::vector<Path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    if (std::filesystem::exists(entry.path() / "model.onnx")) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  int passed = 0;
  int not_supported = 0;
  for (const Path& folder : folders) {
    const Status status = run_case(folder);
    if (status.ok()) {
      ++passed;
    } else if (status.error().code() == ErrorCode::kUnsupported) {
      ++not_supported;
    } else {
      ADD_FAILURE() << folder.filename() << ": " << status.error().message();
    }
  }
  std::cout << GetParam() << ": " << passed << " passed, " << not_supported << " unsupported, of "
            << folders.size() << "\n";
  EXPECT_GT(passed, 0);
}

INSTANTIATE_TEST_SUITE_P(All, OnnxTestdata, testing::Values("node", "pytorch-converted"),
                         [](const auto& p) {
                           std::string name = p.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace lathe::formats
