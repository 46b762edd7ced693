#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>

#include "cli/describe.h"

namespace lathe::cli {
namespace {

bool is_plain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("_@%+=:,./-").find(c) != std::string_view::npos;
}

void append(std::string& command, std::string_view word) { command += " " + shell_word(word); }

void append_option(std::string& command, const CLI::Option& option) {
  const std::string name = option.get_name();
  if (is_flag(option)) return append(command, name);
  std::vector<std::string> values = option.results();
  if (const char delimiter = option.get_delimiter(); delimiter != '\0') {
    values = {CLI::detail::join(values, std::string(1, delimiter))};
  }
  for (const std::string& value : values) {
    if (value.starts_with('-')) {
      append(command, name + "=" + value);
    } else {
      append(command, name);
      append(command, value);
    }
  }
}

}  // namespace

std::string shell_word(std::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string shell_command(const std::vector<std::string>& words) {
  std::string command;
  for (const std::string& word : words) {
    command += (command.empty() ? "" : " ") + shell_word(word);
  }
  return command;
}

std::string command_line(const CLI::App& verb) {
  std::string command = shell_command({verb.get_parent()->get_name(), verb.get_name()});
  std::string options;
  for (const CLI::Option* option : verb.get_options()) {
    if (option->count() == 0) continue;
    if (!option->get_positional()) {
      append_option(options, *option);
    } else {
      for (const std::string& value : option->results()) append(command, value);
    }
  }
  return command + options;
}

}  // namespace lathe::cli
