// What `run` found out about images: as a table, as JSON, and in files.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "measure/classifier.h"

namespace lathe::cli {

// Of one input; without classes where it could not be read.
struct Prediction {
  std::string input;
  std::vector<measure::ClassScore> classes;  // the most probable first
  std::string truth;                         // empty where it is not known
  bool right = false;                        // whether the first is the truth
  std::vector<float> scores;                 // the model's output, one per class
  std::string error;                         // why it could not be read
};

// Aligned columns, without the inputs that could not be read.
std::string prediction_table(const std::vector<Prediction>& predictions, bool bold_header);

// {"results": [{"input", "predictions": [{"label", "index", "probability"}], "truth"}],
//  "failures": [{"input", "error"}]}
nlohmann::json prediction_json(const std::vector<Prediction>& predictions);

// Names that write_predictions can end in.
inline constexpr const char* kPredictionFiles[] = {".npy", ".npz", ".json", ".csv"};

// By the end of the file's name
//   .npy        the outputs, float32 [inputs, classes]; of NaN where an input could not be read
//   .npz        the same as "outputs", and the inputs' names as "inputs"
//   .json       prediction_json
//   .csv        a line per input and class: input, rank, label, index, probability, truth, error
Status write_predictions(const std::string& path, const std::vector<Prediction>& predictions);

}  // namespace lathe::cli
