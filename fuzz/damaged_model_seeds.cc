// Writes the corpus that damaged_model_fuzz starts from: the seeds of onnx_reader_fuzz, and the
// models of ONNX's backend tests that Lathe reads, where Debian's libonnx-testdata is installed.
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "formats/onnx/read_onnx.h"
#include "onnx_seeds.h"

int main(int argc, char** argv) {
  using namespace lathe;
  if (argc != 2) {
    std::fprintf(stderr, "usage: damaged_model_fuzz_seeds FOLDER\n");
    return 2;
  }
  const Path folder = argv[1];
  if (const int failed = write_onnx_seeds(folder); failed != 0) return failed;
  const Path root = "/usr/share/libonnx-testdata/data/node";
  if (!std::filesystem::exists(root)) return 0;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    const Path model = entry.path() / "model.onnx";
    if (!formats::read_onnx(model).ok()) continue;
    const auto bytes = read_file(model);
    if (!bytes.ok() || bytes->size() > 16384) continue;
    if (!write_file_atomic(folder / entry.path().filename(), *bytes).ok()) return 1;
  }
  return 0;
}
