// What a model carries in its metadata, in words.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace lathe::cli {

using Metadata = std::map<std::string, std::string, std::less<>>;

// A line of what `inspect` prints: "labels", "10: cat, dog, ...".
struct MetadataLine {
  std::string key;
  std::string text;
};

// Lathe's own keys in words, one line for each step of the history; others as they are, cut where
// they are long. Whatever the model holds, a line is one line.
std::vector<MetadataLine> metadata_lines(const Metadata& metadata);

// For programs: what Lathe's own keys hold as JSON, others as text.
nlohmann::json metadata_json(const Metadata& metadata);

}  // namespace lathe::cli
