#include <nlohmann/json.hpp>

#include "base/progress.h"
#include "base/words.h"
#include "cli/describe.h"
#include "cli/options.h"
#include "cli/output_files.h"
#include "cli/verb.h"
#include "formats/model_file.h"
#include "ir/architectures.h"
#include "report/format.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

struct Call {
  std::string architecture;
  std::string out;
  std::string size;
  ir::ArchitectureOptions options;
  OpsetFlag opset;
  OutputFiles files;
  OutputOptions output;
};

void list_architectures(bool json) {
  nlohmann::json rows = nlohmann::json::array();
  report::TextTable table({{"name"},
                           {"input"},
                           {"classes", report::Align::kRight},
                           {"parameters", report::Align::kRight},
                           {"what it is"}});
  for (const ir::Architecture& a : ir::architectures()) {
    const auto graph = ir::make_architecture(a.name);
    const std::int64_t parameters = ir::parameter_count(*graph);
    const ir::ArchitectureOptions& d = a.defaults;
    rows.push_back({{"name", a.name},
                    {"parameters", parameters},
                    {"input", {d.channels, d.height, d.width}},
                    {"classes", d.classes},
                    {"summary", a.summary}});
    table.add_row({std::string(a.name), fmt::format("{}x{}x{}", d.channels, d.height, d.width),
                   std::to_string(d.classes), format_count(static_cast<double>(parameters)),
                   std::string(a.summary)});
  }
  if (json) return print_json({{"architectures", rows}});
  print(table.to_string(report::stdout_is_terminal()));
}

// The options that say what to make, where nothing is named to be made.
Status check_nothing_to_make(const Arguments& app) {
  for (const char* option :
       {"--output", "--size", "--channels", "--classes", "--seed", "--opset"}) {
    if (app.count(option) > 0) {
      return invalid_argument("{}: ARCH is missing, `lathe new` lists what can be made", option);
    }
  }
  return {};
}

Status run(const Arguments& app, Call& call) {
  if (call.architecture.empty()) {
    RETURN_IF_ERROR(check_nothing_to_make(app));
    list_architectures(call.output.json);
    return {};
  }
  if (call.out.empty())
    return invalid_argument("-o FILE is missing: where to write {}", call.architecture);
  if (!call.size.empty()) {
    ASSIGN_OR_RETURN(const Extents extents, parse_extents("--size", call.size));
    call.options.height = extents.height;
    call.options.width = extents.width;
  }
  ASSIGN_OR_RETURN(const auto opset, call.opset.parse());
  call.files.writes("-o", call.out, {".onnx"});
  RETURN_IF_ERROR(call.files.check(call.output));
  ASSIGN_OR_RETURN(const ir::Graph graph, ir::make_architecture(call.architecture, call.options));
  RETURN_IF_ERROR(formats::save_model(graph, call.out, opset));
  const std::int64_t parameters = ir::parameter_count(graph);
  if (call.output.json) {
    print_json(
        {{"model", call.out}, {"architecture", call.architecture}, {"parameters", parameters}});
  } else {
    call.files.print(fmt::format("{}: {} with {}, random weights\n", call.out, call.architecture,
                                 counted(parameters, "parameter")));
  }
  return {};
}

std::function<Status()> declare(Arguments app) {
  auto call = std::make_shared<Call>();
  std::vector<std::string> names;
  for (const ir::Architecture& a : ir::architectures()) names.emplace_back(a.name);
  app.add_option("ARCH", call->architecture, "Architecture; without one, all are listed")
      ->offer(names);
  app.add_option("-o,--output", call->out, "The .onnx file to write");
  app.add_option("--size", call->size, "Input size (default: the architecture's)");
  app.add_option("--channels", call->options.channels,
                 "Input channels (default: the architecture's)")
      ->default_str("")
      ->check(kPositiveNumber);
  app.add_option("--classes", call->options.classes, "Classes (default: the architecture's)")
      ->default_str("")
      ->check(kPositiveNumber);
  app.add_option("--seed", call->options.seed, "Seed of the weights");
  call->opset.declare(app);
  call->output.declare(app);
  return [call, app] { return run(app, *call); };
}

}  // namespace

Verb new_verb() {
  return {"new", "Make a network with random weights, or list what can be made", declare,
          "lathe new\n"
          "lathe new cnn --size 28 --channels 1 -o cnn.onnx"};
}

}  // namespace lathe::cli
