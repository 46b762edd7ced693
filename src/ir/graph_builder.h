// Builds networks layer by layer, with freshly initialised weights.
//
//   GraphBuilder b("tiny", /*seed=*/1);
//   ValueId x = b.input("input", {Dim::symbol("N"), 3, 32, 32});
//   x = b.relu(b.batch_norm(b.conv(x, 32, {.kernel = 3, .padding = 1})));
//   x = b.linear(b.flatten(b.global_average_pool(x)), 10);
//   Graph g = b.finish(x, "logits");
//
// The builder tracks channel counts itself, so it needs no shape inference. Names count up per kind
// ("conv1", "bn1"): two builds of the same network give the same names and, under one seed, the
// same weights. Misuse (a layer on a value of another rank) is a fault of the caller and stops the
// program.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/random.h"
#include "ir/graph.h"

namespace lathe::ir {

struct ConvOptions {
  std::int64_t kernel = 1;  // square
  std::int64_t stride = 1;
  std::int64_t padding = 0;  // on all four sides
  std::int64_t groups = 1;
  bool bias = false;
};

class GraphBuilder {
 public:
  GraphBuilder(std::string_view name, std::uint64_t seed);

  // NCHW, or [N, features].
  ValueId input(std::string_view name, Shape shape);

  // Weights [out, in/groups, kernel, kernel] from a normal distribution of variance 2/fan_out
  // (He et al. 2015, "Delving Deep into Rectifiers", fan-out mode); bias zero.
  ValueId conv(ValueId x, std::int64_t out_channels, const ConvOptions& options);
  // Scale 1, bias 0, running mean 0, running variance 1; epsilon 1e-5. `momentum` as ONNX has it:
  // the share of the old running statistics that is kept.
  ValueId batch_norm(ValueId x, float momentum = 0.9F);
  // Weights [out, in] (Gemm with transB=1) uniform in +-1/sqrt(in) after He et al. with gain 1/3;
  // bias uniform in the same range.
  ValueId linear(ValueId x, std::int64_t out_features);
  ValueId relu(ValueId x) { return unary("Relu", "relu", x); }
  ValueId relu6(ValueId x);  // Clip to [0, 6]
  ValueId softmax(ValueId x);
  ValueId max_pool(ValueId x, std::int64_t kernel, std::int64_t stride, std::int64_t padding = 0);
  ValueId average_pool(ValueId x, std::int64_t kernel, std::int64_t stride,
                       std::int64_t padding = 0);
  ValueId global_average_pool(ValueId x);
  // Of an input, or of what a global average pool made.
  ValueId flatten(ValueId x);
  ValueId dropout(ValueId x, float ratio);
  ValueId add(ValueId a, ValueId b);

  // Channels (axis 1) of a value made by this builder.
  [[nodiscard]] std::int64_t channels(ValueId x) const { return channels_.at(x); }

  // Names the output and gives the graph away.
  Graph finish(ValueId output, std::string_view output_name);

 private:
  std::string next_name(std::string_view kind);
  ValueId unary(std::string_view op_type, std::string_view kind, ValueId x,
                AttributeMap attributes = {});
  ValueId pool(std::string_view op_type, ValueId x, std::int64_t kernel, std::int64_t stride,
               std::int64_t padding);

  Graph graph_;
  Random random_;
  std::map<std::string, int, std::less<>> counters_;
  std::map<ValueId, std::int64_t> channels_;
  std::map<ValueId, std::int64_t> features_;  // elements per batch item, where known
};

}  // namespace lathe::ir
