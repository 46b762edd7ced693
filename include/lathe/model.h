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
  // kUnknownExtent where the model leaves an extent open. Of an Executable, whose batch has a
  // default, these are extents that each run brings, and those of outputs that follow from them.
  std::vector<std::int64_t> shape;
};
inline constexpr std::int64_t kUnknownExtent = -1;

// What matters more: the time of one inference, or how many are done in a second.
enum class Preference { kLatency, kThroughput };
// What float32 operators are computed in.
enum class Precision { kFloat32, kBFloat16, kFloat16 };

struct CompileOptions {
  int threads = 0;  // for one inference; 0: the cores the process may use, per stream
  // What is planned for: the first axis of an input where that is open. Runs may bring another one.
  std::int64_t batch = 1;
  // Fixes open extents by name. On "native" and "reference" all others are left to the runs; other
  // backends need every extent but the batch.
  std::map<std::string, std::int64_t> dimensions = {};
  // "native"; "onnxruntime" or "openvino" where their libraries are found; "reference": plain
  // loops, slow; "auto": the first of them that can.
  std::string backend = "native";
  // Inferences that Executable::submit keeps in flight; 0: one for kLatency, for kThroughput one
  // for each core.
  int streams = 0;
  Preference preference = Preference::kLatency;
  Precision precision = Precision::kFloat32;
  std::int64_t memory_limit = 0;  // bytes of weights and intermediate values; 0: none
  // Execution providers of ONNX Runtime in order, and their options by provider.
  std::vector<std::string> providers = {};
  std::map<std::string, std::map<std::string, std::string>> provider_options = {};
};

// One running inference: owns the memory for intermediate values, and its threads. For one caller
// at a time; movable.
class LATHE_API Context {
 public:
  Context(Context&& other) noexcept;
  Context& operator=(Context&& other) noexcept;
  ~Context();

  // Inputs in the order of Executable::inputs(), of those types, and of any shape that the model
  // allows: one that the context has not met before is planned for first, in about a millisecond.
  // Outputs likewise; they own their elements.
  Expected<std::vector<Tensor>> run(std::span<const Tensor> inputs);

 private:
  struct Impl;
  friend struct Access;
  explicit Context(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// An inference in flight. Movable; dropping it drops the outputs.
class LATHE_API Request {
 public:
  Request(Request&& other) noexcept;
  Request& operator=(Request&& other) noexcept;
  ~Request();

  [[nodiscard]] bool ready() const;
  void wait() const;
  // Waits and hands the outputs over; once only.
  Expected<std::vector<Tensor>> get();

 private:
  struct Impl;
  friend struct Access;
  explicit Request(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// When a request becomes ready: as soon as it is done, or not before all earlier ones in order.
enum class Completion { kAny, kInOrder };

// A model compiled for this machine. Immutable, and copies share it: any number of threads may make
// contexts from one.
class LATHE_API Executable {
 public:
  [[nodiscard]] const std::vector<ValueInfo>& inputs() const;
  [[nodiscard]] const std::vector<ValueInfo>& outputs() const;
  // What one context needs for intermediate values, and what the weights take once for all of them;
  // 0 where the backend cannot tell.
  [[nodiscard]] std::size_t arena_bytes() const;
  [[nodiscard]] std::size_t weight_bytes() const;

  // What compiling decided that is worth knowing, a line each: which backend "auto" chose, which
  // execution provider was passed over and why.
  [[nodiscard]] std::vector<std::string> notes() const;

  // The context keeps what it needs of the executable alive.
  [[nodiscard]] Context new_context() const;
  // Queues an inference for the next stream that is free. Requests begin in the order of
  // submission; their number is not bounded. Destroying the last copy of the executable waits for
  // them.
  [[nodiscard]] Request submit(std::vector<Tensor> inputs,
                               Completion completion = Completion::kAny) const;

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
  // failure whose message begins with the path. Operators that Lathe lacks are kept for backends
  // that have them.
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
