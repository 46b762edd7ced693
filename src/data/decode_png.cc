#include "data/decode_png.h"

#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <png.h>
#include <utility>
#include <vector>

#include "data/exif_orientation.h"
#include "data/inflate.h"

namespace lathe::data {
namespace {

constexpr png_uint_32 kMaxExtent = 1'000'000;
constexpr png_alloc_size_t kMaxChunkBytes = 8 << 20;  // colour profiles and text are kept far below
constexpr png_uint_32 kMaxChunks = 128;

// One decompression. libpng reports errors by a call that must not return; it jumps back to the
// step that was running, so a step holds nothing that needs a destructor.
class PngDecoder {
 public:
  explicit PngDecoder(std::span<const std::byte> bytes) : rest_(bytes) {
    png_ =
        png_create_read_struct(PNG_LIBPNG_VER_STRING, this, fail, [](png_structp, const char*) {});
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
  }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }

  Status read_header() {
    if (info_ == nullptr) return error(ErrorCode::kResourceExhausted, "no memory");
    return step([&] {
      png_set_read_fn(png_, this, read);
      png_set_user_limits(png_, kMaxExtent, kMaxExtent);
      png_set_chunk_malloc_max(png_, kMaxChunkBytes);
      png_set_chunk_cache_max(png_, kMaxChunks);
      png_read_info(png_, info_);
    });
  }

  Status read_pixels(Image& image, std::span<png_bytep> rows) {
    return step([&] {
      png_set_palette_to_rgb(png_);
      if (channels() == 1) png_set_expand_gray_1_2_4_to_8(png_);
      png_set_scale_16(png_);
      png_set_strip_alpha(png_);
      png_set_interlace_handling(png_);
      png_read_update_info(png_, info_);
      if (png_get_rowbytes(png_, info_) != image.row_bytes()) {
        png_error(png_, "unexpected row layout");
      }
      png_read_image(png_, rows.data());
      png_read_end(png_, info_);
    });
  }

  [[nodiscard]] png_uint_32 width() const { return png_get_image_width(png_, info_); }
  [[nodiscard]] png_uint_32 height() const { return png_get_image_height(png_, info_); }
  [[nodiscard]] int channels() const {
    return (png_get_color_type(png_, info_) & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1;
  }
  // Of the pixels as the file holds them, before compression.
  [[nodiscard]] std::size_t packed_row_bytes() const { return png_get_rowbytes(png_, info_); }

  [[nodiscard]] int orientation() const {
    png_uint_32 count = 0;
    png_bytep exif = nullptr;
    if (png_get_eXIf_1(png_, info_, &count, &exif) == 0) return 1;
    return exif_orientation({reinterpret_cast<const std::byte*>(exif), count});
  }

 private:
  [[noreturn]] static void fail(png_structp png, const char* message) {
    auto* self = static_cast<PngDecoder*>(png_get_error_ptr(png));
    std::snprintf(self->message_.data(), self->message_.size(), "%s", message);
    std::longjmp(self->jump_, 1);
  }

  static void read(png_structp png, png_bytep out, std::size_t count) {
    auto* self = static_cast<PngDecoder*>(png_get_io_ptr(png));
    if (count > self->rest_.size()) png_error(png, "the file ends early");
    std::memcpy(out, self->rest_.data(), count);
    self->rest_ = self->rest_.subspan(count);
  }

  template <typename Body>
  Status step(const Body& body) {
    if (setjmp(jump_) == 0) {
      body();
      return {};
    }
    return invalid_data("{}", message_.data());
  }

  std::span<const std::byte> rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf jump_{};
  std::array<char, 160> message_{};
};

}  // namespace

bool is_png(std::span<const std::byte> bytes) {
  return bytes.size() >= 8 &&
         png_sig_cmp(reinterpret_cast<png_const_bytep>(bytes.data()), 0, 8) == 0;
}

Result<Image> decode_png(std::span<const std::byte> bytes, std::int64_t max_pixels) {
  PngDecoder decoder(bytes);
  RETURN_IF_ERROR(decoder.read_header());
  const std::int64_t width = decoder.width();
  const std::int64_t height = decoder.height();
  if (width * height > max_pixels) {
    return error(ErrorCode::kResourceExhausted, "{}x{} is more than {} pixels", width, height,
                 max_pixels);
  }
  const std::size_t needed = decoder.packed_row_bytes() * static_cast<std::size_t>(height);
  if (needed / kMaxDeflateRatio > bytes.size()) {
    return invalid_data("{} bytes cannot hold {}x{} pixels", bytes.size(), width, height);
  }
  Image image = make_image(static_cast<int>(height), static_cast<int>(width), decoder.channels());
  std::vector<png_bytep> rows;
  for (int y = 0; y < image.height; ++y) rows.push_back(image.row(y));
  RETURN_IF_ERROR(decoder.read_pixels(image, rows));
  return apply_orientation(std::move(image), decoder.orientation());
}

Result<ImageInfo> read_png_info(std::span<const std::byte> bytes) {
  PngDecoder decoder(bytes);
  RETURN_IF_ERROR(decoder.read_header());
  ImageInfo info{static_cast<int>(decoder.width()), static_cast<int>(decoder.height()),
                 decoder.channels()};
  if (decoder.orientation() >= 5) std::swap(info.width, info.height);
  return info;
}

}  // namespace lathe::data
