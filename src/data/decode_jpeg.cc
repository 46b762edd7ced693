#include "data/decode_jpeg.h"

#include <array>
#include <csetjmp>
#include <cstdio>
#include <string>
#include <string_view>

#include "data/exif_orientation.h"

// The numbers in jerror.h depend on what jpeglib.h defines.
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

namespace lathe::data {
namespace {

// Each scan of a progressive file may visit every pixel, so that a small file with thousands of
// scans would keep us busy for hours. Real files have about ten.
constexpr int kMaxScans = 200;

constexpr unsigned kMaxMarkerBytes = 0xffff;

// libjpeg's warnings after which pixels are missing or made up.
bool is_damage(int warning) {
  return warning == JWRN_JPEG_EOF || warning == JWRN_HIT_MARKER || warning == JWRN_HUFF_BAD_CODE ||
         warning == JWRN_ARITH_BAD_CODE || warning == JWRN_MUST_RESYNC;
}

// One decompression. libjpeg reports errors by a call that must not return; it jumps back to the
// step that was running, so a step holds nothing that needs a destructor.
class JpegDecoder {
 public:
  JpegDecoder() {
    info_.err = jpeg_std_error(&handlers_);
    handlers_.error_exit = [](j_common_ptr info) { self(info).fail(); };
    handlers_.emit_message = [](j_common_ptr info, int level) {
      if (level < 0 && is_damage(info->err->msg_code)) self(info).fail();
    };
    handlers_.output_message = [](j_common_ptr) {};
    progress_.progress_monitor = [](j_common_ptr info) { self(info).limit_scans(); };
    info_.client_data = this;
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
  ~JpegDecoder() { jpeg_destroy_decompress(&info_); }

  Status read_header(std::span<const std::byte> bytes) {
    return step([&] {
      jpeg_create_decompress(&info_);
      info_.client_data = this;
      info_.progress = &progress_;
      jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()),
                   static_cast<unsigned long>(bytes.size()));
      jpeg_save_markers(&info_, JPEG_APP0 + 1, kMaxMarkerBytes);
      jpeg_read_header(&info_, TRUE);
    });
  }

  Status read_pixels(Image& image, std::span<std::uint8_t> cmyk_row) {
    return step([&] {
      if (cmyk_row.empty()) {
        info_.out_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
      } else {
        info_.out_color_space = JCS_CMYK;
      }
      jpeg_start_decompress(&info_);
      while (info_.output_scanline < info_.output_height) {
        const auto y = static_cast<int>(info_.output_scanline);
        JSAMPROW row = cmyk_row.empty() ? image.row(y) : cmyk_row.data();
        jpeg_read_scanlines(&info_, &row, 1);
        if (!cmyk_row.empty()) convert_cmyk(cmyk_row, image.row(y));
      }
      jpeg_finish_decompress(&info_);
    });
  }

  [[nodiscard]] const jpeg_decompress_struct& info() const { return info_; }
  [[nodiscard]] bool is_cmyk() const {
    return info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK;
  }
  [[nodiscard]] int channels() const { return info_.jpeg_color_space == JCS_GRAYSCALE ? 1 : 3; }

  [[nodiscard]] int orientation() const {
    constexpr std::string_view kExif("Exif\0\0", 6);
    for (jpeg_saved_marker_ptr marker = info_.marker_list; marker != nullptr;
         marker = marker->next) {
      const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(marker->data),
                                             marker->data_length);
      if (marker->marker != JPEG_APP0 + 1 || bytes.size() < kExif.size()) continue;
      if (std::string_view(reinterpret_cast<const char*>(bytes.data()), kExif.size()) != kExif) {
        continue;
      }
      return exif_orientation(bytes.subspan(kExif.size()));
    }
    return 1;
  }

 private:
  static JpegDecoder& self(j_common_ptr info) {
    return *static_cast<JpegDecoder*>(info->client_data);
  }

  [[noreturn]] void fail() {
    handlers_.format_message(reinterpret_cast<j_common_ptr>(&info_), message_.data());
    std::longjmp(jump_, 1);
  }

  void limit_scans() {
    if (info_.input_scan_number <= kMaxScans) return;
    std::snprintf(message_.data(), message_.size(), "more than %d scans", kMaxScans);
    std::longjmp(jump_, 1);
  }

  template <typename Body>
  Status step(const Body& body) {
    if (setjmp(jump_) == 0) {
      body();
      return {};
    }
    return invalid_data("{}", message_.data());
  }

  // Adobe writes the four values inverted; then each colour is its value times black's.
  void convert_cmyk(std::span<const std::uint8_t> cmyk, std::uint8_t* rgb) const {
    const int flip = info_.saw_Adobe_marker != FALSE ? 0 : 255;
    for (std::size_t i = 0; i + 3 < cmyk.size(); i += 4) {
      const int black = cmyk[i + 3] ^ flip;
      for (std::size_t c = 0; c < 3; ++c) {
        *rgb++ = static_cast<std::uint8_t>(((cmyk[i + c] ^ flip) * black + 127) / 255);
      }
    }
  }

  jpeg_decompress_struct info_{};
  jpeg_error_mgr handlers_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf jump_{};
  std::array<char, JMSG_LENGTH_MAX> message_{};
};

}  // namespace

bool is_jpeg(std::span<const std::byte> bytes) {
  return bytes.size() >= 3 && bytes[0] == std::byte{0xff} && bytes[1] == std::byte{0xd8} &&
         bytes[2] == std::byte{0xff};
}

Result<Image> decode_jpeg(std::span<const std::byte> bytes, std::int64_t max_pixels) {
  JpegDecoder decoder;
  RETURN_IF_ERROR(decoder.read_header(bytes));
  const auto width = static_cast<int>(decoder.info().image_width);
  const auto height = static_cast<int>(decoder.info().image_height);
  if (std::int64_t{width} * height > max_pixels) {
    return error(ErrorCode::kResourceExhausted, "{}x{} is more than {} pixels", width, height,
                 max_pixels);
  }
  Image image = make_image(height, width, decoder.channels());
  std::vector<std::uint8_t> cmyk_row;
  if (decoder.is_cmyk()) cmyk_row.resize(4 * static_cast<std::size_t>(width));
  const int orientation = decoder.orientation();  // its marker is gone once the pixels are read
  RETURN_IF_ERROR(decoder.read_pixels(image, cmyk_row));
  return apply_orientation(std::move(image), orientation);
}

Result<ImageInfo> read_jpeg_info(std::span<const std::byte> bytes) {
  JpegDecoder decoder;
  RETURN_IF_ERROR(decoder.read_header(bytes));
  ImageInfo info{static_cast<int>(decoder.info().image_width),
                 static_cast<int>(decoder.info().image_height), decoder.channels()};
  if (decoder.orientation() >= 5) std::swap(info.width, info.height);
  return info;
}

}  // namespace lathe::data
