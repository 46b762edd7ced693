// What to say of a command line that does not parse: one line that names the option and what was
// expected.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace lathe::cli {

// "lathe eval: unknown option '--dat'; did you mean '--data'? See `lathe eval --help`".
std::string explain_wrong_call(CLI::App& program, const CLI::ParseError& wrong);

// The same for a first word that is no verb.
std::string explain_unknown_verb(const CLI::App& program, std::string_view word);

// Verbs of the program, without those that are hidden.
std::vector<std::string> verb_names(const CLI::App& program);

}  // namespace lathe::cli
