// One self-contained HTML page of where a model's time goes: bars by operator, layer and node, the
// roofline, every number in a table, and the machine. Like the other pages it opens from disk,
// without network and without scripts, and escapes all text.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "measure/profile.h"
#include "report/profile_table.h"

namespace lathe::report {

struct ProfilePage {
  ProfileTitle title = {};
  measure::ModelProfile profile = {};
  std::vector<std::pair<std::string, std::string>> system = {};  // name and value
  std::string command = {};                                      // that reproduces it
  std::string generated_at = {};
};

std::string to_html(const ProfilePage& page);

}  // namespace lathe::report
