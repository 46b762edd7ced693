#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "backends/compiled_model.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "base/stream.h"
#include "base/words.h"
#include "cli/options.h"
#include "cli/output_files.h"
#include "cli/verb.h"
#include "engine/native.h"
#include "formats/lathe/compiled_file.h"
#include "formats/model_file.h"
#include "kernels/aligned_buffer.h"
#include "measure/random_inputs.h"

namespace lathe::cli {
namespace {

struct Call {
  std::string model;
  std::string out;
  std::vector<std::string> typical;
  std::vector<std::string> disabled_passes;
  ShapeFlags shapes;
  bool tune = false;
  OutputFiles files;
  OutputOptions output;
};

struct Facts {
  engine::CompiledModel compiled;
  std::size_t size_bytes = 0;
  std::size_t packed_bytes = 0;
  bool proved = false;         // it answers as the model does
  double ready_ms = 0;         // of the compiled model: mapping and compiling
  double source_ready_ms = 0;  // of the model: reading and compiling
};

// Whether what will be written runs as the model does, to the bit. With the reason where that
// cannot be told: random numbers that no run takes.
Result<std::optional<std::string>> why_unproved(const std::string& bytes,
                                                const engine::Executable& source,
                                                const std::vector<ir::TensorType>& types) {
  const auto copy = std::make_shared<kernels::AlignedBuffer<std::byte>>(bytes.size());
  std::memcpy(copy->data(), bytes.data(), bytes.size());
  ASSIGN_OR_RETURN(ir::Graph graph, formats::parse_compiled(copy->span(), copy));
  ASSIGN_OR_RETURN(
      const auto executable,
      engine::native_backend().compile(std::move(graph), {.threads = 1, .leave_open = true}));
  std::vector<engine::TensorInfo> infos(source.inputs().begin(), source.inputs().end());
  for (std::size_t i = 0; i < infos.size(); ++i) infos[i].type = types[i];
  const auto inputs = measure::random_inputs(infos, 1);
  if (!inputs.ok()) return inputs.error().message();
  const auto expected = source.new_context()->run(*inputs);
  const auto actual = executable->new_context()->run(*inputs);
  if (!expected.ok() && !actual.ok() && expected.error().message() == actual.error().message())
    return "on random numbers it ends with: " + expected.error().message();
  if (expected.ok() && actual.ok() &&
      std::equal(expected->begin(), expected->end(), actual->begin(), actual->end(),
                 [](const ir::Tensor& a, const ir::Tensor& b) { return a.identical(b); }))
    return std::optional<std::string>();
  return error(ErrorCode::kInternal,
               "what was compiled does not answer as the model does, so nothing was written");
}

Result<Facts> compile(const Call& call) {
  engine::CompileOptions options{.threads = 0, .leave_open = true};
  options.disabled_passes = call.disabled_passes;
  options.tune = call.tune;
  RETURN_IF_ERROR(call.shapes.add_to(options));
  engine::PackOptions packing{.source = Path(call.model).filename().string()};
  RETURN_IF_ERROR(add_shapes("--typical-shape", call.typical, packing.typical_shapes));

  const Stopwatch stopwatch;
  ASSIGN_OR_RETURN(const ir::Graph graph,
                   formats::load_model(call.model, formats::UnknownOperators::kKeep));
  if (graph.prepared != nullptr)
    return unsupported("{}: is compiled already: give the model that it was compiled from",
                       call.model);
  auto source = engine::native_backend().compile(graph, options);
  if (!source.ok()) return source.error().with_context(call.model);
  Facts facts;
  facts.source_ready_ms = stopwatch.milliseconds();

  auto compiled = engine::compile_model(graph, options, packing);
  if (!compiled.ok()) return compiled.error().with_context(call.model);
  facts.compiled = *std::move(compiled);
  for (const ir::PackedConstants& packed : facts.compiled.graph.prepared->packed)
    facts.packed_bytes += packed.bytes.size();
  ASSIGN_OR_RETURN(const std::string bytes, formats::serialize_compiled(facts.compiled.graph));
  facts.size_bytes = bytes.size();
  const auto unproved = why_unproved(bytes, **source, facts.compiled.packed_for);
  if (!unproved.ok()) return unproved.error().with_context(call.model);
  facts.proved = !*unproved;
  if (!facts.proved)
    facts.compiled.notes.push_back("its answers were not compared with the model's: " + **unproved);
  RETURN_IF_ERROR(write_file_atomic(call.out, bytes));
  return facts;
}

// Of the file as it is now; nothing where that cannot be read back, as from a pipe.
double time_ready(const std::string& path) {
  const Stopwatch stopwatch;
  auto graph = formats::load_model(path, formats::UnknownOperators::kKeep);
  if (!graph.ok()) return 0;
  const auto executable =
      engine::native_backend().compile(*std::move(graph), {.threads = 1, .leave_open = true});
  return executable.ok() ? stopwatch.milliseconds() : 0;
}

std::string summary(const Call& call, const Facts& facts) {
  const ir::Prepared& prepared = *facts.compiled.graph.prepared;
  std::string text = fmt::format(
      "{}: {} for {}: {} of {} packed, from {}\n", call.out,
      format_bytes(static_cast<double>(facts.size_bytes)), prepared.isa,
      format_bytes(static_cast<double>(facts.packed_bytes)),
      counted(static_cast<std::int64_t>(prepared.packed.size()), "weight"), prepared.source);
  if (facts.ready_ms > 0) {
    text += fmt::format("ready in {:.1f} ms, the model takes {:.1f} ms{}\n", facts.ready_ms,
                        facts.source_ready_ms, facts.proved ? "; same answers" : "");
  }
  return text;
}

nlohmann::json to_json(const Call& call, const Facts& facts) {
  const ir::Prepared& prepared = *facts.compiled.graph.prepared;
  nlohmann::json packed_for = nlohmann::json::array();
  for (const ir::TensorType& type : facts.compiled.packed_for)
    packed_for.push_back(type.to_string());
  return {{"model", call.out},
          {"source", prepared.source},
          {"isa", prepared.isa},
          {"packed", prepared.packed.size()},
          {"packed_bytes", facts.packed_bytes},
          {"packed_for", std::move(packed_for)},
          {"size_bytes", facts.size_bytes},
          {"proved", facts.proved},
          {"ready_ms", facts.ready_ms},
          {"source_ready_ms", facts.source_ready_ms},
          {"notes", facts.compiled.notes}};
}

Status run(Call& call) {
  call.files.reads("MODEL", call.model);
  call.files.writes("-o", call.out, {".lathe"});
  RETURN_IF_ERROR(call.files.check(call.output));
  ASSIGN_OR_RETURN(Facts facts, compile(call));
  print_notes(facts.compiled.notes, call.output.quiet);
  if (!is_stream(call.out)) facts.ready_ms = time_ready(call.out);
  if (call.output.json) {
    print_json(to_json(call, facts));
  } else {
    call.files.print(summary(call, facts));
  }
  return {};
}

std::function<Status()> declare(Arguments app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->model, "The model")->required();
  app.add_option("-o,--output", call->out, "The .lathe file to write")->required();
  call->shapes.declare(app);
  app.add_option("--typical-shape", call->typical,
                 "What an input that stays open mostly brings, which weights are packed for: "
                 "NAME=1x3x640x640; other shapes run too; may be repeated")
      ->allow_extra_args(false);
  app.add_flag("--tune", call->tune,
               "Measure which kernels are the fastest on this machine, and pack weights for them");
  app.add_option("--disable-pass", call->disabled_passes,
                 "Leave out these rewrites, by name, separated by commas")
      ->delimiter(',');
  call->files.declare(app);
  call->output.declare(app);
  return [call] { return run(*call); };
}

}  // namespace

Verb compile_verb() {
  return {"compile", "Pack a model into a file that is mapped and ready in milliseconds", declare,
          "lathe compile mobilenet_v2.onnx -o mobilenet_v2.lathe\n"
          "lathe compile detector.onnx -o detector.lathe --typical-shape 1x3x480x640"};
}

}  // namespace lathe::cli
