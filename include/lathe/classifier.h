// Telling what an image shows, with a model that carries its preprocessing and labels.
//
//   auto model = lathe::Model::load("cnn-int8.onnx").value();
//   auto classifier = lathe::Classifier::create(model).value();
//   for (const lathe::ClassScore& score : classifier.classify("boot.png").value()) {
//     std::cout << score.label << ' ' << score.probability << '\n';
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lathe/expected.h"
#include "lathe/export.h"
#include "lathe/model.h"

namespace lathe {

struct ClassScore {
  std::int64_t index = 0;  // of the class in the model's output
  std::string label;       // from the model's labels; empty where it has none
  float probability = 0;
};

// Pixels of the caller's: rows from top to bottom, channels interleaved, one (gray) or three in the
// order red, green, blue; height * width * channels bytes.
struct ImageView {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::span<const std::uint8_t> pixels;
};

// For one caller at a time; movable. Several classifiers of one model do not disturb each other.
class LATHE_API Classifier {
 public:
  // The model must have one float32 input [N,C,H,W], one floating point output [N,classes], and the
  // metadata "lathe.preprocess"; the failure says which of these is missing. `options.batch` is
  // taken as 1.
  static Expected<Classifier> create(const Model& model, CompileOptions options = {});

  Classifier(Classifier&& other) noexcept;
  Classifier& operator=(Classifier&& other) noexcept;
  ~Classifier();

  // The `top` most probable classes of a JPEG or PNG file, most probable first. Outputs that a
  // softmax has not made probabilities of become that here.
  Expected<std::vector<ClassScore>> classify(const std::filesystem::path& image,
                                             std::size_t top = 5);
  // The same for the bytes of such a file.
  Expected<std::vector<ClassScore>> classify(std::span<const std::byte> encoded,
                                             std::size_t top = 5);
  // The same for pixels.
  Expected<std::vector<ClassScore>> classify(const ImageView& image, std::size_t top = 5);

 private:
  struct Impl;
  explicit Classifier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lathe
