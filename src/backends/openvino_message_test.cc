#include "backends/openvino_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lathe::engine::openvino {
namespace {

TEST(OpenVinoMessageTest, NamesUnknownOperators) {
  const Error one = readable_error(
      "Exception from src/inference/src/cpp/core.cpp:105:\n"
      "Check 'false' failed at "
      "src/frontends/common_translators/src/unconverted_ops_report.cpp:151:\n"
      "FrontEnd API failed with OpConversionFailure:\n"
      "Model wasn't fully converted.\nSummary:\n"
      "-- No conversion rule found for operations: my.own.Magic\n"
      "To facilitate the conversion of unsupported operations, refer to the documentation\n\n\n");
  EXPECT_EQ(one.message(), "OpenVINO: does not know operator my.own.Magic");
  EXPECT_EQ(one.code(), ErrorCode::kUnsupported);
  const Error two = readable_error(
      "FrontEnd API failed with OpConversionFailure:\n"
      "Model wasn't fully converted. Failed operations detailed log:\n"
      "-- RandomUniformLike-21 with a message:\n"
      "While validating ONNX node '<Node(RandomUniformLike): random>': Exception from "
      "src/x.hpp:45:\n"
      "Invalid attribute type UNDEFINED expected: INT, FLOAT\n\nSummary:\n"
      "-- No conversion rule found for operations: Det-21, my-own.Magic\n"
      "-- Conversion is failed for: RandomUniformLike-21\n");
  EXPECT_EQ(two.message(),
            "OpenVINO: does not know operators Det, my-own.Magic; node random (RandomUniformLike): "
            "Invalid attribute type UNDEFINED expected: INT, FLOAT");
}

TEST(OpenVinoMessageTest, NamesTheNodeAndTheInnermostReason) {
  const Error error = readable_error(
      "Exception from src/inference/src/cpp/core.cpp:105:\n"
      "FrontEnd API failed with OpConversionFailure:\n"
      "-- Conv-21 with a message:\n"
      "While validating ONNX node '<Node(Conv): conv1>': Check 'a.compatible(b)' failed at "
      "src/y:3:\n"
      "While validating node 'opset1::Convolution C_1 (opset1::Parameter x[0]:f32[1,2])' with "
      "friendly_name 'C_1':\n"
      "Data batch channel count (2) does not match filter input channel count (3).\n\nSummary:\n"
      "-- Conversion is failed for: Conv-21\n");
  EXPECT_EQ(error.message(),
            "OpenVINO: node conv1 (Conv): Data batch channel count (2) does not match filter input "
            "channel count (3).");
}

TEST(OpenVinoMessageTest, NamesTheNodeOfItsOwnModel) {
  const Error error = readable_error(
      "Check 'a.compatible(b)' failed at src/core/shape_inference/include/x.hpp:307:\n"
      "While validating node 'opset1::Convolution conv1 (opset1::Parameter x[0]:f32[1,1])' with "
      "friendly_name 'conv1':\n"
      "Data batch channel count (1) does not match.\n");
  EXPECT_EQ(error.message(), "OpenVINO: node conv1: Data batch channel count (1) does not match.");
}

TEST(OpenVinoMessageTest, TellsWhatIsMissing) {
  const Error error = readable_error(
      "Exception from src/inference/src/cpp/core.cpp:105:\n"
      "Device with \"CPU\" name is not registered in the OpenVINO Runtime\n");
  EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
  EXPECT_EQ(
      error.message(),
      "OpenVINO: Device with \"CPU\" name is not registered in the OpenVINO Runtime; its ONNX "
      "reader or its part for processors may be missing beside the library");
  EXPECT_EQ(readable_error("std::bad_alloc").code(), ErrorCode::kResourceExhausted);
}

TEST(OpenVinoMessageTest, StandsWhateverIsSaid) {
  EXPECT_EQ(readable_error("").message(), "OpenVINO: gave no reason");
  EXPECT_EQ(readable_error("\n\n  \n").message(), "OpenVINO: gave no reason");
  EXPECT_EQ(readable_error("ONNX node '<Node(").message(), "OpenVINO: ONNX node '<Node(");
  EXPECT_EQ(readable_error("-- No conversion rule found for operations:").message(),
            "OpenVINO: does not know operators ");
  EXPECT_LT(readable_error(std::string(100000, 'x')).message().size(), 500);
}

}  // namespace
}  // namespace lathe::engine::openvino
