// The files that a call is going to write, looked at before its work begins, so that hours of work
// never end at a folder that is not there, and nothing is replaced that nobody meant to replace.
//
//   call.files.declare(app);                          // --force
//   ...
//   call.files.reads("MODEL", call.model);
//   call.data.add_to(call.files);
//   call.files.writes("-o", call.out, {".onnx"});
//   RETURN_IF_ERROR(call.files.check(call.output));
//   ...
//   call.files.print("written: ...");
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "cli/arguments.h"
#include "cli/options.h"

namespace lathe::cli {

class OutputFiles {
 public:
  void declare(Arguments app);
  [[nodiscard]] bool force() const { return force_; }

  // A file that the call reads. `what` is how messages name it: "MODEL", "--history".
  void reads(std::string what, std::string path);
  // Files that it may read: `are_read` is asked of each output that is there.
  void reads(std::string what, std::function<bool(const Path&)> are_read);
  // A file that it writes; an empty path is none. Where `extensions` are given the name has to end
  // in one of them, unless it is that of a device or a pipe.
  void writes(std::string what, std::string path, std::vector<std::string> extensions = {});

  // Refuses names of the wrong kind, files that cannot be written, two outputs in one file, --json
  // beside an output that goes to standard output, and, without --force, an output that is an input
  // as well.
  [[nodiscard]] Status check(const OutputOptions& output) const;

  // Text for people: on standard output, or on standard error where one of the outputs goes there,
  // which then gets nothing else.
  void print(std::string_view text) const;

 private:
  struct Input {
    std::string what;
    std::function<bool(const Path&)> is_read;
  };
  struct Output {
    std::string what;
    std::string path;
    std::vector<std::string> extensions;
    bool is_standard_output = false;
  };
  Status check_inputs(const Output& output) const;

  std::vector<Input> inputs_;
  std::vector<Output> outputs_;
  bool force_ = false;
};

}  // namespace lathe::cli
