// Where the time of a model goes, for a terminal.
#pragma once

#include <string>

#include "measure/profile.h"
#include "report/text_table.h"

namespace lathe::report {

// What the profile is called, and how much of it is shown.
struct ProfileTitle {
  std::string model = {};  // as people know it
  std::string backend = {};
};

// The inference as a whole, what runs in the reference evaluator, the machine's peaks, and tables
// of nodes, the longest first, of operators and of layers. `top`: rows of nodes and of layers; 0:
// all.
std::string profile_text(const ProfileTitle& title, const measure::ModelProfile& profile,
                         std::size_t top, bool bold_header, int width = output_width());

// "resnet18.onnx takes 26.1 ms: 71 % of it Conv+Relu."
std::string headline(const ProfileTitle& title, const measure::ModelProfile& profile);

// The steps that the reference evaluator computed, one line for each operator and reason, the
// longest first: "31 %: NonMaxSuppression, its shapes depend on values (nms)".
std::vector<std::string> interpreted_lines(const measure::ModelProfile& profile);

// Indices of steps, or of groups, by their time, the longest first.
std::vector<std::size_t> longest_steps(const measure::ModelProfile& profile);
std::vector<std::size_t> longest_groups(std::span<const measure::ProfiledGroup> groups);

// As shares of the time are shown: "12.3 %", "below 0.1 %".
std::string format_share(double share);

}  // namespace lathe::report
