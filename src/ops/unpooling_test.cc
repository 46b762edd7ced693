// Norms over windows and channels, where MaxPool found its maxima, and what puts things back:
// MaxUnpool, Col2Im.
#include <cmath>
#include <complex>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
using Ints = std::vector<std::int64_t>;

constexpr std::int64_t kOne = 1;

Tensor counting(std::initializer_list<std::int64_t> dims) {
  Tensor t = Tensor::zeros(DataType::kFloat32, dims);
  for (std::int64_t i = 0; i < t.num_elements(); ++i) t.set_double(i, static_cast<double>(i));
  return t;
}

TEST(Lrn, SumsOverChannelsAround) {
  const Tensor x = floats({1, 4, 1}, {1, 2, 3, 4});
  const ir::AttributeMap plain{
      {"size", std::int64_t{2}}, {"alpha", 2.0F}, {"beta", 1.0F}, {"bias", 0.0F}};
  // Of size 2 are a channel and the one behind it.
  EXPECT_THAT(run_floats("LRN", {x}, plain),
              Pointwise(FloatNear(1e-6F), {1.0F / 5, 2.0F / 13, 3.0F / 25, 4.0F / 16}));
  ir::AttributeMap wide = plain;
  wide["size"] = INT64_MAX;
  wide["beta"] = 0.0F;
  EXPECT_THAT(run_floats("LRN", {x}, wide), ElementsAre(1, 2, 3, 4));
  const Tensor extreme = floats({1, 5, 1}, {INFINITY, 0, 1, 0, 3e38F});
  EXPECT_THAT(run_floats("LRN", {extreme}, plain),
              Pointwise(testing::NanSensitiveFloatNear(1e-6F), {NAN, 0.0F, 1.0F, 0.0F, 0.0F}));
}

TEST(Lrn, Refusals) {
  const Tensor x = counting({1, 4, 1});
  EXPECT_EQ(refusal_of("LRN", {x}), "attribute 'size' is missing");
  EXPECT_EQ(refusal_of("LRN", {x}, {{"size", std::int64_t{0}}}),
            "attribute 'size' is 0, expected 1 or more");
  EXPECT_EQ(refusal_of("LRN", {counting({3})}, {{"size", kOne}}),
            "input 0 (X) has shape [3], expected [N,C,...]");
  EXPECT_EQ(inferred_types("LRN", {float_type({Dim::symbol("N"), Dim()})}, {{"size", kOne}}),
            "float32[N,?]");
}

TEST(LpPool, NormsThatFitWherePowersDoNot) {
  const Tensor x = floats({1, 1, 4}, {3e30F, -4e30F, 0, 1e-30F});
  const ir::AttributeMap window{{"kernel_shape", Ints{2}}, {"strides", Ints{2}}};
  EXPECT_THAT(run_floats("LpPool", {x}, window), ElementsAre(5e30F, 1e-30F));
  ir::AttributeMap high = window;
  high["p"] = std::int64_t{1'000'000};
  EXPECT_THAT(run_floats("LpPool", {x}, high), ElementsAre(4e30F, 1e-30F));
  const Tensor odd = floats({1, 1, 4}, {INFINITY, -INFINITY, NAN, 1});
  EXPECT_THAT(run_floats("LpPool", {odd}, window),
              Pointwise(testing::NanSensitiveFloatEq(), {INFINITY, NAN}));
  EXPECT_THAT(run_floats("GlobalLpPool", {floats({1, 2, 2}, {3, -4, 0, 0})}), ElementsAre(5, 0));
  EXPECT_THAT(run_floats("GlobalLpPool", {floats({1, 1, 3}, {1, -1, 2})}, {{"p", kOne}}),
              ElementsAre(4));
}

TEST(LpPool, Refusals) {
  const Tensor x = counting({1, 1, 4});
  for (const char* op : {"LpPool", "GlobalLpPool"}) {
    ir::AttributeMap attributes{{"p", std::int64_t{0}}};
    if (std::string_view(op) == "LpPool") attributes["kernel_shape"] = Ints{2};
    EXPECT_EQ(refusal_of(op, {x}, attributes), "attribute 'p' is 0, expected 1 or more");
    attributes["p"] = kOne;
    EXPECT_EQ(refusal_of(op, {counting({4, 4})}, attributes),
              "input has shape [4,4], expected [N,C,spatial...]");
  }
  EXPECT_EQ(refusal_of("GlobalLpPool", {counting({1, 2, 0})}), "spatial extent is 0");
  EXPECT_EQ(refusal_of("LpPool", {x}, {{"kernel_shape", Ints{2, 2}}}),
            "kernel_shape has 2 values, expected 1");
  EXPECT_EQ(inferred_types("LpPool", {float_type({1, 2, Dim::symbol("W")})},
                           {{"kernel_shape", Ints{3}}, {"dilations", Ints{2}}}),
            "float32[1,2,W-4]");
}

