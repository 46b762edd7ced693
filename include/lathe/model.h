// Reading a model, compiling it for this machine, and running it on tensors.
//
//   lathe::Model model = lathe::Model::load("model.onnx").value();
//   lathe::Executable executable = model.compile({.threads = 2}).value();
//   lathe::Context context = executable.new_context();
//   std::vector<lathe::Tensor> outputs = context.run({&input, 1}).value();
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lathe/expected.h"
#include "lathe/export.h"
#include "lathe/tensor.h"

namespace lathe {

// "0.1.0"
LATHE_API std::string_view version();

// An input or output of a model.
struct ValueInfo {
  std::string name;
  DataType data_type = DataType::kUndefined;
  // kUnknownExtent where the model leaves an extent open. Of an Executable all are known.
  std::vector<std::int64_t> shape;
};
inline constexpr std::int64_t kUnknownExtent = -1;

struct CompileOptions {
  int threads = 0;         // for one inference; 0: as many cores as the process may use
  std::int64_t batch = 1;  // for the first axis of an input where that is open
  std::map<std::string, std::int64_t> dimensions = {};  // for other open extents, by name
  std::string backend = "native";                       // or "reference": plain loops, slow
};

// One running inference: owns the memory for intermediate values, and its threads. For one caller
// at a time; movable.
class LATHE_API Context {
 public:
  Context(Context&& other) noexcept;
  Context& operator=(Context&& other) noexcept;
  ~Context();

  // Inputs in the order of Executable::inputs(), of exactly those types and shapes; outputs
  // likewise. The outputs own their elements.
  Expected<std::vector<Tensor>> run(std::span<const Tensor> inputs);

 private:
  struct Impl;
  friend struct Access;
  explicit Context(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A model compiled for fixed shapes and this machine. Immutable, and copies share it: any number of
// threads may make contexts from one.
class LATHE_API Executable {
 public:
  [[nodiscard]] const std::vector<ValueInfo>& inputs() const;
  [[nodiscard]] const std::vector<ValueInfo>& outputs() const;
  // What one context needs for intermediate values, and what the weights take once for all of them;
  // 0 where the backend cannot tell.
  [[nodiscard]] std::size_t arena_bytes() const;
  [[nodiscard]] std::size_t weight_bytes() const;

  // The context keeps what it needs of the executable alive.
  [[nodiscard]] Context new_context() const;

 private:
  struct Impl;
  friend struct Access;
  explicit Executable(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

// A model as read from a file. Immutable, and copies share it: thread-safe.
class LATHE_API Model {
 public:
  // An ONNX file, with external data beside it where it has some. A damaged or hostile file gives a
  // failure whose message begins with the path.
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
