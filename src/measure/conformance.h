// Runs folders of ONNX backend tests: what the package onnx publishes as onnx.backend.test.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "engine/backend.h"

namespace lathe::measure {

enum class Outcome {
  kPassed,
  kFailed,       // other outputs, or an error where there should be outputs
  kUnsupported,  // the backend says that it does not do this
  kSkipped,      // the case cannot be run: its data is not there, or is of a kind that is not read
};
std::string_view outcome_name(Outcome outcome);  // "passed", ...

struct CaseResult {
  std::string name;                         // the folder below the root: "node/test_relu"
  std::vector<std::string> operators = {};  // of the model, each once, in order
  Outcome outcome = Outcome::kSkipped;
  std::string message = {};  // why it has not passed
};

// Of ONNX's own test runner, element by element: |actual - expected| <= absolute + relative *
// |expected|. Types and shapes must be equal; strings, too. Of models that draw random numbers
// types and shapes alone are compared.
struct Tolerance {
  double relative = 1e-3;
  double absolute = 1e-7;
};

// The cases in a folder: itself, where it has a model.onnx, or all folders below it that have one,
// sorted. An error where there is none.
Result<std::vector<Path>> find_cases(const Path& root);

// Every test_data_set_N of one case: the model with its inputs gives its outputs.
CaseResult run_case(const Path& folder, const std::string& name, const engine::Backend& backend,
                    const Tolerance& tolerance = {});

}  // namespace lathe::measure
