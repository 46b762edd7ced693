// Writes a small classifier with random weights that carries its preprocessing and labels, for
// tests that need such a model: write_classifier OUT.onnx
#include <cstdio>
#include <string>
#include <vector>

#include "data/preprocess.h"
#include "formats/onnx/write_onnx.h"
#include "ir/architectures.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto graph = lathe::ir::make_architecture(
      "cnn", {.channels = 1, .height = 28, .width = 28, .classes = 3, .seed = 1});
  if (!graph.ok()) return 1;
  lathe::data::write_preprocess({.height = 28,
                                 .width = 28,
                                 .channels = lathe::data::Channels::kGray,
                                 .mean = {0.5F},
                                 .std = {0.25F}},
                                graph->metadata);
  lathe::data::write_labels(std::vector<std::string>{"circle", "square", "triangle"},
                            graph->metadata);
  const lathe::Status written = lathe::formats::write_onnx(*graph, argv[1]);
  if (!written.ok()) std::fprintf(stderr, "%s\n", written.error().message().c_str());
  return written.ok() ? 0 : 1;
}
