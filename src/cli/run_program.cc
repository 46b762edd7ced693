#include "cli/run_program.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <vector>

#include "cli/options.h"
#include "cli/program.h"
#include "cli/wrong_call.h"

namespace lathe::cli {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongCall = 2;
constexpr int kInterrupted = 130;  // as shells have it: 128 and SIGINT

int exit_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return kWrongCall;
    case ErrorCode::kInterrupted:
      return kInterrupted;
    default:
      return kFailed;
  }
}

int do_call(int argc, char** argv) {
  Chosen chosen;
  const std::unique_ptr<CLI::App> program = make_program(chosen);
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) words = {"help"};
  const std::vector<std::string> verbs = verb_names(*program);
  if (words[0].rfind('-', 0) != 0 &&
      std::find(verbs.begin(), verbs.end(), words[0]) == verbs.end()) {
    std::fprintf(stderr, "lathe: %s\n", explain_unknown_verb(*program, words[0]).c_str());
    return kWrongCall;
  }
  try {
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    program->parse(words);
  } catch (const CLI::Success& done) {
    std::ostringstream help;
    program->exit(done, help, help);
    print(help.str());
    return kDone;
  } catch (const CLI::ParseError& wrong) {
    std::fprintf(stderr, "%s\n", explain_wrong_call(*program, wrong).c_str());
    return kWrongCall;
  }
  const Status status = chosen.action();
  if (status.ok()) return kDone;
  say(fmt::format("lathe {}: {}", chosen.verb, status.error().message()));
  return exit_status(status.error().code());
}

// The status of a program whose results may not have reached standard output.
int finish(int status, void (*pipe_action)(int)) {
  const int problem = standard_output_error();
  if (problem == 0) return status;
  if (problem == EPIPE && pipe_action == SIG_DFL) {
    // `| head` has seen enough: the signal ends the program as it ends others, without a word.
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
  }
  std::fprintf(stderr, "lathe: cannot write to standard output: %s\n", std::strerror(problem));
  return status == kDone ? kFailed : status;
}

}  // namespace

int run_program(int argc, char** argv) {
  // Work goes on where nobody reads what it prints; finish() tells.
  const auto pipe_action = std::signal(SIGPIPE, SIG_IGN);
  return finish(do_call(argc, argv), pipe_action);
}

}  // namespace lathe::cli
