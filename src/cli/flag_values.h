// What the value of a flag is called in help, and the words that are known for it beforehand. A
// flag means the same in every verb, so this is said once.
#pragma once

namespace CLI {
class App;
}

namespace lathe::cli {

// For the options of a verb that say nothing of their own by offer() or one_of().
// Numbers that cannot be negative refuse to be.
void describe_values(CLI::App& verb);

}  // namespace lathe::cli
