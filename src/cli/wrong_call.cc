#include "cli/wrong_call.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/ranges.h>

#include "base/suggest.h"
#include "cli/describe.h"

namespace lathe::cli {
namespace {

// "--data", "MODEL": as messages of CLI11 name it.
std::string name_of(const CLI::Option& option) { return option.get_name(option.get_positional()); }

std::string join_words(const std::vector<std::string>& words) {
  if (words.size() < 2) return fmt::format("{}", fmt::join(words, ""));
  return fmt::format("{} or {}", fmt::join(words.begin(), words.end() - 1, ", "), words.back());
}

// Words that no option or argument took.
std::string explain_extra(const CLI::App& verb, const std::string& word) {
  if (word.size() < 2 || word[0] != '-') return fmt::format("unexpected argument '{}'", word);
  const std::string name = word.substr(0, word.find('='));
  if (name.size() == 2) return fmt::format("unknown option '{}'", name);  // near to every other
  std::vector<std::string> known;
  for (const OptionText& option : describe_verb(verb).options) {
    known.insert(known.end(), option.names.begin(), option.names.end());
  }
  return fmt::format("unknown option '{}'{}", name, did_you_mean(name, known));
}

// "a whole number above 0".
std::string expectation(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::string_view number =
      type.find("INT") != std::string::npos ? "a whole number" : "a number";
  const auto is = [&](std::string_view check) { return type.ends_with(check); };
  if (is(":POSITIVE")) return fmt::format("{} above 0", number);
  if (is(":NONNEGATIVE")) return fmt::format("{}, 0 or more", number);
  const std::size_t open = type.find('[');
  const std::size_t dash = type.find(" - ", open);
  if (open != std::string::npos && dash != std::string::npos) {
    return fmt::format("{} from {} to {}", number, type.substr(open + 1, dash - open - 1),
                       type.substr(dash + 3, type.size() - dash - 4));
  }
  return type.rfind("UINT", 0) == 0 ? "a whole number, 0 or more" : std::string(number);
}

bool is_refused(CLI::Option& option, const std::string& value) {
  const std::vector<std::string> words = describe_option(option).words;
  if (!words.empty()) return std::find(words.begin(), words.end(), value) == words.end();
  const bool whole = option.get_type_name().find("INT") != std::string::npos;
  double number = 0;
  if (!CLI::detail::lexical_cast(value, number)) return true;
  if (whole && value.find_first_of(".eE") != std::string::npos) return true;
  try {
    return !(*option.get_validator(0))(value).empty();
  } catch (const CLI::OptionNotFound&) {
    return false;
  }
}

// A value that its option cannot take.
std::string explain_value(CLI::Option& option) {
  const std::vector<std::string>& values = option.results();
  const auto refused = std::find_if(values.begin(), values.end(), [&](const std::string& value) {
    return is_refused(option, value);
  });
  const std::string value = refused == values.end() ? values.back() : *refused;
  const std::vector<std::string> words = describe_option(option).words;
  if (words.empty()) {
    return fmt::format("{}: expected {}, but got '{}'", name_of(option), expectation(option),
                       value);
  }
  return fmt::format("{}: unknown '{}', expected {}{}", name_of(option), value, join_words(words),
                     did_you_mean(value, words));
}

// The option that a message of CLI11 speaks of: "--batch: ...", "MODEL is required", "... --batch".
CLI::Option* find_subject(CLI::App& verb, std::string_view message) {
  for (CLI::Option* option : verb.get_options()) {
    const std::string name = name_of(*option);
    if (name.empty()) continue;
    const std::size_t at = message.find(name);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = message.substr(at + name.size());
    if (rest.empty() || rest[0] == ':' || rest[0] == ' ' || rest[0] == ',') return option;
  }
  return nullptr;
}

std::string explain(CLI::App& verb, const CLI::ParseError& wrong) {
  // An option that is mistyped is often one that is required, which would be reported as missing.
  const std::vector<std::string> extras = verb.remaining();
  const auto option_like = std::find_if(extras.begin(), extras.end(), [](const std::string& word) {
    return word.size() > 1 && word[0] == '-';
  });
  if (option_like != extras.end()) return explain_extra(verb, *option_like);

  const std::string message = wrong.what();
  const std::string kind = wrong.get_name();
  CLI::Option* option = find_subject(verb, message);
  if (option == nullptr) {
    return extras.empty() ? message : explain_extra(verb, extras.front());
  }
  const std::string name = name_of(*option);
  if (kind == "RequiredError") return fmt::format("{} is missing", name);
  if (is_flag(*option)) return fmt::format("{} takes no value", name);
  if (kind == "ConversionError" || kind == "ValidationError") return explain_value(*option);
  if (kind == "ArgumentMismatch") {
    return option->results().size() > 1 ? fmt::format("{} is given twice", name)
                                        : fmt::format("{} needs a value", name);
  }
  return message;
}

// One sentence, or two where the first ends in a question.
std::string with_help(const std::string& message, std::string_view help) {
  return message.ends_with('?') ? fmt::format("{} See `{}`", message, help)
                                : fmt::format("{}; see `{}`", message, help);
}

}  // namespace

std::vector<std::string> verb_names(const CLI::App& program) {
  std::vector<std::string> names;
  for (const CLI::App* verb : program.get_subcommands(nullptr)) names.push_back(verb->get_name());
  return names;
}

std::string explain_unknown_verb(const CLI::App& program, std::string_view word) {
  return with_help(
      fmt::format("unknown verb '{}'{}", word, did_you_mean(word, verb_names(program))),
      "lathe help");
}

std::string explain_wrong_call(CLI::App& program, const CLI::ParseError& wrong) {
  const std::vector<CLI::App*> chosen = program.get_subcommands();
  if (chosen.empty()) return with_help("lathe: " + explain(program, wrong), "lathe help");
  CLI::App& verb = *chosen.front();
  const std::string name = "lathe " + verb.get_name();
  return with_help(name + ": " + explain(verb, wrong), name + " --help");
}

}  // namespace lathe::cli
