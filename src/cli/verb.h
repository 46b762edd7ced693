// One verb of the command line: `lathe NAME ...`.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "cli/arguments.h"

namespace lathe::cli {

struct Verb {
  std::string_view name;
  std::string_view summary;  // for help: a sentence without its full stop
  // Declares options and arguments on the verb's parser and returns what to do after parsing.
  std::function<Status()> (*declare)(Arguments app);
  // Command lines for its help, one a line.
  std::string_view examples = {};
};

// Each in verb_NAME.cc.
Verb new_verb();
Verb train_verb();
Verb eval_verb();
Verb quantize_verb();
Verb simplify_verb();
Verb inspect_verb();
Verb run_verb();
Verb bench_verb();
Verb profile_verb();
Verb compare_verb();
Verb compile_verb();
Verb conformance_verb();
Verb devices_verb();
Verb kernels_verb();
Verb help_verb();

}  // namespace lathe::cli
