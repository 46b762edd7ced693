#include "cli/flag_values.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "backends/backends.h"
#include "cli/describe.h"
#include "ir/architectures.h"

namespace lathe::cli {
namespace {

struct Flag {
  std::string_view name;
  std::string_view value;
  std::vector<std::string> words = {};
};

std::vector<std::string> backend_names() {
  std::vector<std::string> names;
  for (const engine::Backend* backend : engine::backends()) names.emplace_back(backend->name());
  names.emplace_back("auto");
  return names;
}

std::vector<std::string> architecture_names() {
  std::vector<std::string> names;
  for (const ir::Architecture& a : ir::architectures()) names.emplace_back(a.name);
  return names;
}

std::vector<Flag> flags() {
  return {{"--output", "FILE"},
          {"--history", "FILE"},
          {"--chart", "FILE"},
          {"--checkpoint", "FILE"},
          {"--report", "FILE"},
          {"--csv", "FILE"},
          {"--html", "FILE"},
          {"--trace", "FILE"},
          {"--arch", "ARCH", architecture_names()},
          {"--data", "SPEC", {"fashion-mnist", "mnist:", "idx:", "cifar10:", "images:", "npz:"}},
          {"--split", "NAME", {"train", "test", "all"}},
          {"--size", "HxW"},
          {"--preprocess", "JSON"},
          {"--backend", "NAME", backend_names()},
          {"--against", "NAME", backend_names()},
          {"--optimizer", "NAME", {"sgd", "adamw"}},
          {"--schedule", "NAME", {"constant", "cosine", "one-cycle", "step", "plateau"}},
          {"--augment", "NAMES", {"flip", "crop", "rotate", "color", "none"}},
          {"--memory-format", "NAME", {"auto", "contiguous", "channels-last"}},
          {"--device", "NAME", {"auto", "cpu", "cuda"}},
          {"--exclude", "NAMES"},
          {"--memory-limit", "SIZE"},
          {"--provider", "NAMES", {"tensorrt", "cuda", "openvino", "cpu"}},
          {"--provider-option", "P:KEY=VALUE"},
          {"--threads", "N"},
          {"--streams", "N"},
          {"--shape", "NAME=DIMS"},
          {"--dim", "NAME=N"}};
}

// Options whose variable holds a number that means none was given.
constexpr const char* kWithoutDefault[] = {"--lr", "--weight-decay", "--latency-bound-ms"};

}  // namespace

void describe_values(CLI::App& verb) {
  for (CLI::Option* option : verb.get_options()) {
    // CLI11 reads "-1" as the largest number there is.
    if (option->get_type_name() == "UINT") option->check(CLI::NonNegativeNumber);
  }
  for (const char* name : kWithoutDefault) {
    if (CLI::Option* option = verb.get_option_no_throw(name)) option->default_str("");
  }
  for (const Flag& flag : flags()) {
    CLI::Option* option = verb.get_option_no_throw(std::string(flag.name));
    if (option == nullptr || is_flag(*option)) continue;
    if (option->get_option_text().empty()) option->option_text(std::string(flag.value));
    if (!flag.words.empty() && describe_option(*option).words.empty()) offer(option, flag.words);
  }
}

}  // namespace lathe::cli