TEST(MaxPoolIndices, RowsAndColumns) {
  const Tensor x = counting({1, 2, 2, 3});
  const ir::AttributeMap rows{{"kernel_shape", Ints{2, 2}}};
  ir::AttributeMap columns = rows;
  columns["storage_order"] = kOne;
  EXPECT_THAT(run_all("MaxPool", {x}, rows, "", 2)->at(1).to_int64s(), ElementsAre(4, 5, 10, 11));
  EXPECT_THAT(run_all("MaxPool", {x}, columns, "", 2)->at(1).to_int64s(), ElementsAre(3, 5, 9, 11));
  EXPECT_THAT(run_floats("MaxPool", {x}, columns), ElementsAre(4, 5, 10, 11));
}

TEST(MaxPoolIndices, OfWindowsWithoutALargestNumber) {
  const ir::AttributeMap window{
      {"kernel_shape", Ints{2}}, {"dilations", Ints{4}}, {"pads", Ints{2, 2}}};
  const auto places = [&](const Tensor& x) {
    return run_all("MaxPool", {x}, window, "", 2)->at(1).to_int64s();
  };
  EXPECT_THAT(places(counting({1, 1, 2})), ElementsAre(-1, -1)) << "on padding alone";
  const ir::AttributeMap pair{{"kernel_shape", Ints{2}}};
  const Tensor none = floats({1, 1, 3}, {-INFINITY, -INFINITY, NAN});
  EXPECT_THAT(run_all("MaxPool", {none}, pair, "", 2)->at(1).to_int64s(), ElementsAre(0, 1));
}

TEST(MaxPoolIndices, InfersAndRefuses) {
  const ir::TensorType x = float_type({Dim::symbol("N"), 2, Dim::symbol("W")});
  EXPECT_EQ(inferred_types("MaxPool", {x}, {{"kernel_shape", Ints{2}}}, 2),
            "float32[N,2,W-1] int64[N,2,W-1]");
  EXPECT_EQ(
      inferred_types("MaxPool", {unknown_rank(DataType::kInt8)}, {{"kernel_shape", Ints{2}}}, 2),
      "int8[*] int64[*]");
  EXPECT_EQ(refusal_of("MaxPool", {counting({1, 1, 4})},
                       {{"kernel_shape", Ints{2}}, {"storage_order", std::int64_t{2}}}, 2),
            "attribute 'storage_order' is 2, expected 0 (rows) or 1 (columns)");
}

TEST(MaxUnpool, PutsBackWhatMaxPoolFound) {
  const Tensor x = floats({1, 1, 5}, {1, 4, 2, 9, 3});
  const ir::AttributeMap window{{"kernel_shape", Ints{2}}, {"strides", Ints{2}}};
  const auto pooled = *run_all("MaxPool", {x}, window, "", 2);
  EXPECT_THAT(run_floats("MaxUnpool", pooled, window), ElementsAre(0, 4, 0, 9));
  EXPECT_THAT(run_floats("MaxUnpool", {pooled[0], pooled[1], ints({3}, {1, 1, 5})}, window),
              ElementsAre(0, 4, 0, 9, 0));
  // Of equal indices the last is kept.
  EXPECT_THAT(run_floats("MaxUnpool", {pooled[0], ints({1, 1, 2}, {1, 1})}, window),
              ElementsAre(0, 9, 0, 0));
}

