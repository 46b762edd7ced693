// The forms in which exporters write quantized layers: types of activations, weights with and
// without zero points and per channel, and every way to give a bias and an activation. One table
// for the tests of passes and of the engine.
#pragma once

#include <array>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "ops/infer_shapes.h"

namespace lathe::passes::forms {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using ir::ValueId;

inline constexpr std::int64_t kChannels = 4;
inline constexpr float kStep = 0.05F;  // of results

enum class Layer { kConv, kGemm, kTransposedGemm, kMatMul };
enum class Weights { kInt8, kInt8Zeros, kInt8Shifted, kUint8Middle, kUint8 };
enum class Scales { kTensor, kChannel, kNegativeAxis };
enum class Bias { kNone, kFloat, kInt32, kInt32WithZeros, kInt32OtherScale };
enum class Activation { kNone, kRelu, kClip };

struct Form {
  Layer layer = Layer::kConv;
  DataType x = DataType::kUint8;
  DataType y = DataType::kUint8;
  std::int64_t y_zero = 0;
  Weights weights = Weights::kInt8;
  Scales scales = Scales::kChannel;
  Bias bias = Bias::kInt32;
  Activation activation = Activation::kNone;
};

inline std::string name_of(const Form& f) {
  return fmt::format("layer {}, x {}, y {} - {}, weights {}, scales {}, bias {}, activation {}",
                     static_cast<int>(f.layer), ir::data_type_name(f.x), ir::data_type_name(f.y),
                     f.y_zero, static_cast<int>(f.weights), static_cast<int>(f.scales),
                     static_cast<int>(f.bias), static_cast<int>(f.activation));
}

inline Tensor integers(DataType type, const std::vector<std::int64_t>& dims, std::int64_t value) {
  Tensor tensor = Tensor::zeros(type, dims);
  for (std::int64_t i = 0; i < tensor.num_elements(); ++i)
    tensor.set_double(i, static_cast<double>(value));
  return tensor;
}

class FormGraph {
 public:
  explicit FormGraph(const Form& form) : form_(form), random_(11) {}

  Graph build() {
    const bool conv = form_.layer == Layer::kConv;
    const ir::Shape shape = conv ? ir::Shape{1, 3, 5, 5} : ir::Shape{2, 6};
    const ValueId x = g_.add_input("x", {DataType::kFloat32, shape});
    const ValueId x_scale = g_.add_constant("x_scale", Tensor::scalar(0.02F));
    const ValueId x_zero =
        g_.add_constant("x_zero", integers(form_.x, {}, form_.x == DataType::kUint8 ? 120 : -7));
    ValueId v = through(x, x_scale, x_zero);
    std::vector<ValueId> inputs{v, weights()};
    if (form_.bias != Bias::kNone) inputs.push_back(bias());
    ir::AttributeMap attributes;
    if (form_.layer == Layer::kTransposedGemm) attributes.emplace("transB", std::int64_t{1});
    v = g_.add(conv                            ? "Conv"
               : form_.layer == Layer::kMatMul ? "MatMul"
                                               : "Gemm",
               inputs, attributes);
    if (form_.activation == Activation::kRelu) v = g_.add("Relu", std::array{v});
    if (form_.activation == Activation::kClip) {
      v = g_.add("Clip", std::array{v, g_.add_constant("lo", Tensor::scalar(-0.5F)),
                                    g_.add_constant("hi", Tensor::scalar(1.0F))});
    }
    const ValueId y_scale = g_.add_constant("y_scale", Tensor::scalar(kStep));
    const ValueId y_zero = g_.add_constant("y_zero", integers(form_.y, {}, form_.y_zero));
    g_.set_outputs({through(v, y_scale, y_zero)});
    EXPECT_TRUE(ops::infer_shapes(g_).ok());
    return std::move(g_);
  }

 private:
  ValueId through(ValueId v, ValueId scale, ValueId zero) {
    const ValueId q = g_.add("QuantizeLinear", std::array{v, scale, zero});
    return g_.add("DequantizeLinear", std::array{q, scale, zero});
  }

  [[nodiscard]] float scale_of(std::int64_t channel) const {
    return form_.scales == Scales::kTensor ? 0.01F : 0.004F * static_cast<float>(channel + 1);
  }

  Tensor per_channel(DataType type, std::int64_t value) const {
    return form_.scales == Scales::kTensor ? integers(type, {}, value)
                                           : integers(type, {kChannels}, value);
  }

