#include "cli/program.h"

#include <CLI/CLI.hpp>
#include <string_view>
#include <vector>

#include "cli/flag_values.h"
#include "cli/help_text.h"
#include "cli/verb.h"

namespace lathe::cli {
namespace {

struct Group {
  std::string title;
  std::vector<Verb> verbs;
};

std::vector<Group> groups() {
  return {{"Make and train", {new_verb(), train_verb()}},
          {"Make smaller", {simplify_verb(), quantize_verb()}},
          {"Use", {run_verb(), compile_verb()}},
          {"Measure and prove",
           {eval_verb(), bench_verb(), profile_verb(), kernels_verb(), compare_verb(),
            conformance_verb()}},
          {"Look", {inspect_verb(), devices_verb(), help_verb()}}};
}

}  // namespace

std::unique_ptr<CLI::App> make_program(Chosen& chosen) {
  auto app = std::make_unique<CLI::App>("Lathe trains, shrinks, proves and runs neural networks.",
                                        "lathe");
  app->formatter(std::make_shared<HelpFormatter>());
  app->set_help_flag("-h,--help", "Show this help");
  app->set_version_flag("--version", std::string("lathe ") + LATHE_VERSION, "Show the version");
  app->option_defaults()->always_capture_default();
  app->require_subcommand(1);
  for (const Group& group : groups()) {
    for (const Verb& verb : group.verbs) {
      CLI::App* sub = app->add_subcommand(std::string(verb.name), std::string(verb.summary));
      sub->group(group.title);
      sub->footer(std::string(verb.examples));
      sub->callback([action = verb.declare(*sub), name = std::string(verb.name), &chosen] {
        chosen = {name, action};
      });
      describe_values(*sub);
    }
  }
  return app;
}

}  // namespace lathe::cli