TEST(MaxUnpool, InfersExtents) {
  const ir::TensorType x = float_type({Dim::symbol("N"), 2, Dim::symbol("W")});
  const ir::TensorType indices{DataType::kInt64, x.shape};
  const ir::AttributeMap window{
      {"kernel_shape", Ints{3}}, {"strides", Ints{2}}, {"pads", Ints{1, 0}}};
  EXPECT_EQ(inferred_types("MaxUnpool", {x, indices}, window), "float32[N,2,2*W]");
  EXPECT_EQ(inferred_types("MaxUnpool", {x, indices, ints({3}, {4, 2, 9})}, window),
            "float32[4,2,9]");
  const ir::TensorType list{DataType::kInt64, ir::Shape{3}};
  EXPECT_EQ(inferred_types("MaxUnpool", {x, indices, list}, window), "float32[N,2,?]");
  const ir::TensorType unknown = unknown_rank(DataType::kFloat32);
  const ir::TensorType anywhere = unknown_rank(DataType::kInt64);
  EXPECT_EQ(inferred_types("MaxUnpool", {unknown, anywhere}, window), "float32[*]");
  EXPECT_EQ(inferred_types("MaxUnpool", {unknown, anywhere, list}, window), "float32[?,?,?]");
}

TEST(MaxUnpool, Refusals) {
  const Tensor x = counting({1, 1, 2});
  const Tensor places = ints({1, 1, 2}, {0, 1});
  const ir::AttributeMap window{{"kernel_shape", Ints{2}}};
  const auto with = [&](std::string_view name, const Ints& values) {
    ir::AttributeMap attributes = window;
    attributes[std::string(name)] = values;
    return refusal_of("MaxUnpool", {x, places}, attributes);
  };
  EXPECT_EQ(with("kernel_shape", {0}), "kernel_shape has the value 0");
  EXPECT_EQ(with("kernel_shape", {2, 2}), "kernel_shape has 2 values, expected 1");
  EXPECT_EQ(with("strides", {0}), "strides has the value 0");
  EXPECT_EQ(with("strides", {INT64_MAX}), "strides has the value 9223372036854775807");
  EXPECT_EQ(with("pads", {-1, 0}), "pads has the value -1");
  EXPECT_EQ(with("pads", {3, 2}), "pads leave -2 elements along spatial axis 0");
  EXPECT_EQ(refusal_of("MaxUnpool", {x, ints({1, 1, 2}, {0, 3})}, window),
            "indices has the value 3, expected 0 to 2");
  EXPECT_EQ(refusal_of("MaxUnpool", {x, ints({1, 1, 2}, {0, INT64_MIN})}, window),
            "indices has the value -9223372036854775808, expected 0 to 2");
  EXPECT_EQ(refusal_of("MaxUnpool", {x, ints({1, 2, 1}, {0, 1})}, window),
            "input 1 (I) has shape [1,2,1], expected [1,1,2] as the input");
  EXPECT_EQ(refusal_of("MaxUnpool", {counting({1, 2}), ints({1, 2}, {0, 1})}, window),
            "input 0 (X) has shape [1,2], expected [N,C,spatial...]");
  EXPECT_EQ(refusal_of("MaxUnpool", {x, places, ints({2}, {1, 1})}, window),
            "input 2 (output_shape) is [1,1], which does not fit the input of shape [1,1,2]");
  EXPECT_EQ(refusal_of("MaxUnpool", {x, places, ints({3}, {1, 2, 3})}, window),
            "input 2 (output_shape) is [1,2,3], which does not fit the input of shape [1,1,2]");
  EXPECT_EQ(refusal_of("MaxUnpool", {x, places, ints({3}, {1, 1, -3})}, window),
            "input 2 (output_shape) has the extent -3");
  EXPECT_NE(refusal_of("MaxUnpool", {x, places, ints({3}, {1, 1, INT64_MAX})}, window), "ok");
}

TEST(Col2Im, AddsWhatOverlaps) {
  const Tensor columns = counting({1, 2, 3});
  EXPECT_THAT(run_floats("Col2Im", {columns, ints({1}, {4}), ints({1}, {2})}),
              ElementsAre(0, 4, 6, 5));
  const Tensor more = Tensor::from_values<std::uint8_t>({1, 2, 3}, {200, 100, 1, 60, 200, 2});
  EXPECT_THAT(run("Col2Im", {more, ints({1}, {4}), ints({1}, {2})})->to_int64s(),
              ElementsAre(200, 160, 201, 2));
  const Tensor flags = truths({1, 2, 3}, {true, false, false, true, false, false});
  EXPECT_THAT(run("Col2Im", {flags, ints({1}, {4}), ints({1}, {2})})->to_int64s(),
              ElementsAre(1, 1, 0, 0));
  Tensor complex = Tensor::zeros(DataType::kComplex64, {1, 2, 3});
  for (std::size_t i = 0; i < 6; ++i) {
    const std::complex<float> value(static_cast<float>(i), 1);
    std::memcpy(&complex.mutable_bytes()[i * sizeof value], &value, sizeof value);
  }
  const Tensor sums = *run("Col2Im", {complex, ints({1}, {4}), ints({1}, {2})});
  std::array<float, 8> parts{};
  std::memcpy(parts.data(), sums.bytes().data(), sizeof parts);
  EXPECT_THAT(parts, ElementsAre(0, 1, 4, 2, 6, 2, 5, 1));
}

