// The table in docs/operators.md, made from the lists that the code itself goes by.
//
//   operators_page FILE           compares the table in FILE with them; the exit status tells
//   operators_page --write FILE   puts it there
#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "formats/onnx/opsets.h"
#include "ops/op_def.h"

namespace {

constexpr std::string_view kBegin = "<!-- begin of the table: written by operators_page -->\n";
constexpr std::string_view kEnd = "<!-- end of the table -->\n";

struct Name {
  std::string_view domain;
  std::string_view name;
  bool operator==(const Name&) const = default;
};

template <typename List>
bool contains(const List& list, Name name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

constexpr Name kKernels[] = {
#define LATHE_LOWER(domain, op, name, layouts, epilogue, narrow) {domain, #op},
#include "engine/lower/lowerings.inc"
#undef LATHE_LOWER
};

constexpr Name kTrained[] = {
#define LATHE_TRAIN_OP(name) {"", #name},
#include "train/torch/train_ops.inc"
#undef LATHE_TRAIN_OP
};

// What the roles of shrink::QuantizationRole are called on the page.
std::string_view quantized(Name name) {
  constexpr std::string_view kLayer = "weights and values";
  constexpr std::string_view kArithmetic = "values";
  constexpr std::string_view kMovement = "moves";
  constexpr std::string_view kActivation = "clamps";
  constexpr struct {
    Name name;
    std::string_view role;
  } kRoles[] = {
#define LATHE_QUANTIZE(name, role) {{"", #name}, role},
#include "shrink/quantize/quantized_operators.inc"
#undef LATHE_QUANTIZE
  };
  for (const auto& row : kRoles) {
    if (row.name == name) return row.role;
  }
  const bool is_8_bit = name.name.starts_with("Q") || name.name == "DequantizeLinear";
  return is_8_bit ? "result" : "";
}

std::string table() {
  std::string text =
      "| operator | read since opset | kernels of `native` | trained | quantized |\n"
      "|---|---|---|---|---|\n";
  const auto add = [&](Name name, int since) {
    const bool is_onnx = name.domain.empty();
    // The one operator that never runs: reading makes its value a constant of the graph.
    const bool is_constant = is_onnx && name.name == "Constant";
    text += fmt::format("| `{}{}{}` | {} | {} | {} | {} |\n", name.domain, is_onnx ? "" : ".",
                        name.name, since,
                        is_constant                ? "none needed"
                        : contains(kKernels, name) ? "yes"
                                                   : "",
                        is_constant || contains(kTrained, name) ? "yes" : "", quantized(name));
  };
  // Of the default domain by name, with Constant, which is no operator of ops/; then the others,
  // but for those of Lathe's domain, which passes make and no file has.
  std::vector<Name> names{{"", "Constant"}};
  for (const lathe::ops::OpDef& op : lathe::ops::all_ops()) {
    if (op.domain != lathe::ir::kLatheDomain) names.push_back({op.domain, op.name});
  }
  std::sort(names.begin(), names.end(), [](Name a, Name b) {
    return std::pair(a.domain, a.name) < std::pair(b.domain, b.name);
  });
  for (const Name name : names) {
    const int oldest = name.domain.empty() ? lathe::formats::kOldestOpset : 1;
    const auto versions = lathe::ops::signature_versions(name.domain, name.name);
    add(name, std::max(oldest, versions.front()->since));
  }
  return text;
}

int fail(const std::string& message) {
  std::fprintf(stderr, "operators_page: %s\n", message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const bool write = argc == 3 && std::string_view(argv[1]) == "--write";
  if (argc != (write ? 3 : 2)) {
    fail("usage: operators_page [--write] FILE");
    return 2;
  }
  const lathe::Path path = argv[argc - 1];
  const auto page = lathe::read_file(path);
  if (!page.ok()) return fail(page.error().message());
  const std::size_t begin = page->find(kBegin);
  const std::size_t end = page->find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    return fail(fmt::format("{}: expected the lines\n{}{}", path.string(), kBegin, kEnd));
  }
  const std::string wanted =
      page->substr(0, begin + kBegin.size()) + "\n" + table() + "\n" + page->substr(end);
  if (wanted == *page) return 0;
  if (!write) {
    return fail(fmt::format("{} is not what the code says: operators_page --write {}",
                            path.string(), path.string()));
  }
  const auto written = lathe::write_file_atomic(path, wanted);
  return written.ok() ? 0 : fail(written.error().message());
}
