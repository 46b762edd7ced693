// What the tests of this folder share: small datasets and networks, and a way around a missing
// module.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "data/memory_dataset.h"
#include "data/preprocess.h"
#include "ir/graph_builder.h"
#include "train/load_backend.h"

// Skips the test where this build has no LibTorch.
#define LATHE_NEED_BACKEND()                                                \
  if (const auto loaded_ = ::lathe::train::load_backend();                  \
      !loaded_.ok() && loaded_.error().code() == ErrorCode::kUnavailable) { \
    GTEST_SKIP() << loaded_.error().message();                              \
  }                                                                         \
  static_assert(true)

namespace lathe::train {

inline ir::Tensor random_tensor(std::vector<std::int64_t> dims, std::uint64_t seed, float low = -1,
                                float high = 1) {
  ir::Tensor tensor = ir::Tensor::zeros(ir::DataType::kFloat32, dims);
  Random random(seed);
  for (float& value : tensor.mutable_data<float>()) value = random.uniform(low, high);
  return tensor;
}

// Points in four dimensions around one corner per class, so far apart that a line tells them apart.
inline std::shared_ptr<const data::Dataset> separable_points(std::int64_t count,
                                                             std::uint64_t seed) {
  ir::Tensor points = random_tensor({count, 4}, seed, -0.4F, 0.4F);
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < count; ++i) {
    labels.push_back(i % 4);
    points.mutable_data<float>()[static_cast<std::size_t>(i * 4 + i % 4)] += 1;
  }
  return data::make_feature_dataset("points", points, labels, {"a", "b", "c", "d"}).value();
}

// Gray 8x8 images, dark noise with a bright quarter: which one is the class.
inline std::shared_ptr<const data::Dataset> quarter_images(std::int64_t count, std::uint64_t seed) {
  ir::Tensor pixels = ir::Tensor::zeros(ir::DataType::kUint8, {count, 8, 8, 1});
  const std::span<std::uint8_t> bytes = pixels.mutable_data<std::uint8_t>();
  Random random(seed);
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t label = i % 4;
    labels.push_back(label);
    for (std::int64_t y = 0; y < 8; ++y) {
      for (std::int64_t x = 0; x < 8; ++x) {
        const bool bright = y / 4 == label / 2 && x / 4 == label % 2;
        bytes[static_cast<std::size_t>((i * 8 + y) * 8 + x)] =
            static_cast<std::uint8_t>(random.below(60) + (bright ? 150 : 0));
      }
    }
  }
  return data::make_image_dataset("quarters", pixels, labels, {"a", "b", "c", "d"}).value();
}

inline data::Preprocess gray_preprocess() {
  return {.height = 8,
          .width = 8,
          .channels = data::Channels::kGray,
          .resize = data::ResizeMethod::kBilinear,
          .resize_short = 0,
          .mean = {0.5F},
          .std = {0.25F}};
}

inline ir::Graph small_mlp(std::uint64_t seed) {
  ir::GraphBuilder b("mlp", seed);
  ir::ValueId x = b.input("input", {ir::Dim::symbol("N"), 4});
  x = b.relu(b.linear(x, 16));
  return b.finish(b.linear(x, 4), "logits");
}

// Convolutions, batch normalization, a residual, pooling and dropout.
inline ir::Graph small_cnn(std::uint64_t seed) {
  ir::GraphBuilder b("cnn", seed);
  ir::ValueId x = b.input("input", {ir::Dim::symbol("N"), 1, 8, 8});
  x = b.relu(b.batch_norm(b.conv(x, 8, {.kernel = 3, .padding = 1})));
  x = b.max_pool(x, 2, 2);
  const ir::ValueId y = b.batch_norm(b.conv(x, 8, {.kernel = 3, .padding = 1, .groups = 8}));
  x = b.relu(b.add(y, x));
  x = b.relu6(b.batch_norm(b.conv(x, 16, {.kernel = 1})));
  x = b.dropout(b.flatten(b.global_average_pool(b.max_pool(x, 2, 2))), 0.2F);
  return b.finish(b.linear(x, 4), "logits");
}

// The same, that keeps where the bright quarter is.
inline ir::Graph small_flat_cnn(std::uint64_t seed) {
  ir::GraphBuilder b("cnn", seed);
  ir::ValueId x = b.input("input", {ir::Dim::symbol("N"), 1, 8, 8});
  x = b.relu(b.batch_norm(b.conv(x, 8, {.kernel = 4, .stride = 4})));
  x = b.batch_norm(b.conv(x, 8, {.kernel = 2}));
  x = b.dropout(b.flatten(b.global_average_pool(b.relu(x))), 0.2F);
  return b.finish(b.linear(x, 4), "logits");
}

}  // namespace lathe::train
