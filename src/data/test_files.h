// Files for tests: a folder that is removed again, and bytes made of text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <gtest/gtest.h>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "data/image.h"

namespace lathe::data {

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(Path(testing::TempDir()) / "lathe_data_XXXXXX") {
    std::string name = path_.string();
    LATHE_CHECK(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const Path& path() const { return path_; }
  Path write(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    LATHE_CHECK(write_file_atomic(path_ / name, content).ok());
    return path_ / name;
  }

 private:
  Path path_;
};

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

// Not smooth, not periodic, without chance.
inline Image synthetic_image(int height, int width, int channels, int variant = 0) {
  Image image = make_image(height, width, channels);
  std::size_t at = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        image.pixels[at++] = static_cast<std::uint8_t>(
            (x * 37 + y * 91 + c * 53 + (x * y) % 29 * 7 + variant * 11) % 256);
      }
    }
  }
  return image;
}

}  // namespace lathe::data
