#include "lathe/classifier.h"

#include <algorithm>

#include "api/access.h"
#include "backends/backends.h"
#include "data/decode_image.h"
#include "measure/classifier.h"

namespace lathe {

struct Classifier::Impl {
  measure::Classifier classifier;
};

Classifier::Classifier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Classifier::Classifier(Classifier&& other) noexcept = default;
Classifier& Classifier::operator=(Classifier&& other) noexcept = default;
Classifier::~Classifier() = default;

Expected<Classifier> Classifier::create(const Model& model, CompileOptions options) {
  ASSIGN_OR_FAIL(const engine::Backend* backend, engine::find_backend(options.backend));
  engine::CompileOptions compiled = Access::compile_options(options);
  compiled.leave_open = false;  // preprocessing makes one size
  ASSIGN_OR_FAIL(measure::Classifier classifier,
                 measure::Classifier::create(Access::graph(model), *backend, compiled));
  if (!classifier.takes_images()) {
    return to_failure(invalid_argument(
        "the model does not say how an image becomes its input: it has no metadata '{}'",
        data::kPreprocessKey));
  }
  return Classifier(std::make_unique<Impl>(Impl{std::move(classifier)}));
}

Expected<std::vector<ClassScore>> Classifier::classify(const std::filesystem::path& image,
                                                       std::size_t top) {
  ASSIGN_OR_FAIL(const data::Image pixels, data::load_image(image));
  return classify({pixels.height, pixels.width, pixels.channels, pixels.pixels}, top);
}

Expected<std::vector<ClassScore>> Classifier::classify(std::span<const std::byte> encoded,
                                                       std::size_t top) {
  ASSIGN_OR_FAIL(const data::Image pixels, data::decode_image(encoded));
  return classify({pixels.height, pixels.width, pixels.channels, pixels.pixels}, top);
}

Expected<std::vector<ClassScore>> Classifier::classify(const ImageView& image, std::size_t top) {
  const std::size_t row = static_cast<std::size_t>(std::max(image.width, 0)) *
                          static_cast<std::size_t>(std::max(image.channels, 0));
  if (image.height < 1 || row == 0 || (image.channels != 1 && image.channels != 3) ||
      image.pixels.size() % row != 0 ||
      image.pixels.size() / row != static_cast<std::size_t>(image.height)) {
    return to_failure(
        invalid_argument("an image of {} x {} pixels with {} channels cannot have {} bytes",
                         image.height, image.width, image.channels, image.pixels.size()));
  }
  const data::Image pixels{
      image.width, image.height, image.channels, {image.pixels.begin(), image.pixels.end()}};
  ASSIGN_OR_FAIL(std::vector<measure::ClassScore> scores, impl_->classifier.classify(pixels, top));
  std::vector<ClassScore> best;
  for (measure::ClassScore& score : scores) {
    best.push_back({score.index, std::move(score.label), score.probability});
  }
  return best;
}

}  // namespace lathe
