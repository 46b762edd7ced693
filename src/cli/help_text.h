// `lathe --help` and `lathe VERB --help`.
#pragma once

#include <CLI/Formatter.hpp>
#include <cstddef>
#include <string>

#include "cli/describe.h"

namespace lathe::cli {

// In lines of at most `width` characters: names at the left and what they mean beside them, or
// beneath where the lines are short.
std::string verb_help(const VerbText& verb, std::size_t width);
std::string program_help(const ProgramText& program, std::size_t width);

// Characters in a line of standard output: the terminal's, at most 100; elsewhere what COLUMNS
// says, or 80.
std::size_t help_width();

// For CLI11, which prints it.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
};

}  // namespace lathe::cli
