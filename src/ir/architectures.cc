#include "ir/architectures.h"

#include <algorithm>
#include <array>
#include <fmt/ranges.h>

#include "base/suggest.h"
#include "ir/graph_builder.h"

namespace lathe::ir {
namespace {

using Options = ArchitectureOptions;

ValueId image_input(GraphBuilder& b, const Options& o) {
  return b.input("input", {Dim::symbol("N"), o.channels, o.height, o.width});
}

ValueId conv_bn(GraphBuilder& b, ValueId x, std::int64_t channels, const ConvOptions& options) {
  return b.batch_norm(b.conv(x, channels, options));
}

ValueId conv_bn_relu(GraphBuilder& b, ValueId x, std::int64_t channels,
                     const ConvOptions& options) {
  return b.relu(conv_bn(b, x, channels, options));
}

// Depthwise then pointwise convolution (Howard et al. 2017, "MobileNets").
ValueId separable(GraphBuilder& b, ValueId x, std::int64_t channels, std::int64_t stride) {
  const std::int64_t in = b.channels(x);
  x = conv_bn_relu(b, x, in, {.kernel = 3, .stride = stride, .padding = 1, .groups = in});
  return conv_bn_relu(b, x, channels, {.kernel = 1});
}

constexpr std::int64_t kMlpWidth = 300;  // each takes every value of the input

Graph build_mlp(const Options& o) {
  GraphBuilder b("mlp", o.seed);
  ValueId x = b.flatten(image_input(b, o));
  x = b.relu(b.linear(x, kMlpWidth));
  x = b.relu(b.linear(x, 100));
  return b.finish(b.linear(x, o.classes), "logits");
}

Graph build_cnn(const Options& o) {
  GraphBuilder b("cnn", o.seed);
  ValueId x = image_input(b, o);
  x = conv_bn_relu(b, x, 32, {.kernel = 3, .padding = 1});
  x = b.max_pool(x, 2, 2);
  x = separable(b, x, 64, 1);
  x = b.max_pool(x, 2, 2);
  x = separable(b, x, 128, 1);
  x = b.max_pool(x, 2, 2);
  x = separable(b, x, 256, 1);
  x = b.flatten(b.global_average_pool(x));
  return b.finish(b.linear(b.dropout(x, 0.5F), o.classes), "logits");
}

Graph build_mobile(const Options& o) {
  GraphBuilder b("mobile", o.seed);
  ValueId x = image_input(b, o);
  x = conv_bn_relu(b, x, 16, {.kernel = 3, .padding = 1});
  for (const std::int64_t channels : {32, 64, 128}) x = separable(b, x, channels, 2);
  x = b.flatten(b.global_average_pool(x));
  return b.finish(b.linear(x, o.classes), "logits");
}

// The image classification model of MLPerf Tiny (Banbury et al. 2021): three stacks of one basic
// residual block each, with a 1x1 convolution on the shortcut where the shape changes.
Graph build_resnet8(const Options& o) {
  GraphBuilder b("resnet8", o.seed);
  ValueId x = conv_bn_relu(b, image_input(b, o), 16, {.kernel = 3, .padding = 1});
  for (const std::int64_t channels : {16, 32, 64}) {
    const std::int64_t stride = channels == 16 ? 1 : 2;
    ValueId y = conv_bn_relu(b, x, channels, {.kernel = 3, .stride = stride, .padding = 1});
    y = conv_bn(b, y, channels, {.kernel = 3, .padding = 1});
    if (stride != 1) x = b.conv(x, channels, {.kernel = 1, .stride = stride, .bias = true});
    x = b.relu(b.add(y, x));
  }
  x = b.flatten(b.global_average_pool(x));
  return b.finish(b.linear(x, o.classes), "logits");
}

// He et al. 2015, "Deep Residual Learning for Image Recognition", with the stride on the 3x3
// convolution of a bottleneck, as the widely used version 1.5 has it.
ValueId residual_block(GraphBuilder& b, ValueId x, std::int64_t width, std::int64_t stride,
                       bool bottleneck) {
  const std::int64_t out = bottleneck ? width * 4 : width;
  ValueId y;
  if (bottleneck) {
    y = conv_bn_relu(b, x, width, {.kernel = 1});
    y = conv_bn_relu(b, y, width, {.kernel = 3, .stride = stride, .padding = 1});
    y = conv_bn(b, y, out, {.kernel = 1});
  } else {
    y = conv_bn_relu(b, x, width, {.kernel = 3, .stride = stride, .padding = 1});
    y = conv_bn(b, y, out, {.kernel = 3, .padding = 1});
  }
  if (stride != 1 || b.channels(x) != out) x = conv_bn(b, x, out, {.kernel = 1, .stride = stride});
  return b.relu(b.add(y, x));
}

Graph build_resnet(std::string_view name, const Options& o, const std::array<int, 4>& depths,
                   bool bottleneck) {
  GraphBuilder b(name, o.seed);
  ValueId x = conv_bn_relu(b, image_input(b, o), 64, {.kernel = 7, .stride = 2, .padding = 3});
  x = b.max_pool(x, 3, 2, 1);
  std::int64_t width = 64;
  for (const int depth : depths) {
    for (int i = 0; i < depth; ++i) {
      x = residual_block(b, x, width, i == 0 && width != 64 ? 2 : 1, bottleneck);
    }
    width *= 2;
  }
  x = b.flatten(b.global_average_pool(x));
  return b.finish(b.linear(x, o.classes), "logits");
}

Graph build_resnet18(const Options& o) { return build_resnet("resnet18", o, {2, 2, 2, 2}, false); }
Graph build_resnet50(const Options& o) { return build_resnet("resnet50", o, {3, 4, 6, 3}, true); }

// Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", table 2.
Graph build_mobilenet_v2(const Options& o) {
  struct Stage {
    std::int64_t expansion, channels, repeats, stride;
  };
  constexpr std::array kStages = {Stage{1, 16, 1, 1}, Stage{6, 24, 2, 2}, Stage{6, 32, 3, 2},
                                  Stage{6, 64, 4, 2}, Stage{6, 96, 3, 1}, Stage{6, 160, 3, 2},
                                  Stage{6, 320, 1, 1}};
  GraphBuilder b("mobilenet_v2", o.seed);
  const auto conv_bn_relu6 = [&](ValueId x, std::int64_t channels, const ConvOptions& options) {
    return b.relu6(conv_bn(b, x, channels, options));
  };
  ValueId x = conv_bn_relu6(image_input(b, o), 32, {.kernel = 3, .stride = 2, .padding = 1});
  for (const Stage& stage : kStages) {
    for (std::int64_t i = 0; i < stage.repeats; ++i) {
      const std::int64_t stride = i == 0 ? stage.stride : 1;
      const std::int64_t hidden = b.channels(x) * stage.expansion;
      ValueId y = stage.expansion == 1 ? x : conv_bn_relu6(x, hidden, {.kernel = 1});
      y = conv_bn_relu6(y, hidden, {.kernel = 3, .stride = stride, .padding = 1, .groups = hidden});
      y = conv_bn(b, y, stage.channels, {.kernel = 1});
      x = stride == 1 && b.channels(x) == stage.channels ? b.add(x, y) : y;
    }
  }
  x = b.flatten(b.global_average_pool(conv_bn_relu6(x, 1280, {.kernel = 1})));
  return b.finish(b.linear(b.dropout(x, 0.2F), o.classes), "logits");
}

constexpr Options kSmallImage{3, 32, 32, 10, 0};
constexpr Options kImageNet{3, 224, 224, 1000, 0};
constexpr Options kDigits{1, 28, 28, 10, 0};

constexpr std::array kArchitectures = {
    Architecture{"mobile", "depthwise separable, 16-32-64-128 channels, stride 2", kSmallImage,
                 build_mobile},
    Architecture{"cnn", "depthwise separable with max pooling, 32-64-128-256 channels", kSmallImage,
                 build_cnn},
    Architecture{"resnet8", "residual network of MLPerf Tiny", kSmallImage, build_resnet8},
    Architecture{"mlp", "fully connected, 300-100 units", kDigits, build_mlp},
    Architecture{"mobilenet_v2", "inverted residuals (Sandler et al. 2018), for ImageNet sizes",
                 kImageNet, build_mobilenet_v2},
    Architecture{"resnet18", "18-layer residual network (He et al. 2015)", kImageNet,
                 build_resnet18},
    Architecture{"resnet50", "50-layer residual network (He et al. 2015)", kImageNet,
                 build_resnet50},
};

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

namespace {

// With the architecture's defaults in place of zeros.
struct Choice {
  const Architecture* architecture = nullptr;
  Options options;
};

Result<Choice> choose(std::string_view name, Options o) {
  const auto* it = std::find_if(kArchitectures.begin(), kArchitectures.end(),
                                [&](const Architecture& a) { return a.name == name; });
  if (it == kArchitectures.end()) {
    std::vector<std::string_view> names;
    for (const Architecture& a : kArchitectures) names.push_back(a.name);
    return invalid_argument("unknown architecture '{}': known are {}{}", name,
                            fmt::join(names, ", "), did_you_mean(name, names));
  }
  constexpr std::int64_t kLargest = 1 << 16;
  const auto fill = [](std::int64_t& value, std::int64_t fallback) {
    if (value == 0) value = fallback;
    return value >= 1 && value <= kLargest;
  };
  if (!fill(o.channels, it->defaults.channels) || !fill(o.height, it->defaults.height) ||
      !fill(o.width, it->defaults.width) || !fill(o.classes, it->defaults.classes)) {
    return invalid_argument("channels, height, width and classes must lie in [1, {}]", kLargest);
  }
  if (name == "cnn" && std::min(o.height, o.width) < 8) {
    return invalid_argument(
        "cnn halves the image three times: {}x{} is too small, 8x8 is the least", o.height,
        o.width);
  }
  constexpr std::int64_t kMostWeights = (std::int64_t{2} << 30) / sizeof(float);  // in an ONNX file
  if (name == "mlp" && o.channels * o.height * o.width > kMostWeights / kMlpWidth) {
    return invalid_argument(
        "mlp has {} weights for each value of the input: {}x{}x{} is too large, {} values are the "
        "most",
        kMlpWidth, o.channels, o.height, o.width, kMostWeights / kMlpWidth);
  }
  return Choice{it, o};
}

}  // namespace

Status check_architecture(std::string_view name, const ArchitectureOptions& options) {
  const Result<Choice> choice = choose(name, options);
  return choice.ok() ? Status() : choice.error();
}

Result<Graph> make_architecture(std::string_view name, const ArchitectureOptions& options) {
  ASSIGN_OR_RETURN(const Choice choice, choose(name, options));
  return choice.architecture->build(choice.options);
}

}  // namespace lathe::ir