TEST(Col2Im, InfersExtents) {
  const ir::TensorType x = float_type({Dim::symbol("N"), Dim::symbol("R"), Dim::symbol("L")});
  const Tensor image = ints({2}, {5, 6});
  const Tensor block = ints({2}, {2, 3});
  const ir::TensorType list{DataType::kInt64, ir::Shape{2}};
  EXPECT_EQ(inferred_types("Col2Im", {x, image, block}), "float32[N,R/6,5,6]");
  EXPECT_EQ(inferred_types("Col2Im", {x, list, block}), "float32[N,R/6,?,?]");
  EXPECT_EQ(inferred_types("Col2Im", {x, image, list}), "float32[N,?,5,6]");
  EXPECT_EQ(inferred_types("Col2Im", {x, unknown_rank(DataType::kInt64), block}),
            "float32[N,R/6,?,?]");
  const ir::TensorType any = unknown_rank(DataType::kInt64);
  EXPECT_EQ(inferred_types("Col2Im", {x, any, any}), "float32[*]");
  EXPECT_EQ(inferred_types("Col2Im", {unknown_rank(DataType::kFloat32), image, block}),
            "float32[?,?,5,6]");
}

TEST(Col2Im, Refusals) {
  const Tensor x = counting({1, 4, 4});
  const Tensor image = ints({2}, {3, 3});
  const Tensor block = ints({2}, {2, 2});
  const auto with = [&](std::string_view name, const Ints& values) {
    return refusal_of("Col2Im", {x, image, block}, {{std::string(name), values}});
  };
  EXPECT_EQ(with("strides", {0, 1}), "strides has the value 0");
  EXPECT_EQ(with("dilations", {1}), "dilations has 1 values, expected 2");
  EXPECT_EQ(with("pads", {0, 0, -1, 0}), "pads has the value -1");
  EXPECT_EQ(with("dilations", {4, 1}),
            "window of 5 does not fit the padded extent 3 of spatial axis 0");
  EXPECT_EQ(with("strides", {2, 1}),
            "input 0 (input) has shape [1,4,4], expected one column for each of [1,2] blocks");
  EXPECT_EQ(refusal_of("Col2Im", {counting({1, 5, 4}), image, block}),
            "input 0 (input) has shape [1,5,4], whose rows are no multiple of the 4 elements of a "
            "block");
  EXPECT_EQ(refusal_of("Col2Im", {counting({4, 4}), image, block}),
            "input 0 (input) has shape [4,4], expected [N,C*block,blocks]");
  EXPECT_EQ(refusal_of("Col2Im", {x, image, ints({1}, {2})}),
            "input 2 (block_shape) has 1 elements, but input 1 (image_shape) has 2");
  EXPECT_EQ(refusal_of("Col2Im", {x, ints({0}, {}), ints({0}, {})}),
            "input 1 (image_shape) is empty");
  EXPECT_EQ(refusal_of("Col2Im", {x, ints({2}, {3, 0}), block}),
            "input 1 (image_shape) has the extent 0");
  EXPECT_EQ(refusal_of("Col2Im", {x, ints({2}, {3, INT64_MAX}), block}),
            "shape [3,9223372036854775807] has too many elements");
  EXPECT_EQ(refusal_of("Col2Im", {x, ints({2}, {3, std::int64_t{1} << 32}), block}),
            "input 1 (image_shape) has the extent 4294967296");
  EXPECT_EQ(refusal_of("Col2Im", {x, image, ints({2}, {1 << 20, 1 << 20})}),
            "a kernel of [1048576,1048576] has too many elements");
  EXPECT_EQ(refusal_of("Col2Im", {Tensor::zeros(DataType::kString, {1, 4, 4}), image, block}),
            "input 0 (input) is string: strings have no sum");
}

}  // namespace
}  // namespace lathe::ops
