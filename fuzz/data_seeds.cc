// Writes small images, arrays, archives and IDX files as the corpus that the targets of src/data/
// start from; each of them refuses the other kinds by their first bytes.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "data/encode_image.h"
#include "data/npy.h"
#include "data/zip.h"

namespace lathe::data {
namespace {

struct Fixture {
  const char* name;
  const char* hex;
  int height, width, channels;
  std::vector<std::uint8_t> pixels;
};

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

std::vector<std::string> seeds() {
  const std::vector<Fixture> fixtures{
#include "data/image_fixtures.inc"
  };
  std::vector<std::string> files;
  for (const Fixture& fixture : fixtures) files.push_back(from_hex(fixture.hex));
  files.push_back(encode_png(Image{2, 1, 3, {1, 2, 3, 4, 5, 6}}).value());
  const auto text = ir::Tensor::from_values<std::string>({2}, {"a", "bc"});
  files.push_back(format_npy(text).value());
  files.push_back(format_npy(ir::Tensor::from_values<float>({2, 1}, {1, 2})).value());
  const std::string array = files.back();
  files.emplace_back("\0\0\x0b\2\0\0\0\2\0\0\0\1\1\2\xff\xfe", 16);
  for (const bool zip64 : {false, true}) {
    ZipWriter writer(zip64);
    writer.add("x.npy", array);
    files.push_back(writer.finish());
  }
  return files;
}

}  // namespace
}  // namespace lathe::data

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  int number = 0;
  for (const std::string& seed : lathe::data::seeds()) {
    const lathe::Path path = lathe::Path(argv[1]) / fmt::format("data_{:02}", number++);
    const lathe::Status written = lathe::write_file_atomic(path, seed);
    if (written.ok()) continue;
    std::fprintf(stderr, "%s\n", written.error().message().c_str());
    return 1;
  }
  return 0;
}
