// What the program's help, its manual page and the completions of shells are made of, read from the
// parser of its command line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace lathe::cli {

// An option, or an argument that has no name of its own.
struct OptionText {
  std::vector<std::string> names;  // "-o", "--output"; an argument has none
  std::string value;               // "FILE", "N"; empty for what is on or off
  std::string description;
  std::string default_value;       // as written on the command line; empty: nothing
  std::vector<std::string> words;  // values that are known beforehand
  bool required = false;
  bool repeated = false;  // an argument that may be there many times
  bool list = false;      // takes values with commas between them

  // The longest name, or the argument's.
  [[nodiscard]] const std::string& name() const;
  // "-o, --output FILE".
  [[nodiscard]] std::string heading() const;
  // The description with what is said of every option: "(required)", "(default: 64)".
  [[nodiscard]] std::string explanation() const;
  // Whether its value is a path.
  [[nodiscard]] bool takes_file() const;
};

struct VerbText {
  std::string name;
  std::string group;
  std::string summary;
  std::vector<OptionText> arguments;
  std::vector<OptionText> options;
  std::vector<std::string> examples;  // command lines

  // "lathe eval MODEL --data SPEC [OPTIONS]".
  [[nodiscard]] std::string usage() const;
};

struct ProgramText {
  std::string name;
  std::string summary;
  std::vector<OptionText> options;
  std::vector<VerbText> verbs;  // those of one group stand together
};

// Whether the option takes no value.
bool is_flag(const CLI::Option& option);

OptionText describe_option(const CLI::Option& option);
VerbText describe_verb(const CLI::App& verb);
ProgramText describe_program(const CLI::App& program);

// Words that help and completions show for an option which takes others too; for an option that
// takes no others use one_of().
CLI::Option* offer(CLI::Option* option, const std::vector<std::string>& words);

// `text` in lines of at most `width` cells, each behind `indent` blanks; the first begins where
// `column` cells are taken already. Ends without a line end.
std::string hanging(std::string_view text, std::size_t width, std::size_t indent,
                    std::size_t column = 0);

}  // namespace lathe::cli
