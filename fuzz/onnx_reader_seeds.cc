// Writes the corpus that onnx_reader_fuzz starts from.
#include <cstdio>

#include "onnx_seeds.h"

int main(int argc, char** argv) {
  if (argc == 2) return lathe::write_onnx_seeds(argv[1]);
  std::fprintf(stderr, "usage: onnx_reader_fuzz_seeds FOLDER\n");
  return 2;
}
