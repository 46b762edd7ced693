#include "data/image_cache.h"

#include <memory>

namespace lathe::data {

ImageCache::ImageCache(std::int64_t images, std::int64_t max_bytes)
    : slots_(max_bytes > 0 ? static_cast<std::size_t>(images) : 0), budget_(max_bytes) {}

ImageCache::~ImageCache() {
  for (const std::atomic<const Image*>& slot : slots_) delete slot.load();
}

const Image* ImageCache::find(std::int64_t index) const {
  if (slots_.empty()) return nullptr;
  return slots_[static_cast<std::size_t>(index)].load(std::memory_order_acquire);
}

void ImageCache::offer(std::int64_t index, const Image& image) {
  if (slots_.empty()) return;
  std::atomic<const Image*>& slot = slots_[static_cast<std::size_t>(index)];
  if (slot.load(std::memory_order_relaxed) != nullptr) return;
  const auto cost = static_cast<std::int64_t>(sizeof(Image) + image.pixels.size());
  if (budget_.load(std::memory_order_relaxed) < cost) return;
  if (budget_.fetch_sub(cost) < cost) {
    budget_.fetch_add(cost);
    return;
  }
  auto copy = std::make_unique<const Image>(image);
  const Image* expected = nullptr;
  if (slot.compare_exchange_strong(expected, copy.get(), std::memory_order_acq_rel)) {
    copy.release();
  } else {
    budget_.fetch_add(cost);
  }
}

}  // namespace lathe::data
