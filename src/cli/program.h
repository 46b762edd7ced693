// The parser of the whole command line: the verbs with their options.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace CLI {
class App;
}

namespace lathe::cli {

// What a command line that parsed asks for.
struct Chosen {
  std::string verb;
  std::function<Status()> action;
};

// The program with all verbs. Parsing a verb fills in `chosen`, which has to outlive the parser.
std::unique_ptr<CLI::App> make_program(Chosen& chosen);

}  // namespace lathe::cli
