// The program: a table of verbs.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <vector>

#include "cli/verb.h"

namespace lathe::cli {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongCall = 2;

std::vector<Verb> verbs() {
  return {new_verb(),     train_verb(), eval_verb(), quantize_verb(),
          inspect_verb(), run_verb(),   bench_verb()};
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
  CLI::App* help = app.add_subcommand("help", "Show this help, or that of a verb");
  std::string topic;
  help->add_option("VERB", topic, "A verb");
  help->callback([&] {
    const CLI::App* shown = topic.empty() ? &app : app.get_subcommand(topic);
    std::fputs(shown->help(topic.empty() ? "" : "lathe " + topic).c_str(), stdout);
    throw CLI::Success();
  });

  const auto known = [&](std::string_view word) {
    const auto subs = app.get_subcommands([](const CLI::App*) { return true; });
    return std::any_of(subs.begin(), subs.end(),
                       [&](const CLI::App* s) { return s->get_name() == word; });
  };
  if (argc > 1 && argv[1][0] != '-' && !known(argv[1])) {
    std::fprintf(stderr, "lathe: unknown verb '%s'; `lathe help` lists them\n", argv[1]);
    return kWrongCall;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    return app.exit(done) == 0 ? kDone : kWrongCall;
  } catch (const CLI::ParseError& wrong) {
    app.exit(wrong);
    return kWrongCall;
  }
  const Status status = chosen();
  if (status.ok()) return kDone;
  std::fprintf(stderr, "lathe %s: %s\n", name.c_str(), status.error().message().c_str());
  return status.error().code() == ErrorCode::kInvalidArgument ? kWrongCall : kFailed;
}

}  // namespace
}  // namespace lathe::cli

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  // Results go to standard output, everything else to standard error.
  spdlog::set_default_logger(spdlog::stderr_color_mt("lathe"));
  spdlog::set_pattern("%^%l%$: %v");
  try {
    return lathe::cli::run(argc, argv);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "lathe: %s\n", problem.what());
    return 1;
  }
}
