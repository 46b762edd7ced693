// One self-contained HTML page that shows what was done to a model, what it cost and what it
// gained. It opens from disk, without network and without scripts, in light and dark, on a phone
// and on paper.
//
// A number that is not known is NaN (double) or negative (integer), a text that is not known is
// empty; the page leaves out whatever has nothing to show. All text is escaped, so names may come
// from hostile files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "ir/graph.h"
#include "measure/compare_variants.h"

namespace lathe::report {

using measure::kUnknown;

struct Epoch {
  std::int64_t epoch = 0;  // from 1
  double train_loss = kUnknown;
  double train_top1 = kUnknown;
  double validation_loss = kUnknown;
  double validation_top1 = kUnknown;
  double learning_rate = kUnknown;
};
struct History {
  std::vector<Epoch> epochs = {};
};

struct Report {
  std::string title = {};
  std::string summary = {};  // a sentence or two below the headline: what was trained on what
  std::vector<std::pair<std::string, std::string>> system = {};  // name and value
  // The headline compares the last variant with the first.
  measure::VariantComparison comparison = {};
  std::optional<History> history = {};
  std::vector<std::string> commands = {};  // that reproduce it, in order
  std::string generated_at = {};           // date and time, as it shall be shown
};

// What the model's training says of itself in the metadata of `graph` ("lathe.history"), if
// anything.
std::optional<History> read_history(const ir::Graph& graph);

// The answer in words, as plain text: "int8 is 3.6× smaller and 2.1× faster than float32, without a
// measurable change of accuracy." Empty where there are not two variants with something to compare.
std::string headline(const Report& report);

std::string to_html(const Report& report);
// Replaces `path` as a whole.
Status write_html(const Report& report, const Path& path);

}  // namespace lathe::report