  ValueId weights() {
    const bool is_unsigned =
        form_.weights == Weights::kUint8Middle || form_.weights == Weights::kUint8;
    const DataType type = is_unsigned ? DataType::kUint8 : DataType::kInt8;
    std::vector<std::int64_t> dims{6, kChannels};
    std::int64_t axis = 1;
    if (form_.layer == Layer::kConv) dims = {kChannels, 3, 3, 3};
    if (form_.layer == Layer::kTransposedGemm) dims = {kChannels, 6};
    if (form_.layer == Layer::kConv || form_.layer == Layer::kTransposedGemm) axis = 0;
    Tensor w = Tensor::zeros(type, dims);
    for (std::int64_t i = 0; i < w.num_elements(); ++i)
      w.set_double(i, static_cast<double>(random_.below(255)) - (is_unsigned ? 0 : 127));
    std::vector<ValueId> inputs{g_.add_constant("w", std::move(w))};
    Tensor scales = per_channel(DataType::kFloat32, 0);
    for (std::int64_t c = 0; c < scales.num_elements(); ++c)
      scales.set_double(c, static_cast<double>(scale_of(c)));
    inputs.push_back(g_.add_constant("w_scale", std::move(scales)));
    constexpr std::int64_t kZeros[] = {0, 0, 5, 128, 131};
    const std::int64_t zero = kZeros[static_cast<int>(form_.weights)];
    if (form_.weights != Weights::kInt8)
      inputs.push_back(g_.add_constant("w_zero", per_channel(type, zero)));
    if (form_.scales == Scales::kNegativeAxis) axis -= static_cast<std::int64_t>(dims.size());
    return g_.add("DequantizeLinear", inputs, {{"axis", axis}});
  }

  ValueId bias() {
    if (form_.bias == Bias::kFloat) {
      return g_.add_constant("b",
                             Tensor::from_values<float>({kChannels}, {0.3F, -0.2F, 0.1F, 1.0F}));
    }
    Tensor values = Tensor::zeros(DataType::kInt32, {kChannels});
    for (std::int64_t c = 0; c < kChannels; ++c)
      values.set_double(c, static_cast<double>(random_.below(2000)) - 1000);
    Tensor scales = Tensor::zeros(DataType::kFloat32, {kChannels});
    const float factor = form_.bias == Bias::kInt32OtherScale ? 3.0F : 1.0F;
    for (std::int64_t c = 0; c < kChannels; ++c)
      scales.set_double(c, static_cast<double>(factor * (0.02F * scale_of(c))));
    std::vector<ValueId> inputs{g_.add_constant("b", std::move(values)),
                                g_.add_constant("b_scale", std::move(scales))};
    if (form_.bias == Bias::kInt32WithZeros)
      inputs.push_back(g_.add_constant("b_zero", integers(DataType::kInt32, {kChannels}, 0)));
    return g_.add("DequantizeLinear", inputs, {{"axis", std::int64_t{0}}});
  }

  Form form_;
  Random random_;
  Graph g_;
};

inline std::vector<Form> all_forms() {
  std::vector<Form> forms;
  const std::pair<DataType, std::int64_t> results[] = {{DataType::kUint8, 0},
                                                       {DataType::kUint8, 100},
                                                       {DataType::kInt8, -128},
                                                       {DataType::kInt8, 3}};
  for (const Layer layer : {Layer::kConv, Layer::kGemm, Layer::kTransposedGemm, Layer::kMatMul}) {
    for (const Weights weights : {Weights::kInt8, Weights::kInt8Zeros, Weights::kInt8Shifted,
                                  Weights::kUint8Middle, Weights::kUint8}) {
      for (const Scales scales : {Scales::kTensor, Scales::kChannel, Scales::kNegativeAxis})
        forms.push_back(
            {.layer = layer, .weights = weights, .scales = scales, .bias = Bias::kNone});
    }
    for (const DataType x : {DataType::kInt8, DataType::kUint8}) {
      for (const auto& [y, zero] : results) {
        for (const Activation activation :
             {Activation::kNone, Activation::kRelu, Activation::kClip})
          forms.push_back({.layer = layer,
                           .x = x,
                           .y = y,
                           .y_zero = zero,
                           .bias = Bias::kNone,
                           .activation = activation});
      }
    }
    if (layer == Layer::kMatMul) continue;
    for (const Bias bias :
         {Bias::kFloat, Bias::kInt32, Bias::kInt32WithZeros, Bias::kInt32OtherScale})
      forms.push_back({.layer = layer, .bias = bias});
  }
  return forms;
}

}  // namespace lathe::passes::forms
