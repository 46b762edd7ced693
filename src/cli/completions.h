// Completions of the command line for shells: verbs, options, and values that are known beforehand;
// files elsewhere.
#pragma once

#include <string>

#include "cli/describe.h"

namespace lathe::cli {

std::string bash_completions(const ProgramText& program);
std::string zsh_completions(const ProgramText& program);
std::string fish_completions(const ProgramText& program);

}  // namespace lathe::cli
