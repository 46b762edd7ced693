// What tests of operators share: one node on given tensors.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "ops/evaluate.h"

namespace lathe::ops {

inline Result<std::vector<ir::Tensor>> run_all(std::string_view op,
                                               const std::vector<ir::Tensor>& inputs,
                                               ir::AttributeMap attributes = {},
                                               std::string_view domain = "",
                                               std::size_t outputs = 1) {
  ir::Node node{"n", std::string(domain), std::string(op), {}, {}, std::move(attributes)};
  for (std::size_t i = 0; i < inputs.size(); ++i)
    node.inputs.push_back(inputs[i].defined() ? static_cast<ir::ValueId>(i) : ir::kNoValue);
  for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(static_cast<ir::ValueId>(i));
  return evaluate_node(node, inputs);
}

inline Result<ir::Tensor> run(std::string_view op, const std::vector<ir::Tensor>& inputs,
                              ir::AttributeMap attributes = {}, std::string_view domain = "") {
  ASSIGN_OR_RETURN(auto outputs, run_all(op, inputs, std::move(attributes), domain));
  return outputs[0];
}

inline std::vector<float> run_floats(std::string_view op, const std::vector<ir::Tensor>& inputs,
                                     ir::AttributeMap attributes = {},
                                     std::string_view domain = "") {
  auto result = run(op, inputs, std::move(attributes), domain);
  EXPECT_TRUE(result.ok()) << result.error().message();
  return result.ok() ? result->to_floats() : std::vector<float>{};
}

inline std::vector<std::int64_t> run_ints(std::string_view op,
                                          const std::vector<ir::Tensor>& inputs,
                                          ir::AttributeMap attributes = {}) {
  auto result = run(op, inputs, std::move(attributes));
  EXPECT_TRUE(result.ok()) << result.error().message();
  return result.ok() ? result->to_int64s() : std::vector<std::int64_t>{};
}

// The message of the error, or "ok".
inline std::string refusal_of(std::string_view op, const std::vector<ir::Tensor>& inputs,
                              ir::AttributeMap attributes = {}, std::size_t outputs = 1) {
  const auto result = run_all(op, inputs, std::move(attributes), "", outputs);
  return result.ok() ? "ok" : result.error().message();
}

inline ir::Tensor floats(std::initializer_list<std::int64_t> dims,
                         std::initializer_list<float> values) {
  return ir::Tensor::from_values<float>(dims, values);
}
inline ir::Tensor ints(std::initializer_list<std::int64_t> dims,
                       std::initializer_list<std::int64_t> values) {
  return ir::Tensor::from_values<std::int64_t>(dims, values);
}
inline ir::Tensor truths(std::initializer_list<std::int64_t> dims,
                         std::initializer_list<bool> values) {
  return ir::Tensor::from_values<bool>(dims, values);
}

}  // namespace lathe::ops
