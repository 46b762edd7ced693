// Every exporter's quantized form against ONNX Runtime, where its library is there.
#include <gtest/gtest.h>

#include "backends/onnxruntime.h"
#include "engine/native.h"
#include "engine/test_backends.h"
#include "engine/test_models.h"
#include "passes/exporter_forms.h"

namespace lathe::engine {
namespace {

TEST(QuantizedFormsOfExporters, AreWithinOneStepOfOnnxRuntime) {
  const Availability found = onnxruntime_backend().available();
  if (!found.available) GTEST_SKIP() << found.reason;
  // Operators with operands of two types, which it refuses and Lathe takes; and a Transpose that it
  // moves past a quantization of another type.
  int refused = 0;
  for (const passes::forms::ExporterForm& form : passes::forms::exporter_forms()) {
    SCOPED_TRACE(form.name);
    passes::forms::Exporter exporter;
    const ir::Graph graph = form.build(exporter);
    const auto native = compile(native_backend(), graph);
    const auto peer = onnxruntime_backend().compile(graph, {.threads = 1});
    refused += peer.ok() ? 0 : 1;
    if (native == nullptr || !peer.ok()) continue;
    std::vector<ir::Tensor> inputs;
    for (const TensorInfo& info : native->inputs())
      inputs.push_back(random_input(*ir::known_dims(*info.type.shape), 3 + inputs.size()));
    const auto expected = run(**peer, inputs);
    const auto actual = run(*native, inputs);
    EXPECT_LE(largest_difference(expected[0], actual[0]), 1.001 * static_cast<double>(form.step));
  }
  EXPECT_LE(refused, 4);
}

}  // namespace
}  // namespace lathe::engine
