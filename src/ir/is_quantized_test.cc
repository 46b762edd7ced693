#include "ir/is_quantized.h"

#include <array>
#include <gtest/gtest.h>

namespace lathe::ir {
namespace {

bool quantized(std::string_view op) {
  Graph g;
  const ValueId x = g.add_input("x", {DataType::kFloat32, Shape{2}});
  g.set_outputs({g.add(op, std::array{g.add("Relu", std::array{x})})});
  return is_quantized(g);
}

TEST(IsQuantized, ByTheNamesOfOperators) {
  for (const char* op : {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QGemm",
                         "QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger"}) {
    EXPECT_TRUE(quantized(op)) << op;
  }
  for (const char* op : {"Conv", "Gemm", "Quick", "Linear"}) EXPECT_FALSE(quantized(op)) << op;
}

}  // namespace
}  // namespace lathe::ir
