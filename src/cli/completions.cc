#include "cli/completions.h"

#include <algorithm>
#include <fmt/ranges.h>
#include <set>

namespace lathe::cli {
namespace {

std::string joined(const std::vector<std::string>& words, std::string_view separator = " ") {
  return fmt::format("{}", fmt::join(words, separator));
}

// Between single quotes of bash, zsh and fish.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::vector<std::string> names_of(const ProgramText& program) {
  std::vector<std::string> names;
  for (const VerbText& verb : program.verbs) names.push_back(verb.name);
  return names;
}

// ---------------------------------------------------------------------------------------- bash

// Sets what comes behind an option, or stands for an argument: $words, $files and $list.
std::string bash_values(const OptionText& option) {
  std::string text;
  if (!option.words.empty()) text += fmt::format("words={}; ", shell_quoted(joined(option.words)));
  if (option.takes_file()) text += "files=1; ";
  if (option.list) text += "list=1; ";
  return text;
}

std::string bash_verb(const VerbText& verb) {
  std::vector<std::string> flags;
  std::string text = fmt::format("    {})\n", verb.name);
  std::string cases;
  for (const OptionText& option : verb.options) {
    flags.insert(flags.end(), option.names.begin(), option.names.end());
    if (option.value.empty()) continue;
    cases +=
        fmt::format("        {}) value=1; {};;\n", joined(option.names, "|"), bash_values(option));
  }
  text += fmt::format("      flags={}\n", shell_quoted(joined(flags)));
  text += "      case $prev in\n" + cases;
  if (!verb.arguments.empty()) {
    std::set<std::string> values;
    for (const OptionText& argument : verb.arguments) values.insert(bash_values(argument));
    text += fmt::format("        *) {};;\n", fmt::join(values, ""));
  }
  return text + "      esac ;;\n";
}

constexpr std::string_view kBashStart =
    R"(# Completions of lathe for bash: made by `lathe help --format bash`.
_lathe() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
  local flags= words= files= list= value= before=
  COMPREPLY=()
  # bash takes --flag=value and images:DIR apart at "=" and ":".
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $cur == : || $prev == : ]]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "${cur#:}")
    return
  fi
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur")
    return
  fi
  case ${COMP_WORDS[1]} in
)";

constexpr std::string_view kBashEnd = R"(  esac
  if [[ -z $value && $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur")
    return
  fi
  if [[ -n $list && $cur == *,* ]]; then
    before=${cur%,*},
    cur=${cur##*,}
  fi
  mapfile -t COMPREPLY < <(compgen -P "$before" -W "$words" -- "$cur")
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]]; then
    compopt -o nospace
  elif [[ ${#COMPREPLY[@]} -eq 0 && -n $files ]]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
}
complete -F _lathe lathe
)";

// ----------------------------------------------------------------------------------------- zsh

// As it stands inside '...' of a specification for _arguments.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

// What _arguments does for a value.
std::string zsh_action(const OptionText& option) {
  const std::string words = zsh_text(joined(option.words));
  if (option.words.empty()) return option.takes_file() ? "_files" : " ";
  if (option.takes_file()) return fmt::format("{{compadd -S \"\" -- {}; _files}}", words);
  if (option.list) return fmt::format(" _values -s , {} {}", option.value, words);
  return fmt::format("({})", words);
}

std::string zsh_verb(const VerbText& verb) {
  std::vector<std::string> specs;
  for (const OptionText& option : verb.options) {
    std::string rest = fmt::format("[{}]", zsh_text(option.description));
    if (!option.value.empty()) {
      rest += fmt::format(":{}:{}", zsh_text(option.value), zsh_action(option));
    }
    for (const std::string& name : option.names) {
      const bool joins = !option.value.empty() && name.rfind("--", 0) == 0;
      specs.push_back(
          fmt::format("'({}){}{}{}'", joined(option.names), name, joins ? "=" : "", rest));
    }
  }
  for (std::size_t i = 0; i < verb.arguments.size(); ++i) {
    const OptionText& argument = verb.arguments[i];
    const std::string place = argument.repeated ? "*" : std::to_string(i + 1);
    specs.push_back(
        fmt::format("'{}:{}:{}'", place, zsh_text(argument.value), zsh_action(argument)));
  }
  return fmt::format("    {})\n      _arguments -s \\\n        {} ;;\n", verb.name,
                     joined(specs, " \\\n        "));
}

}  // namespace

std::string bash_completions(const ProgramText& program) {
  std::string text(kBashStart);
  const std::string verbs = joined(names_of(program)) + " --help --version";
  const std::string place = "\"$verbs\"";
  text.replace(text.find(place), place.size(), shell_quoted(verbs));
  for (const VerbText& verb : program.verbs) text += bash_verb(verb);
  return text + std::string(kBashEnd);
}

std::string zsh_completions(const ProgramText& program) {
  std::string text =
      "#compdef lathe\n# Completions of lathe for zsh: made by `lathe help --format zsh`.\n"
      "_lathe() {\n  local -a verbs=(\n";
  for (const VerbText& verb : program.verbs) {
    text += fmt::format("    '{}:{}'\n", verb.name, zsh_text(verb.summary));
  }
  text +=
      "  )\n  if (( CURRENT == 2 )); then\n    _describe verb verbs\n    return\n  fi\n"
      "  local verb=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $verb in\n";
  for (const VerbText& verb : program.verbs) text += zsh_verb(verb);
  return text + "  esac\n}\n_lathe \"$@\"\n";
}

std::string fish_completions(const ProgramText& program) {
  std::string text = "# Completions of lathe for fish: made by `lathe help --format fish`.\n";
  for (const VerbText& verb : program.verbs) {
    text += fmt::format("complete -c lathe -n __fish_use_subcommand -f -a {} -d {}\n", verb.name,
                        shell_quoted(verb.summary));
  }
  for (const VerbText& verb : program.verbs) {
    const std::string start =
        fmt::format("complete -c lathe -n '__fish_seen_subcommand_from {}'", verb.name);
    for (const OptionText& option : verb.options) {
      text += start;
      for (const std::string& name : option.names) {
        const bool is_long = name.rfind("--", 0) == 0;
        text += is_long ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!option.value.empty()) text += option.takes_file() ? " -r -F" : " -x";
      if (!option.words.empty()) text += " -a " + shell_quoted(joined(option.words));
      text += " -d " + shell_quoted(option.description) + "\n";
    }
    const bool files = std::any_of(verb.arguments.begin(), verb.arguments.end(),
                                   [](const OptionText& option) { return option.takes_file(); });
    if (!files) text += start + " -f\n";
    for (const OptionText& argument : verb.arguments) {
      if (!argument.words.empty())
        text += start + " -a " + shell_quoted(joined(argument.words)) + "\n";
    }
  }
  return text;
}

}  // namespace lathe::cli
