#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/completions.h"
#include "cli/describe.h"
#include "cli/help_text.h"
#include "cli/manual_page.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "cli/wrong_call.h"

namespace lathe::cli {
namespace {

struct Call {
  std::string verb;
  std::string format = "text";
};

Status run(const CLI::App& program, const Call& call) {
  if (call.format != "text") {
    if (!call.verb.empty()) {
      return invalid_argument("--format {} is of the whole program, not of one verb", call.format);
    }
    const ProgramText text = describe_program(program);
    const auto write = call.format == "man"    ? manual_page
                       : call.format == "bash" ? bash_completions
                       : call.format == "zsh"  ? zsh_completions
                                               : fish_completions;
    print(write(text));
    return {};
  }
  if (call.verb.empty()) {
    print(program_help(describe_program(program), help_width()));
    return {};
  }
  const std::vector<std::string> names = verb_names(program);
  if (std::find(names.begin(), names.end(), call.verb) == names.end()) {
    return invalid_argument("{}", explain_unknown_verb(program, call.verb));
  }
  print(verb_help(describe_verb(*program.get_subcommand(call.verb)), help_width()));
  return {};
}

std::function<Status()> declare(Arguments app) {
  auto call = std::make_shared<Call>();
  const CLI::App& program = *app.app().get_parent();
  app.add_option("VERB", call->verb, "The verb; without one, all are listed")
      ->offer(verb_names(program));
  app.add_option("--format", call->format,
                 "text, a manual page for man, or completions for a shell: bash, zsh or fish")
      ->check(one_of({"text", "man", "bash", "zsh", "fish"}));
  return [call, &program] { return run(program, *call); };
}

}  // namespace

Verb help_verb() {
  return {"help", "Show this help, or that of a verb", declare,
          "lathe help train\n"
          "lathe help --format bash > ~/.local/share/bash-completion/completions/lathe"};
}

}  // namespace lathe::cli
