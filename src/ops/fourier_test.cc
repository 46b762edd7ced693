// DFT and STFT, and what is made for them: windows, mel filters.
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numbers>

#include "ops/fourier_transform.h"
#include "ops/infer_types.h"
#include "ops/run_operator.h"

namespace lathe::ops {
namespace {

using ir::DataType;
using ir::Dim;
using ir::Tensor;
using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;
using Complex = FourierTransform::Complex;

Tensor one(std::int64_t value) { return Tensor::scalar(value); }
std::int64_t type_number(DataType type) { return static_cast<std::int64_t>(type); }

// Against the sum of the definition, for lengths of every kind.
TEST(FourierTransform, IsTheSumOfTheDefinition) {
  for (const std::int64_t length : {1, 2, 3, 7, 13, 16, 17, 19, 60, 91, 121, 169, 221, 256, 257}) {
    auto transform = FourierTransform::create(length);
    ASSERT_TRUE(transform.ok());
    std::vector<Complex> x;
    for (std::int64_t i = 0; i < length; ++i)
      x.emplace_back(static_cast<double>(i * 7 % 11) - 5, static_cast<double>(i * 5 % 13) - 6);
    for (const bool inverse : {false, true}) {
      std::copy(x.begin(), x.end(), transform->points().begin());
      transform->run(inverse);
      for (std::int64_t k = 0; k < length; ++k) {
        Complex sum = 0;
        for (std::int64_t i = 0; i < length; ++i) {
          const double turn = static_cast<double>(k * i % length) / static_cast<double>(length);
          sum += x[static_cast<std::size_t>(i)] *
                 std::polar(1.0, (inverse ? 2 : -2) * std::numbers::pi * turn);
        }
        EXPECT_LT(std::abs(transform->points()[static_cast<std::size_t>(k)] - sum), 1e-10)
            << length << " " << k;
      }
    }
  }
}

TEST(FourierTransform, IsExactAtQuartersOfTheCircle) {
  const Tensor x = floats({1, 4, 1}, {1, 2, 3, 4});
  EXPECT_THAT(run_floats("DFT", {x}), ElementsAre(10, 0, -2, 2, -2, 0, -2, -2));
}

TEST(FourierTransform, RefusesLengths) {
  EXPECT_EQ(FourierTransform::create(0).error().message(),
            "a transform of 0 points, expected 1 to 268435456");
  EXPECT_FALSE(FourierTransform::create(FourierTransform::kMostPoints + 1).ok());
}

TEST(Dft, HalvesOfSpectraOfRealSignals) {
  const Tensor x = floats({1, 3, 1}, {1, 2, 4});
  const Tensor half = *run("DFT", {x}, {{"onesided", std::int64_t{1}}});
  EXPECT_THAT(half.dims(), ElementsAre(1, 2, 2));
  const ir::AttributeMap back{{"onesided", std::int64_t{1}}, {"inverse", std::int64_t{1}}};
  const auto again = run("DFT", {half, one(3)}, back);
  EXPECT_THAT(again->dims(), ElementsAre(1, 3, 1));
  EXPECT_THAT(again->to_floats(), Pointwise(FloatNear(1e-6F), {1, 2, 4}));
  EXPECT_THAT(run("DFT", {half}, back)->dims(), ElementsAre(1, 2, 1)) << "of an even length";
  // What no spectrum of a real signal has, an imaginary part of the mean, is not seen.
  EXPECT_THAT(run_floats("DFT", {floats({1, 1, 2}, {3, 9}), one(2)}, back), ElementsAre(1.5, 1.5));
}

TEST(Dft, PadsAndCuts) {
  const Tensor x = floats({1, 3, 1}, {1, 2, 4});
  EXPECT_THAT(run_floats("DFT", {x, one(1)}), ElementsAre(1, 0));
  EXPECT_THAT(run_floats("DFT", {x, ints({1}, {4})}), ElementsAre(7, 0, -3, -2, 3, 0, -3, 2));
  EXPECT_THAT(run_floats("DFT", {Tensor::zeros(DataType::kFloat32, {1, 0, 1}), one(2)}),
              ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(run("DFT", {Tensor::zeros(DataType::kFloat64, {0, 3, 2})})->dims(),
              ElementsAre(0, 3, 2));
}

TEST(Dft, InfersExtents) {
  const Dim n = Dim::symbol("N");
  const Dim t = Dim::symbol("T");
  const ir::TensorType real = float_type({n, t, 1});
  const ir::TensorType complex = float_type({n, t, 2});
  const ir::AttributeMap half{{"onesided", std::int64_t{1}}};
  const ir::AttributeMap whole{{"onesided", std::int64_t{1}}, {"inverse", std::int64_t{1}}};
  EXPECT_EQ(inferred_types("DFT", {real}), "float32[N,T,2]");
  EXPECT_EQ(inferred_types("DFT", {real}, half), "float32[N,T/2+1,2]");
  EXPECT_EQ(inferred_types("DFT", {complex}, whole), "float32[N,2*T-2,1]");
  EXPECT_EQ(inferred_types("DFT", {complex, one(7), one(-3)}), "float32[7,T,2]");
  const ir::TensorType number{DataType::kInt64, ir::Shape{}};
  EXPECT_EQ(inferred_types("DFT", {real, number}, half), "float32[N,?,2]");
  EXPECT_EQ(inferred_types("DFT", {real, Tensor(), number}), "float32[N,T,2]");
  EXPECT_EQ(inferred_types("DFT", {real, Tensor(), number}, half), "float32[?,?,2]");
  EXPECT_EQ(inferred_types("DFT", {unknown_rank(DataType::kFloat64)}), "float64[*]");
  EXPECT_EQ(inferred_types("DFT", {float_type({n, t, Dim()})}, half), "float32[N,T/2+1,2]");
}

TEST(Dft, RefusesWhatIsNoSignal) {
  const Tensor real = Tensor::zeros(DataType::kFloat32, {2, 3, 1});
  const Tensor complex = Tensor::zeros(DataType::kFloat32, {2, 3, 2});
  const ir::AttributeMap half{{"onesided", std::int64_t{1}}};
  const ir::AttributeMap whole{{"onesided", std::int64_t{1}}, {"inverse", std::int64_t{1}}};
  EXPECT_EQ(refusal_of("DFT", {Tensor::zeros(DataType::kFloat32, {2})}),
            "input 0 (input) has shape [2], expected [signal...,1] or [signal...,2]");
  EXPECT_EQ(refusal_of("DFT", {Tensor::zeros(DataType::kFloat32, {2, 3})}),
            "input 0 (input) has shape [2,3], expected a last extent of 1 (real) or 2 (complex)");
  EXPECT_EQ(refusal_of("DFT", {complex}, half),
            "input 0 (input) is complex: with onesided=1 only real signals are transformed");
  EXPECT_EQ(refusal_of("DFT", {real}, whole),
            "input 0 (input) is real: with inverse=1 and onesided=1 only complex spectra are");
  EXPECT_EQ(refusal_of("DFT", {real, Tensor(), one(2)}),
            "axis 2 is that of real and imaginary parts, not of the signal");
  EXPECT_EQ(refusal_of("DFT", {real, Tensor(), one(INT64_MIN)}),
            "axis -9223372036854775808 is out of range for rank 3");
  for (const std::int64_t length : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    EXPECT_EQ(refusal_of("DFT", {real, one(length)}),
              fmt::format("dft_length is {}, expected 1 to 268435456", length));
  }
  EXPECT_EQ(refusal_of("DFT", {Tensor::zeros(DataType::kFloat32, {2, 1, 2})}, whole),
            "dft_length is 0, expected 1 to 268435456");
  EXPECT_EQ(refusal_of("DFT", {real, ints({2}, {1, 2})}),
            "input 1 (dft_length) has shape [2], expected one element");
}

TEST(Stft, FramesOfASignal) {
  const Tensor x = floats({1, 5, 1}, {1, 2, 3, 4, 5});
  const Tensor window = floats({2}, {1, 0.5F});
  const auto frames = run("STFT", {x, one(2), window});
  EXPECT_THAT(frames->dims(), ElementsAre(1, 2, 2, 2));
  EXPECT_THAT(frames->to_floats(), ElementsAre(2, 0, 0, 0, 5, 0, 1, 0));
  const ir::AttributeMap full{{"onesided", std::int64_t{0}}};
  EXPECT_THAT(run("STFT", {x, one(1), Tensor(), one(4)}, full)->dims(), ElementsAre(1, 2, 4, 2));
  EXPECT_THAT(run("STFT", {x, one(1)})->dims(), ElementsAre(1, 1, 3, 2));
}

TEST(Stft, InfersExtents) {
  const Dim t = Dim::symbol("T");
  const ir::TensorType x = float_type({2, t, 1});
  const ir::TensorType number{DataType::kInt64, ir::Shape{}};
  EXPECT_EQ(inferred_types("STFT", {x, one(3), Tensor(), one(8)}), "float32[2,(T+1)/3-2,5,2]");
  EXPECT_EQ(inferred_types("STFT", {x, one(3), float_type({6})}, {{"onesided", std::int64_t{0}}}),
            "float32[2,T/3-1,6,2]");
  EXPECT_EQ(inferred_types("STFT", {x, number, float_type({6}), number}), "float32[2,?,4,2]");
  EXPECT_EQ(inferred_types("STFT", {x, one(3), Tensor(), number}), "float32[2,?,?,2]");
  EXPECT_EQ(inferred_types("STFT", {x, one(3)}), "float32[2,1,T/2+1,2]");
  EXPECT_EQ(inferred_types("STFT", {unknown_rank(DataType::kFloat32), one(3), Tensor(), one(8)}),
            "float32[?,?,5,2]");
}

TEST(Stft, RefusesWhatDoesNotFit) {
  const Tensor x = Tensor::zeros(DataType::kFloat32, {1, 5, 1});
  const Tensor window = floats({2}, {1, 1});
  EXPECT_EQ(refusal_of("STFT", {Tensor::zeros(DataType::kFloat32, {1, 5, 2}), one(1), window}),
            "input 0 (signal) is complex: with onesided=1 (the default) only real signals are "
            "transformed");
  EXPECT_EQ(refusal_of("STFT", {Tensor::zeros(DataType::kFloat32, {5, 1}), one(1), window}),
            "input 0 (signal) has shape [5,1], expected [batch,length,1] or [batch,length,2]");
  EXPECT_EQ(refusal_of("STFT", {x, one(0), window}),
            "input 1 (frame_step) is 0, expected 1 or more");
  EXPECT_EQ(refusal_of("STFT", {x, one(INT64_MIN), window}),
            "input 1 (frame_step) is -9223372036854775808, expected 1 or more");
  EXPECT_EQ(refusal_of("STFT", {x, one(1), Tensor(), one(0)}),
            "input 3 (frame_length) is 0, expected 1 or more");
  EXPECT_EQ(refusal_of("STFT", {x, one(1), window, one(3)}),
            "input 3 (frame_length) is 3, but the window has 2 elements");
  EXPECT_EQ(refusal_of("STFT", {x, one(1), Tensor(), one(6)}),
            "frames have 6 elements, more than the signal, which has 5");
  EXPECT_EQ(refusal_of("STFT", {x, one(1), Tensor(), one(INT64_MAX)}),
            "frames have 9223372036854775807 elements, expected 1 to 268435456");
  EXPECT_EQ(refusal_of("STFT", {x, one(1), Tensor::zeros(DataType::kFloat32, {0})}),
            "frames have 0 elements, expected 1 to 268435456");
  EXPECT_EQ(refusal_of("STFT", {x, one(INT64_MAX), window}), "ok");
}

TEST(CosineWindow, PeriodicAndSymmetric) {
  EXPECT_THAT(run_floats("HannWindow", {one(4)}),
              Pointwise(FloatNear(1e-7F), {0.0F, 0.5F, 1.0F, 0.5F}));
  const ir::AttributeMap symmetric{{"periodic", std::int64_t{0}}};
  EXPECT_THAT(run_floats("HammingWindow", {one(3)}, symmetric),
              Pointwise(FloatNear(1e-7F), {4.0F / 46, 1.0F, 4.0F / 46}));
  EXPECT_THAT(run_floats("BlackmanWindow", {one(3)}, symmetric),
              Pointwise(FloatNear(1e-7F), {0.0F, 1.0F, 0.0F}));
  for (const char* op : {"HannWindow", "HammingWindow", "BlackmanWindow"}) {
    EXPECT_THAT(run_floats(op, {one(1)}, symmetric), ElementsAre(1)) << op;
    EXPECT_THAT(run_floats(op, {one(0)}, symmetric), ElementsAre()) << op;
    const auto whole = run(op, {one(4)}, {{"output_datatype", type_number(DataType::kUint8)}});
    EXPECT_THAT(whole->to_int64s(), ElementsAre(0, 0, 1, 0)) << op;
  }
}

TEST(CosineWindow, InfersAndRefuses) {
  EXPECT_EQ(inferred_types("HannWindow", {one(4)}), "float32[4]");
  EXPECT_EQ(inferred_types("HannWindow", {unknown_rank(DataType::kInt32)},
                           {{"output_datatype", type_number(DataType::kFloat16)}}),
            "float16[?]");
  EXPECT_EQ(refusal_of("HannWindow", {one(-1)}), "input 0 (size) is -1, expected 0 or more");
  EXPECT_EQ(refusal_of("HannWindow", {ints({2}, {1, 2})}),
            "input 0 (size) has shape [2], expected one element");
  EXPECT_EQ(refusal_of("HannWindow", {one(2)}, {{"output_datatype", std::int64_t{1} << 32}}),
            "attribute 'output_datatype' is 4294967296, which is no element type");
  EXPECT_THAT(
      refusal_of("HannWindow", {one(2)}, {{"output_datatype", type_number(DataType::kString)}}),
      HasSubstr("attribute 'output_datatype' is string, expected "));
  EXPECT_NE(refusal_of("HannWindow", {one(INT64_MAX)}), "ok");
}

std::vector<Tensor> mel_inputs(std::int64_t bins, std::int64_t length, std::int64_t rate,
                               double lower, double upper) {
  return {one(bins), one(length), one(rate), Tensor::scalar(lower), Tensor::scalar(upper)};
}

TEST(MelWeightMatrix, TrianglesOfHeightOne) {
  const auto weights = run("MelWeightMatrix", mel_inputs(2, 8, 16, 2, 8));
  EXPECT_THAT(weights->dims(), ElementsAre(5, 2));
  EXPECT_THAT(weights->to_floats(), ElementsAre(0, 0, 1, 0, 0, 1, 0, 0, 0, 0));
  EXPECT_THAT(run("MelWeightMatrix", mel_inputs(0, 8, 16, 2, 8))->dims(), ElementsAre(5, 0));
  // All in one bin.
  EXPECT_THAT(run_floats("MelWeightMatrix", mel_inputs(2, 2, 1000, 0, 0)), ElementsAre(1, 1, 0, 0));
}

TEST(MelWeightMatrix, InfersAndRefuses) {
  const ir::TensorType number{DataType::kInt64, ir::Shape{}};
  const Tensor edge = Tensor::scalar(10.0F);
  EXPECT_EQ(inferred_types("MelWeightMatrix", {number, one(9), number, edge, edge}),
            "float32[5,?]");
  EXPECT_EQ(inferred_types("MelWeightMatrix", {one(3), number, number, edge, edge},
                           {{"output_datatype", type_number(DataType::kInt8)}}),
            "int8[?,3]");
  EXPECT_EQ(refusal_of("MelWeightMatrix", mel_inputs(-1, 8, 16, 2, 8)),
            "input 0 (num_mel_bins) is -1, expected at least 0");
  EXPECT_EQ(refusal_of("MelWeightMatrix", mel_inputs(1, -1, 16, 2, 8)),
            "input 1 (dft_length) is -1, expected at least 0");
  EXPECT_EQ(refusal_of("MelWeightMatrix", mel_inputs(1, 8, 0, 2, 8)),
            "input 2 (sample_rate) is 0, expected at least 1");
  EXPECT_EQ(refusal_of("MelWeightMatrix", mel_inputs(1, 8, 16, -2, 8)),
            "lower_edge_hertz is -2, expected 0 or more");
  EXPECT_EQ(refusal_of("MelWeightMatrix", mel_inputs(1, 8, 16, NAN, 8)),
            "lower_edge_hertz is nan, expected 0 or more");
  EXPECT_EQ(refusal_of("MelWeightMatrix", mel_inputs(1, 8, 16, 4, 3)),
            "upper_edge_hertz is 3, below lower_edge_hertz 4");
  EXPECT_EQ(refusal_of("MelWeightMatrix", mel_inputs(1, 8, 16, 4, INFINITY)),
            "upper_edge_hertz is inf, beyond the spectrum of dft_length 8 at sample_rate 16");
  EXPECT_NE(refusal_of("MelWeightMatrix", mel_inputs(INT64_MAX, 8, 16, 2, 8)), "ok");
  EXPECT_NE(refusal_of("MelWeightMatrix", mel_inputs(1, INT64_MAX, 16, 2, 8)), "ok");
}

}  // namespace
}  // namespace lathe::ops
