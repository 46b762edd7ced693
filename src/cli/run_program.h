// The whole program but for its name: parses the command line, does what its verb says, and tells
// of what went wrong.
#pragma once

namespace lathe::cli {

// The exit status, as docs/cli.md lists them.
int run_program(int argc, char** argv);

}  // namespace lathe::cli
