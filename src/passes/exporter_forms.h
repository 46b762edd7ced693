// Small quantized graphs as exporters write them: ONNX Runtime's quantizer (QDQ and QOperator
// form), PyTorch, OpenVINO's NNCF, TensorFlow. One table for the tests of the engine and of the
// backends.
#pragma once

#include <array>
#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "ir/domains.h"
#include "ops/infer_shapes.h"

namespace lathe::passes::forms {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;
using Dims = std::vector<std::int64_t>;

// The 8-bit type, scale and zero point of a value.
struct Steps {
  float scale = 0.02F;
  DataType type = DataType::kUint8;
  std::int64_t zero = 128;
};
inline constexpr Steps kPositive{0.02F, DataType::kUint8, 0};  // behind a Relu
inline constexpr Steps kSymmetric{0.02F, DataType::kInt8, 0};  // as TensorRT and NNCF have weights
inline constexpr Steps kAsymmetric{0.02F, DataType::kInt8, -7};  // as TensorFlow has activations

// How weights are stored.
struct Stored {
  DataType type = DataType::kInt8;
  std::int64_t zero = 0;
  bool per_channel = true;
  std::int64_t axis = 0;  // of the output channels
};

class Exporter {
 public:
  ValueId input(const Dims& dims, const char* name = "x") {
    return g.add_input(name, {DataType::kFloat32, ir::make_shape(dims)});
  }
  ValueId scale_of(const Steps& steps) {
    return g.add_constant("scale", Tensor::scalar(steps.scale));
  }
  ValueId zero_of(const Steps& steps) {
    Tensor zero = Tensor::zeros(steps.type, {});
    zero.set_double(0, static_cast<double>(steps.zero));
    return g.add_constant("zero_point", std::move(zero));
  }
  ValueId quantize(ValueId x, const Steps& steps) {
    return g.add("QuantizeLinear", std::array{x, scale_of(steps), zero_of(steps)});
  }
  ValueId dequantize(ValueId x, const Steps& steps) {
    return g.add("DequantizeLinear", std::array{x, scale_of(steps), zero_of(steps)});
  }
  ValueId through(ValueId x, const Steps& steps = {}) {
    return dequantize(quantize(x, steps), steps);
  }
  ValueId add(const char* op, const std::vector<ValueId>& inputs, ir::AttributeMap attributes = {},
              std::string_view domain = "") {
    return g.add(op, inputs, std::move(attributes), {}, domain);
  }
  ValueId floats(const Dims& dims, float low, float high) {
    Tensor tensor = Tensor::zeros(DataType::kFloat32, dims);
    for (float& v : tensor.mutable_data<float>()) v = random_.uniform(low, high);
    return g.add_constant("c", std::move(tensor));
  }
  ValueId number(float value) { return g.add_constant("number", Tensor::scalar(value)); }
  ValueId integers(const Dims& values) {
    return g.add_constant("integers", Tensor::vector_int64(values));
  }
  // 8-bit integers over the whole range of their type.
  ValueId stored(const Dims& dims, DataType type) {
    Tensor tensor = Tensor::zeros(type, dims);
    const int low = type == DataType::kInt8 ? -128 : 0;
    for (std::int64_t i = 0; i < tensor.num_elements(); ++i)
      tensor.set_double(i, static_cast<double>(random_.below(256)) + low);
    return g.add_constant("w", std::move(tensor));
  }
  ValueId weight_scales(std::int64_t channels) {
    Tensor scales =
        channels == 0 ? Tensor::scalar(0.004F) : Tensor::zeros(DataType::kFloat32, {channels});
    for (std::int64_t c = 0; c < channels; ++c)
      scales.set_double(c, static_cast<double>(0.002F + 0.001F * static_cast<float>(c % 4)));
    return g.add_constant("w_scale", std::move(scales));
  }
  ValueId weights(const Dims& dims, const Stored& how = {}) {
    const std::int64_t channels = how.per_channel ? dims[static_cast<std::size_t>(how.axis)] : 0;
    Tensor zero =
        how.per_channel ? Tensor::zeros(how.type, {channels}) : Tensor::zeros(how.type, {});
    for (std::int64_t c = 0; c < zero.num_elements(); ++c)
      zero.set_double(c, static_cast<double>(how.zero));
    const std::vector<ValueId> inputs{stored(dims, how.type), weight_scales(channels),
                                      g.add_constant("w_zero", std::move(zero))};
    return g.add("DequantizeLinear", inputs, {{"axis", how.axis}});
  }
  // int32 in units of the scales of x and the weights, as ONNX Runtime and TensorFlow have it.
  ValueId int32_bias(std::int64_t channels, float x_scale, bool per_channel = true) {
    Tensor values = Tensor::zeros(DataType::kInt32, {channels});
    Tensor scales = Tensor::zeros(DataType::kFloat32, {channels});
    for (std::int64_t c = 0; c < channels; ++c) {
      values.set_double(c, static_cast<double>(random_.below(4000)) - 2000);
      const float scale = per_channel ? 0.002F + 0.001F * static_cast<float>(c % 4) : 0.004F;
      scales.set_double(c, static_cast<double>(x_scale * scale));
    }
    const std::vector<ValueId> inputs{
        g.add_constant("b", std::move(values)),
        g.add_constant("b_scale",
                       per_channel ? std::move(scales) : Tensor::scalar(x_scale * 0.004F))};
    return g.add("DequantizeLinear", inputs, {{"axis", std::int64_t{0}}});
  }
  // An operator of ONNX Runtime's on quantized values, each with its steps; the last are the
  // result's.
  ValueId qlinear(const char* op, const std::vector<std::pair<ValueId, Steps>>& operands,
                  const Steps& y, ir::AttributeMap attributes = {}) {
    std::vector<ValueId> inputs;
    for (const auto& [value, steps] : operands)
      inputs.insert(inputs.end(), {value, scale_of(steps), zero_of(steps)});
    inputs.insert(inputs.end(), {scale_of(y), zero_of(y)});
    return add(op, inputs, std::move(attributes), ir::kMicrosoftDomain);
  }
  Graph finish(std::vector<ValueId> outputs) {
    g.set_outputs(std::move(outputs));
    const Status inferred = ops::infer_shapes(g);
    EXPECT_TRUE(inferred.ok()) << inferred.error().message();
    return std::move(g);
  }

