#include "cli/describe.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/ranges.h>

#include "report/utf8.h"

namespace lathe::cli {
namespace {

// "TEXT:{cnn,mlp}" has the words cnn and mlp: CLI11 keeps what a check says of itself there.
std::vector<std::string> words_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

std::string value_of(const CLI::Option& option) {
  if (is_flag(option)) return {};
  if (!option.get_option_text().empty()) return option.get_option_text();
  const std::string type = option.get_type_name();
  if (type.rfind("INT", 0) == 0 || type.rfind("UINT", 0) == 0) return "N";
  if (type.rfind("FLOAT", 0) == 0) return "X";
  return "NAME";
}

// What CLI11 prints of a variable: "[1,2]" for a list, "{}" or "\"\"" for nothing.
std::string default_of(const CLI::Option& option) {
  std::string text = option.get_default_str();
  if (!text.empty() && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  return text == "{}" || text == "\"\"" ? std::string() : text;
}

}  // namespace

bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

OptionText describe_option(const CLI::Option& option) {
  OptionText text;
  for (const std::string& name : option.get_snames()) text.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) text.names.push_back("--" + name);
  text.value = text.names.empty() ? option.get_name(true) : value_of(option);
  text.description = option.get_description();
  text.default_value = default_of(option);
  text.words = words_of(option);
  text.required = option.get_required();
  text.repeated = text.names.empty() && option.get_expected_max() > 1;
  text.list = option.get_delimiter() != '\0';
  return text;
}

const std::string& OptionText::name() const { return names.empty() ? value : names.back(); }

std::string OptionText::heading() const {
  if (names.empty()) return value + (repeated ? "..." : "");
  std::string text = fmt::format("{}", fmt::join(names, ", "));
  if (!value.empty()) text += " " + value;
  return text;
}

std::string OptionText::explanation() const {
  std::string remark = required ? "required" : "";
  if (!default_value.empty()) remark = "default: " + default_value;
  if (remark.empty()) return description;
  // "Use at most N samples (0: all; default: 0)", with one pair of parentheses.
  if (description.ends_with(')')) {
    return description.substr(0, description.size() - 1) + "; " + remark + ")";
  }
  return description + " (" + remark + ")";
}

bool OptionText::takes_file() const {
  return value == "FILE" || value == "MODEL" || value == "INPUT" || value == "SPEC" ||
         value == "JSON";
}

VerbText describe_verb(const CLI::App& verb) {
  VerbText text;
  text.name = verb.get_name();
  text.group = verb.get_group();
  text.summary = verb.get_description();
  for (const CLI::Option* option : verb.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    (option->get_positional() ? text.arguments : text.options).push_back(describe_option(*option));
  }
  // CLI11 declares --help before all others; people look for it last.
  std::stable_partition(text.options.begin(), text.options.end(),
                        [](const OptionText& option) { return option.name() != "--help"; });
  for (const std::string& line : CLI::detail::split(verb.get_footer(), '\n')) {
    if (!line.empty()) text.examples.push_back(line);
  }
  return text;
}

std::string VerbText::usage() const {
  std::string text = "lathe " + name;
  for (const OptionText& argument : arguments) {
    text += argument.required ? " " + argument.heading() : " [" + argument.heading() + "]";
  }
  for (const OptionText& option : options) {
    if (option.required) text += fmt::format(" {} {}", option.names.front(), option.value);
  }
  return text + " [OPTIONS]";
}

ProgramText describe_program(const CLI::App& program) {
  ProgramText text;
  text.name = program.get_name();
  text.summary = program.get_description();
  for (const CLI::Option* option : program.get_options()) {
    text.options.push_back(describe_option(*option));
  }
  for (const CLI::App* verb : program.get_subcommands(nullptr)) {
    if (!verb->get_group().empty()) text.verbs.push_back(describe_verb(*verb));
  }
  return text;
}

CLI::Option* offer(CLI::Option* option, const std::vector<std::string>& words) {
  const auto any = [](std::string&) { return std::string(); };
  return option->check(CLI::Validator(any, fmt::format("{{{}}}", fmt::join(words, ",")), "offer"));
}

std::string hanging(std::string_view text, std::size_t width, std::size_t indent,
                    std::size_t column) {
  const auto room = static_cast<int>(std::max<std::size_t>(width, indent + 2) - indent);
  const std::string separator = "\n" + std::string(indent, ' ');
  return std::string(indent - std::min(column, indent), ' ') +
         fmt::format("{}", fmt::join(report::wrap(text, room), separator));
}

}  // namespace lathe::cli
