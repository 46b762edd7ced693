// What tests of the library read.
#pragma once

#include <filesystem>
#include <gtest/gtest.h>

#include "formats/onnx/write_onnx.h"
#include "ir/architectures.h"
#include "lathe/lathe.h"

namespace lathe {

inline std::filesystem::path test_folder(const char* name) {
  std::filesystem::path path = std::filesystem::path(LATHE_BINARY_DIR) / "test_files" / name;
  std::filesystem::create_directories(path);
  return path;
}

// 8 x 8 gray images, four classes.
inline std::filesystem::path write_mlp(const std::filesystem::path& folder) {
  ir::Graph graph =
      ir::make_architecture("mlp", {.channels = 1, .height = 8, .width = 8, .classes = 4}).value();
  graph.metadata["purpose"] = "tests";
  std::filesystem::path path = folder / "mlp.onnx";
  const Status written = formats::write_onnx(graph, path);
  EXPECT_TRUE(written.ok());
  return path;
}

inline Tensor ramp(std::int64_t batch) {
  Tensor tensor = Tensor::zeros(DataType::kFloat32, {batch, 1, 8, 8}).value();
  float value = -1;
  for (float& element : tensor.mutable_data<float>()) element = value += 0.01F;
  return tensor;
}

}  // namespace lathe