  Graph g;

 private:
  Random random_{7};
};

struct ExporterForm {
  std::string name;
  std::function<Graph(Exporter&)> build;
  // Beginnings of names of kernels that it must end on.
  std::vector<std::string> kernels;
  // The step of the result; another backend may be one off, and so may float32 kernels within.
  float step = 0.02F;
  bool has_float_kernels = false;
};

inline std::vector<ExporterForm> exporter_forms() {
  using Attributes = ir::AttributeMap;
  const auto window = [](const Dims& kernel, const Dims& strides, const Dims& pads) {
    return Attributes{{"kernel_shape", kernel}, {"strides", strides}, {"pads", pads}};
  };
  std::vector<ExporterForm> forms;
  const auto row = [&](std::string name, std::vector<std::string> kernels,
                       std::function<Graph(Exporter&)> build, bool has_float_kernels = false,
                       float step = 0.02F) {
    forms.push_back(
        {std::move(name), std::move(build), std::move(kernels), step, has_float_kernels});
  };

  // Convolutions.
  row("ONNX Runtime: Conv, int32 bias, Relu", {"igemm_s8"}, [=](Exporter& e) {
    const ValueId x = e.through(e.input({1, 3, 9, 9}));
    const ValueId conv = e.add("Conv", {x, e.weights({8, 3, 3, 3}), e.int32_bias(8, 0.02F)},
                               window({3, 3}, {2, 2}, {1, 1, 1, 1}));
    return e.finish({e.through(e.add("Relu", {conv}), kPositive)});
  });
  row("ONNX Runtime: uint8 weights with a zero point for all", {"igemm_s8"}, [=](Exporter& e) {
    const ValueId x = e.through(e.input({1, 4, 6, 6}));
    const ValueId w = e.weights({8, 4, 3, 3}, {DataType::kUint8, 131, false});
    const ValueId conv = e.add("Conv", {x, w, e.int32_bias(8, 0.02F, false)});
    return e.finish({e.through(e.add("Clip", {conv, e.number(0), e.number(1)}), kPositive)});
  });
  row("PyTorch: int8 on either side, float bias", {"igemm_s8"}, [=](Exporter& e) {
    const ValueId x = e.through(e.input({2, 5, 7, 7}), kSymmetric);
    const ValueId conv = e.add("Conv", {x, e.weights({6, 5, 1, 1}), e.floats({6}, -1, 1)});
    return e.finish({e.through(conv, kAsymmetric)});
  });
  row("TensorFlow: depthwise, channels last, Clip to 6", {"depthwise_s8"}, [=](Exporter& e) {
    const ValueId nhwc = e.through(e.input({1, 8, 8, 16}), kAsymmetric);
    const ValueId x = e.add("Transpose", {nhwc}, {{"perm", Dims{0, 3, 1, 2}}});
    Attributes attributes = window({3, 3}, {1, 1}, {1, 1, 1, 1});
    attributes.emplace("group", std::int64_t{16});
    const ValueId conv = e.add(
        "Conv", {e.through(x, kAsymmetric), e.weights({16, 1, 3, 3}), e.int32_bias(16, 0.02F)},
        attributes);
    const ValueId y = e.through(e.add("Clip", {conv, e.number(0), e.number(6)}),
                                {0.0235F, DataType::kInt8, -128});
    return e.finish({e.add("Transpose", {y}, {{"perm", Dims{0, 2, 3, 1}}})});
  });
  row("TensorFlow: uint8 depthwise weights with a zero point", {"depthwise_s8", "take_grid"},
      [=](Exporter& e) {
        Attributes attributes = window({3, 3}, {2, 2}, {0, 0, 1, 1});
        attributes.emplace("group", std::int64_t{16});
        const ValueId w = e.weights({16, 1, 3, 3}, {DataType::kUint8, 90, false});
        const ValueId conv =
            e.add("Conv", {e.through(e.input({1, 16, 8, 8})), w, e.int32_bias(16, 0.02F, false)},
                  attributes);
        return e.finish({e.through(conv)});
      });
  row("depthwise with a multiplier and zero points", {"igemm_s8"}, [=](Exporter& e) {
    const ValueId w = e.weights({12, 1, 3, 3}, {DataType::kUint8, 140});
    const ValueId conv =
        e.add("Conv", {e.through(e.input({1, 6, 7, 7})), w}, {{"group", std::int64_t{6}}});
    return e.finish({e.through(conv)});
  });
  row("groups with zero points, dilated", {"igemm_s8"}, [=](Exporter& e) {
    const ValueId w = e.weights({8, 3, 3, 3}, {DataType::kInt8, 40});
    const ValueId conv = e.add("Conv", {e.through(e.input({1, 6, 9, 9})), w},
                               {{"group", std::int64_t{2}}, {"dilations", Dims{2, 2}}});
    return e.finish({e.through(conv)});
  });
  row("one spatial axis", {"igemm_s8"}, [=](Exporter& e) {
    const ValueId conv = e.add("Conv", {e.through(e.input({1, 4, 20})), e.weights({8, 4, 5})});
    return e.finish({e.through(conv)});
  });
  row("NNCF: no steps behind a convolution, a residual in float32", {"igemm_s8"}, [=](Exporter& e) {
    const ValueId x = e.through(e.input({1, 8, 6, 6}));
    const ValueId conv = e.add("Conv", {x, e.weights({8, 8, 3, 3}), e.floats({8}, -1, 1)},
                               window({3, 3}, {1, 1}, {1, 1, 1, 1}));
    const ValueId sum = e.add("Relu", {e.add("Add", {conv, x})});
    return e.finish({e.through(sum, kPositive)});
  });
  row(
      "TensorRT: SiLU in float32 behind a convolution", {"igemm_s8"},
      [=](Exporter& e) {
        const ValueId x = e.through(e.input({1, 8, 6, 6}), kSymmetric);
        const ValueId conv = e.add("Conv", {x, e.weights({8, 8, 1, 1}), e.floats({8}, -1, 1)});
        return e.finish({e.through(e.add("Mul", {conv, e.add("Sigmoid", {conv})}), kAsymmetric)});
      },
      true);
  row("a convolution whose result is float32", {"igemm_s8"}, [=](Exporter& e) {
    const ValueId x = e.through(e.input({1, 8, 5, 5}));
    return e.finish({e.add("Conv", {x, e.weights({4, 8, 1, 1}), e.int32_bias(4, 0.02F)})});
  });
  row("transposed convolution, stride 2", {"igemm_s8", "permute"}, [=](Exporter& e) {
    const ValueId w = e.weights({6, 4, 4, 4}, {DataType::kInt8, 0, true, 1});
    const ValueId up =
        e.add("ConvTranspose", {e.through(e.input({1, 6, 5, 5})), w, e.int32_bias(4, 0.02F)},
              window({4, 4}, {2, 2}, {1, 1, 1, 1}));
    return e.finish({e.through(e.add("Relu", {up}), kPositive)});
  });
  row("transposed depthwise convolution with zero points", {"igemm_s8", "permute"},
      [=](Exporter& e) {
        Attributes attributes = window({4, 4}, {2, 2}, {1, 1, 1, 1});
        attributes.emplace("group", std::int64_t{6});
        const ValueId w = e.weights({6, 1, 4, 4}, {DataType::kUint8, 128, false});
        return e.finish(
            {e.through(e.add("ConvTranspose", {e.through(e.input({1, 6, 4, 4})), w}, attributes))});
      });
  row("transposed convolution of one axis, output_padding", {"igemm_s8", "permute"},
      [=](Exporter& e) {
        Attributes attributes = window({3}, {3}, {0, 1});
        attributes.emplace("output_padding", Dims{2});
        const ValueId w = e.weights({4, 5, 3}, {DataType::kInt8, 3, true, 1});
        return e.finish({e.through(
            e.add("ConvTranspose", {e.through(e.input({2, 4, 7}), kAsymmetric), w}, attributes))});
      });

  // Products of matrices.
  const auto product = [](Exporter& e, const Dims& a, const Steps& a_steps, const Dims& b,
                          const Steps& b_steps) {
    const ValueId left = e.through(e.input(a, "a"), a_steps);
    return e.add("MatMul", {left, e.through(e.input(b, "b"), b_steps)});
  };
  const std::vector<std::pair<Steps, Steps>> pairs{
      {{}, {}}, {kAsymmetric, {}}, {{}, kSymmetric}, {kPositive, kAsymmetric}};
  for (const auto& pair : pairs) {
    const Steps a = pair.first;
    const Steps b = pair.second;
    row(
        fmt::format("two computed matrices, {} {} and {} {}", ir::data_type_name(a.type), a.zero,
                    ir::data_type_name(b.type), b.zero),
        {"mat_mul_igemm_s8"},
        [=](Exporter& e) {
          return e.finish({e.through(product(e, {2, 3, 9, 16}, a, {2, 3, 16, 20}, b),
                                     {0.05F, DataType::kInt8, 4})});
        },
        false, 0.05F);
  }
  row("two computed matrices, broadcast, the result float32", {"mat_mul_igemm_s8"},
      [=](Exporter& e) {
        return e.finish({product(e, {3, 5, 7}, {}, {1, 7, 6}, kAsymmetric)});
      });
  row("Gemm of two computed matrices, transposed", {"mat_mul_igemm_s8", "permute"},
      [=](Exporter& e) {
        const ValueId a = e.through(e.input({5, 12}, "a"));
        const ValueId b = e.through(e.input({10, 12}, "b"), kSymmetric);
        return e.finish({e.through(e.add("Gemm", {a, b}, {{"transB", std::int64_t{1}}}))});
      });
  row(
      "ONNX Runtime: MatMul by weights, a quantized bias", {"igemm_s8", "add_s8"},
      [=](Exporter& e) {
        const ValueId x = e.through(e.input({2, 5, 12}));
        const ValueId w = e.weights({12, 8}, {DataType::kInt8, 0, true, 1});
        const ValueId y = e.through(e.add("MatMul", {x, w}), {0.03F, DataType::kUint8, 120});
        const ValueId bias =
            e.dequantize(e.stored({8}, DataType::kUint8), {0.01F, DataType::kUint8, 128});
        return e.finish({e.through(e.add("Add", {bias, y}), {0.04F, DataType::kUint8, 125})});
      },
      false, 0.07F);
  row(
      "NNCF: MatMul by weights, a float bias, Gelu of Erf", {"igemm_s8"},
      [=](Exporter& e) {
        const ValueId x = e.through(e.input({2, 5, 12}));
        const ValueId w = e.weights({12, 8}, {DataType::kInt8, 0, true, 1});
        const ValueId y = e.add("Add", {e.add("MatMul", {x, w}), e.floats({8}, -1, 1)});
        const ValueId erf = e.add("Erf", {e.add("Div", {y, e.number(1.41421356F)})});
        const ValueId gelu =
            e.add("Mul", {e.add("Mul", {y, e.add("Add", {erf, e.number(1)})}), e.number(0.5F)});
        return e.finish({e.through(gelu, kAsymmetric)});
      },
      true);
  row(
      "attention", {"mat_mul_igemm_s8", "softmax"},
      [=](Exporter& e) {
        const ValueId q = e.through(e.input({1, 2, 6, 8}, "q"));
        const ValueId k = e.through(e.input({1, 2, 6, 8}, "k"));
        const ValueId v = e.through(e.input({1, 2, 6, 8}, "v"));
        const ValueId turned = e.through(e.add("Transpose", {k}, {{"perm", Dims{0, 1, 3, 2}}}));
        const ValueId scores =
            e.through(e.add("MatMul", {q, turned}), {0.05F, DataType::kUint8, 128});
        const ValueId shares =
            e.through(e.add("Softmax", {e.through(e.add("Div", {scores, e.number(2.828F)}))},
                            {{"axis", std::int64_t{-1}}}),
                      {1.0F / 256, DataType::kUint8, 0});
        return e.finish({e.through(e.add("MatMul", {shares, v}))});
      },
      true);

  // Arithmetic.
  row("Add of two scales, then Relu", {"add_s8"}, [=](Exporter& e) {
    const ValueId a = e.through(e.input({1, 4, 5, 5}, "a"));
    const ValueId b = e.through(e.input({1, 4, 5, 5}, "b"), kAsymmetric);
    return e.finish({e.through(e.add("Relu", {e.add("Add", {a, b})}), kPositive)});
  });
  for (const char* op : {"Add", "Sub", "Mul"}) {
    row(
        fmt::format("{}, broadcast", op), {op == std::string("Mul") ? "mul_s8" : "add_s8"},
        [=](Exporter& e) {
          const ValueId a = e.through(e.input({2, 4, 5, 5}, "a"));
          const ValueId b = e.through(e.input({4, 1, 1}, "b"), kAsymmetric);
          return e.finish({e.through(e.add(op, {a, b}), {0.03F, DataType::kInt8, 5})});
        },
        false, 0.03F);
  }
  row("squeeze and excite", {"igemm_s8", "average_pool_s8", "lookup", "mul_s8"}, [=](Exporter& e) {
    const ValueId x =
        e.through(e.add("Conv", {e.through(e.input({1, 8, 6, 6})), e.weights({8, 8, 1, 1})}));
    const ValueId mean = e.through(e.add("GlobalAveragePool", {x}));
    const ValueId gate =
        e.through(e.add("HardSigmoid", {e.through(e.add("Conv", {mean, e.weights({8, 8, 1, 1})}))},
                        {{"alpha", 1.0F / 6}}),
                  {1.0F / 255, DataType::kUint8, 0});
    return e.finish({e.through(e.add("Mul", {x, gate}))});
  });

  // Functions of one value, each a table.
  row("ONNX Runtime: SiLU with steps between", {"lookup"}, [=](Exporter& e) {
    const ValueId x = e.through(e.input({1, 4, 5, 5}));
    const ValueId gate = e.through(e.add("Sigmoid", {x}), {1.0F / 256, DataType::kUint8, 0});
    return e.finish({e.through(e.add("Mul", {x, gate}), kAsymmetric)});
  });
  row("TensorFlow: hard swish as it is decomposed", {"lookup"}, [=](Exporter& e) {
    const ValueId x = e.through(e.input({1, 4, 5, 5}), kAsymmetric);
    const ValueId gate = e.add("Clip", {e.add("Add", {x, e.number(3)}), e.number(0), e.number(6)});
    return e.finish(
        {e.through(e.add("Mul", {e.add("Mul", {x, gate}), e.number(1.0F / 6)}), kAsymmetric)});
  });
  for (const char* op : {"HardSwish", "Tanh", "Sigmoid", "LeakyRelu", "Elu", "Softplus", "Gelu"}) {
    row(op, {"lookup"}, [=](Exporter& e) {
      return e.finish({e.through(e.add(op, {e.through(e.input({3, 7}))}), kAsymmetric)});
    });
  }

  // What moves elements, and pools.
  row("Concat of three scales", {"copy", "lookup"}, [=](Exporter& e) {
    const ValueId x = e.input({1, 2, 4, 4});
    const std::vector<ValueId> parts{e.through(x), e.through(x, kAsymmetric),
                                     e.through(x, {0.03F, DataType::kUint8, 100})};
    return e.finish({e.through(e.add("Concat", parts, {{"axis", std::int64_t{1}}}))});
  });
  row("nearest Resize", {"take_grid"}, [=](Exporter& e) {
    const ValueId scales =
        e.g.add_constant("scales", Tensor::from_values<float>({4}, {1, 1, 2, 2}));
    const ValueId x = e.through(e.input({1, 4, 3, 5}));
    return e.finish({e.through(e.add("Resize", {x, ir::kNoValue, scales},
                                     {{"coordinate_transformation_mode", std::string("asymmetric")},
                                      {"nearest_mode", std::string("floor")}}))});
  });
  row(
      "linear Resize", {"interpolate_f32"},
      [=](Exporter& e) {
        const ValueId x = e.through(e.input({1, 4, 3, 5}));
        const ValueId y =
            e.add("Resize", {x, ir::kNoValue, ir::kNoValue, e.integers({1, 4, 7, 11})},
                  {{"mode", std::string("linear")}});
        return e.finish({e.through(y)});
      },
      true);
  row("Pad with another scale", {"pad", "lookup"}, [=](Exporter& e) {
    const ValueId x = e.through(e.input({1, 4, 3, 5}));
    const ValueId y = e.add("Pad", {x, e.integers({0, 0, 1, 2, 0, 0, 0, 1}), e.number(0.5F)});
    return e.finish({e.through(y, kAsymmetric)});
  });
  row("Slice, Reshape and Transpose", {"strided_copy", "permute"}, [=](Exporter& e) {
    const ValueId x = e.through(e.input({1, 6, 4, 4}));
    const ValueId part =
        e.through(e.add("Slice", {x, e.integers({1}), e.integers({5}), e.integers({1})}));
    const ValueId flat = e.through(e.add("Reshape", {part, e.integers({1, 4, 16})}));
    return e.finish({e.through(e.add("Transpose", {flat}, {{"perm", Dims{0, 2, 1}}}))});
  });
  row("MaxPool and AveragePool", {"max_pool_s8", "average_pool_s8"}, [=](Exporter& e) {
    const ValueId x = e.through(e.input({1, 8, 9, 9}));
    const ValueId most = e.through(e.add("MaxPool", {x}, window({3, 3}, {2, 2}, {1, 1, 1, 1})));
    Attributes attributes = window({3, 3}, {2, 2}, {1, 1, 1, 1});
    attributes.emplace("count_include_pad", std::int64_t{1});
    return e.finish({e.through(e.add("AveragePool", {most}, attributes), kAsymmetric)});
  });
  row("AveragePool with ceil_mode, Relu behind", {"average_pool_s8"}, [=](Exporter& e) {
    Attributes attributes = window({2, 2}, {2, 2}, {0, 0, 0, 0});
    attributes.emplace("ceil_mode", std::int64_t{1});
    const ValueId x = e.through(e.input({1, 8, 7, 7}), kAsymmetric);
    return e.finish({e.through(e.add("Relu", {e.add("AveragePool", {x}, attributes)}), kPositive)});
  });
  row("TensorFlow: the mean of pixels", {"average_pool_s8"}, [=](Exporter& e) {
    const ValueId x = e.through(e.input({2, 8, 5, 5}), kAsymmetric);
    const ValueId mean =
        e.add("ReduceMean", {x, e.integers({2, 3})}, {{"keepdims", std::int64_t{0}}});
    return e.finish({e.through(mean)});
  });

  // In float32 between steps.
  row(
      "LayerNormalization", {"layer_norm"},
      [=](Exporter& e) {
        const ValueId x = e.through(e.input({2, 6, 16}));
        return e.finish({e.through(e.add(
            "LayerNormalization", {x, e.floats({16}, 0.5F, 1), e.floats({16}, -0.2F, 0.2F)}))});
      },
      true);

  // QOperator form.
  const Steps sure{1.0F / 256, DataType::kUint8, 0};
  row("QOperator: QLinearMul, QLinearAdd, QLinearSigmoid, QLinearLeakyRelu",
      {"add_s8", "mul_s8", "lookup"}, [=](Exporter& e) {
        const ValueId a = e.quantize(e.input({1, 4, 3, 3}, "a"), {});
        const ValueId b = e.quantize(e.input({4, 1, 1}, "b"), kAsymmetric);
        const ValueId sum = e.qlinear("QLinearAdd", {{a, {}}, {b, kAsymmetric}}, {});
        const ValueId gate = e.qlinear("QLinearSigmoid", {{sum, {}}}, sure);
        const ValueId gated = e.qlinear("QLinearMul", {{a, {}}, {gate, sure}}, {});
        return e.finish({e.dequantize(
            e.qlinear("QLinearLeakyRelu", {{gated, {}}}, kAsymmetric, {{"alpha", 0.1F}}),
            kAsymmetric)});
      });
  row("QOperator: pools with channels last", {"average_pool_s8"}, [=](Exporter& e) {
    const ValueId x = e.quantize(e.input({1, 6, 6, 8}), {});
    Attributes attributes = window({3, 3}, {1, 1}, {1, 1, 1, 1});
    attributes.emplace("channels_last", std::int64_t{1});
    const ValueId mean = e.qlinear("QLinearAveragePool", {{x, {}}}, {}, attributes);
    const ValueId all = e.qlinear("QLinearGlobalAveragePool", {{mean, {}}}, kAsymmetric,
                                  {{"channels_last", std::int64_t{1}}});
    return e.finish({e.dequantize(all, kAsymmetric)});
  });
  row("QOperator: QLinearConcat, QLinearAveragePool", {"average_pool_s8", "copy", "lookup"},
      [=](Exporter& e) {
        const ValueId x = e.quantize(e.input({1, 8, 6, 6}), {});
        const ValueId mean = e.qlinear("QLinearAveragePool", {{x, {}}}, kAsymmetric,
                                       window({3, 3}, {1, 1}, {1, 1, 1, 1}));
        const ValueId both = e.add("QLinearConcat",
                                   {e.scale_of({}), e.zero_of({}), x, e.scale_of({}), e.zero_of({}),
                                    mean, e.scale_of(kAsymmetric), e.zero_of(kAsymmetric)},
                                   {{"axis", std::int64_t{1}}}, ir::kMicrosoftDomain);
        return e.finish({e.dequantize(both, {})});
      });
  row(
      "QOperator: QLinearMatMul of two computed, QLinearSoftmax", {"mat_mul_igemm_s8", "softmax"},
      [=](Exporter& e) {
        const ValueId a = e.quantize(e.input({2, 5, 8}, "a"), {});
        const ValueId b = e.quantize(e.input({2, 8, 6}, "b"), kAsymmetric);
        const Steps wide{0.05F, DataType::kUint8, 120};
        std::vector<ValueId> inputs;
        const std::vector<std::pair<ValueId, Steps>> operands{
            {a, {}}, {b, kAsymmetric}, {ir::kNoValue, wide}};
        for (const auto& [value, steps] : operands) {
          if (value != ir::kNoValue) inputs.push_back(value);
          inputs.insert(inputs.end(), {e.scale_of(steps), e.zero_of(steps)});
        }
        const ValueId scores = e.add("QLinearMatMul", inputs);
        const ValueId shares = e.qlinear("QLinearSoftmax", {{scores, wide}}, sure,
                                         {{"axis", std::int64_t{-1}}, {"opset", std::int64_t{13}}});
        return e.finish({e.dequantize(shares, sure)});
      },
      true);
  return forms;
}

}  // namespace lathe::passes::forms
