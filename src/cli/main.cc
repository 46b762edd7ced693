#include <cstdio>
#include <exception>

#include "cli/run_program.h"

int main(int argc, char** argv) {
  try {
    return lathe::cli::run_program(argc, argv);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "lathe: %s\n", problem.what());
    return 1;
  }
}
