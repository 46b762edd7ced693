// Commands as one types them into a shell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace lathe::cli {

// A word that a shell reads as it is: in quotes where it needs some.
std::string shell_word(std::string_view word);

// Words with blanks between them, each as shell_word() has it.
std::string shell_command(const std::vector<std::string>& words);

// The call of a verb as it was made, with every option that was given: arguments first, then
// options in the order of its help.
std::string command_line(const CLI::App& verb);

}  // namespace lathe::cli
