// Writes the corpus that compiled_model_fuzz starts from: small networks, compiled.
#include <cstdio>

#include "backends/compiled_model.h"
#include "base/file.h"
#include "formats/lathe/compiled_file.h"
#include "ir/graph_builder.h"
#include "ops/infer_shapes.h"

namespace {

using namespace lathe;

ir::Graph network(std::int64_t channels, bool open) {
  ir::GraphBuilder b("net", 1);
  ir::ValueId x = b.input("x", {open ? ir::Dim::symbol("N") : ir::Dim(1), 2, 6, 6});
  x = b.relu6(b.conv(x, channels, {.kernel = 3, .stride = 2, .padding = 1}));
  x = b.add(x, b.conv(x, channels, {.kernel = 3, .padding = 1, .groups = channels, .bias = true}));
  return b.finish(b.softmax(b.linear(b.flatten(b.global_average_pool(x)), 3)), "y");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: compiled_model_fuzz_seeds FOLDER\n");
    return 2;
  }
  for (const std::int64_t channels : {4, 20}) {
    for (const bool open : {false, true}) {
      ir::Graph graph = network(channels, open);
      const auto compiled = engine::compile_model(std::move(graph), {}, {.source = "net.onnx"});
      if (!compiled.ok() ||
          !formats::write_compiled(compiled->graph,
                                   Path(argv[1]) / fmt::format("{}-{}", channels, open))
               .ok())
        return 1;
    }
  }
  return 0;
}
