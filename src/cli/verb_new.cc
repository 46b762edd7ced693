#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/progress.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "formats/model_file.h"
#include "ir/architectures.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

struct Call {
  std::string architecture;
  std::string out;
  std::string size;
  ir::ArchitectureOptions options;
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

Status run(Call& call) {
  if (call.architecture.empty()) {
    list_architectures(call.output.json);
    return {};
  }
  if (call.out.empty()) return invalid_argument("-o OUT is missing");
  if (!call.size.empty()) {
    ASSIGN_OR_RETURN(const Extents extents, parse_extents(call.size));
    call.options.height = extents.height;
    call.options.width = extents.width;
  }
  ASSIGN_OR_RETURN(const ir::Graph graph, ir::make_architecture(call.architecture, call.options));
  RETURN_IF_ERROR(formats::save_model(graph, call.out));
  const std::int64_t parameters = ir::parameter_count(graph);
  if (call.output.json) {
    print_json(
        {{"model", call.out}, {"architecture", call.architecture}, {"parameters", parameters}});
  } else {
    print(fmt::format("{}: {} with {} parameters, random weights\n", call.out, call.architecture,
                      parameters));
  }
  return {};
}

std::function<Status()> declare(CLI::App& app) {
  auto call = std::make_shared<Call>();
  app.add_option("ARCH", call->architecture, "Architecture; without one, all are listed");
  app.add_option("-o,--output", call->out, "The .onnx file to write");
  app.add_option("--size", call->size, "Input size HxW");
  app.add_option("--channels", call->options.channels, "Input channels");
  app.add_option("--classes", call->options.classes, "Classes");
  app.add_option("--seed", call->options.seed, "Seed of the weights");
  call->output.declare(app);
  return [call] { return run(*call); };
}

}  // namespace

Verb new_verb() { return {"new", "Make a network with random weights", declare}; }

}  // namespace lathe::cli
