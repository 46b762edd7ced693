// The program: a table of verbs.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <vector>

#include "cli/verb.h"

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

std::vector<Verb> verbs() {
  return {new_verb(), train_verb(), eval_verb(),    quantize_verb(), inspect_verb(),
          run_verb(), bench_verb(), compare_verb(), devices_verb()};
}

int run(int argc, char** argv) {
  CLI::App app{"Lathe trains, shrinks, proves and runs neural networks.", "lathe"};
  app.set_version_flag("--version", std::string("lathe ") + LATHE_VERSION);
  app.require_subcommand(1);
  app.footer("lathe VERB --help tells the options of a verb.");
  std::function<Status()> chosen;
  std::string name;
  for (const Verb& verb : verbs()) {
    CLI::App* sub = app.add_subcommand(std::string(verb.name), std::string(verb.summary));
    sub->callback([action = verb.declare(*sub), verb, &chosen, &name] {
      chosen = action;
      name = verb.name;
    });
  }
  app.add_subcommand("help", "Show this help, or that of a verb: lathe help VERB");

  // `lathe help` is `lathe --help`, `lathe help VERB` is `lathe VERB --help`.
  std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words[0] == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  const auto known = [&](std::string_view word) {
    const auto subs = app.get_subcommands([](const CLI::App*) { return true; });
    return std::any_of(subs.begin(), subs.end(),
                       [&](const CLI::App* sub) { return sub->get_name() == word; });
  };
  if (!words.empty() && words[0].rfind('-', 0) != 0 && !known(words[0])) {
    std::fprintf(stderr, "lathe: unknown verb '%s'; `lathe help` lists them\n", words[0].c_str());
    return kWrongCall;
  }
  try {
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    app.parse(words);
  } catch (const CLI::Success& done) {
    return app.exit(done) == 0 ? kDone : kWrongCall;
  } catch (const CLI::ParseError& wrong) {
    app.exit(wrong);
    return kWrongCall;
  }
  const Status status = chosen();
  if (status.ok()) return kDone;
  std::fprintf(stderr, "lathe %s: %s\n", name.c_str(), status.error().message().c_str());
  return exit_status(status.error().code());
}

}  // namespace
}  // namespace lathe::cli

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return lathe::cli::run(argc, argv);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "lathe: %s\n", problem.what());
    return 1;
  }
}
