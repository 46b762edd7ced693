// Reading a model, and compiling it for this machine.
//
//   lathe::Model model = lathe::Model::load("model.onnx").value();
//   lathe::Executable executable = model.compile({.threads = 2}).value();
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lathe/executable.h"
#include "lathe/expected.h"
#include "lathe/export.h"

namespace lathe {

// "0.1.0"
LATHE_API std::string_view version();

// A model as read from a file. Immutable, and copies share it: thread-safe.
class LATHE_API Model {
 public:
  // An ONNX file, with external data beside it where it has some, or what `lathe compile` has made
  // of one, which is mapped and ready at once. A damaged or hostile file gives a failure whose
  // message begins with the path. Operators that Lathe lacks are kept for backends that have them.
  static Expected<Model> load(const std::filesystem::path& path);
  // The bytes of an ONNX file without external data.
  static Expected<Model> parse(std::span<const std::byte> onnx);

  [[nodiscard]] const std::vector<ValueInfo>& inputs() const;
  [[nodiscard]] const std::vector<ValueInfo>& outputs() const;
  // What the file carries beside the network; keys of Lathe's own begin with "lathe.".
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& metadata() const;

  [[nodiscard]] Expected<Executable> compile(const CompileOptions& options = {}) const;

 private:
  struct Impl;
  friend struct Access;
  explicit Model(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace lathe
