// Images kept by index until a budget of bytes is used up.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "data/image.h"

namespace lathe::data {

// Keeps the first images that it is offered and never drops one: a training run visits every image
// once per epoch, where dropping the oldest would drop exactly what comes next. Any number of
// threads may use it.
class ImageCache {
 public:
  ImageCache(std::int64_t images, std::int64_t max_bytes);
  ImageCache(const ImageCache&) = delete;
  ImageCache& operator=(const ImageCache&) = delete;
  ~ImageCache();

  // The image kept under the index, valid as long as the cache, or null.
  [[nodiscard]] const Image* find(std::int64_t index) const;
  // Keeps a copy where the budget allows.
  void offer(std::int64_t index, const Image& image);

 private:
  std::vector<std::atomic<const Image*>> slots_;
  std::atomic<std::int64_t> budget_;
};

}  // namespace lathe::data
