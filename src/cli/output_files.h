// The files that a call is going to write, looked at before its work begins, so that hours of work
// never end at a folder that is not there, and nothing is replaced that nobody meant to replace.
//
//   call.files.declare(app);                          // --force
//   ...
//   call.files.reads("MODEL", call.model);
//   call.files.writes("-o", call.out, {".onnx"});
//   RETURN_IF_ERROR(call.files.check());
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/arguments.h"

namespace lathe::cli {

class OutputFiles {
 public:
  void declare(Arguments app);
  [[nodiscard]] bool force() const { return force_; }

  // A file that the call reads. `what` is how messages name it: "MODEL", "--history".
  void reads(std::string what, std::string path);
  // A file that it writes; an empty path is none. Where `extensions` are given the name has to end
  // in one of them, unless it is that of a device or a pipe.
  void writes(std::string what, std::string path, std::vector<std::string> extensions = {});

  // Refuses names of the wrong kind, files that cannot be written, two outputs in one file, and,
  // without --force, an output that is an input as well.
  [[nodiscard]] Status check() const;

 private:
  struct File {
    std::string what;
    std::string path;
    std::vector<std::string> extensions;
  };
  std::vector<File> inputs_;
  std::vector<File> outputs_;
  bool force_ = false;
};

// Whether `path` leads to where results are printed: -o /dev/stdout.
bool is_standard_output(const std::string& path);

}  // namespace lathe::cli
