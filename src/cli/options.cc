#include "cli/options.h"

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "backends/automatic.h"
#include "backends/backends.h"
#include "base/file.h"
#include "base/json_text.h"
#include "cli/output_files.h"
#include "formats/onnx/opsets.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

int output_error = 0;  // of standard output

// Of what --preprocess is given.
bool is_file_name(const std::string& preprocess) {
  return !preprocess.empty() && preprocess.front() != '{';
}

}  // namespace

void OutputOptions::declare(Arguments app) {
  app.add_flag("--json", json, "Print one JSON object instead of text");
  app.add_flag("-q,--quiet", quiet, "No progress on standard error");
}

void DataOptions::declare(Arguments app, bool required, std::string_view default_split) {
  app_ = app;
  split = default_split;
  Option option = app.add_option(
      "--data", spec,
      "fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, images:DIR (a folder per class) or npz:FILE");
  if (required) option->required();
  if (!split.empty()) {
    app.add_option("--split", split, "train, test or all; val where the data has one")
        ->capture_default_str();
  }
  app.add_option("--limit", limit, "Use at most N samples (0: all)")->check(kNonNegativeNumber);
  app.add_option(
      "--preprocess", preprocess,
      "How images become the input, instead of the model's metadata: JSON, or a file of it");
  app.add_flag("--strict", strict, "A sample that cannot be read is an error");
}

Status DataOptions::refuse(std::initializer_list<std::string_view> flags,
                           std::string_view where) const {
  for (const std::string_view flag : flags) {
    if (app_.count(std::string(flag)) == 0) continue;
    return invalid_argument("{} has no effect on {}", flag, where);
  }
  return {};
}

Result<std::shared_ptr<const data::Dataset>> DataOptions::open(
    std::string_view split_override) const {
  ASSIGN_OR_RETURN(const data::Split which,
                   data::parse_split(split_override.empty() ? split : split_override));
  data::DatasetOptions options;
  options.limit = limit;
  return data::open_dataset(spec, which, options);
}

Result<std::optional<data::Preprocess>> DataOptions::parse_preprocess() const {
  if (preprocess.empty()) return std::optional<data::Preprocess>{};
  std::string text = preprocess;
  if (is_file_name(preprocess)) {
    ASSIGN_OR_RETURN(text, read_file(preprocess).with_context("--preprocess"));
  }
  const auto json = parse_json(text);
  if (!json.ok()) return invalid_argument("--preprocess: {}", json.error().message());
  auto parsed = data::preprocess_from_json(*json).with_context("--preprocess");
  if (!parsed.ok()) return parsed.error();
  return std::optional(*std::move(parsed));
}

void DataOptions::add_to(OutputFiles& files) const {
  if (is_file_name(preprocess)) files.reads("--preprocess", preprocess);
  if (spec.empty()) return;
  files.reads("part of --data",
              [spec = spec](const Path& file) { return data::is_part_of_dataset(file, spec); });
}

namespace {

// A whole number behind which `rest` is left; nothing where there is none of 1 or more.
std::optional<std::int64_t> take_extent(std::string_view& rest) {
  std::int64_t extent = 0;
  const auto [next, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), extent);
  if (failed != std::errc() || extent < 1) return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(next - rest.data()));
  return extent;
}

// "1x3x640x640"; empty where it is something else.
std::vector<std::int64_t> parse_shape(std::string_view text) {
  std::vector<std::int64_t> extents;
  for (;;) {
    const auto extent = take_extent(text);
    if (!extent) return {};
    extents.push_back(*extent);
    if (text.empty()) return extents;
    if (text.front() != 'x') return {};
    text.remove_prefix(1);
  }
}

}  // namespace

void OpsetFlag::declare(Arguments app) {
  app.add_option(
         "--opset", opset,
         "Write ONNX of this opset, for older readers: 7 and up (default: 21, or the oldest "
         "after it that can say the model)")
      ->default_str("")
      ->check(kPositiveNumber);
}

Result<std::optional<int>> OpsetFlag::parse() const {
  if (opset == 0) return std::optional<int>();
  if (opset < formats::kOldestOpset || opset > ir::kCanonicalOpset) {
    return invalid_argument("--opset {}: expected {} to {}", opset, formats::kOldestOpset,
                            ir::kCanonicalOpset);
  }
  return std::optional(static_cast<int>(opset));
}

void ShapeFlags::declare(Arguments app) {
  app.add_option("--shape", shapes,
                 "The shape of an input that leaves it open: NAME=1x3x640x640, without NAME where "
                 "there is one input; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--dim", dimensions,
                 "An extent that inputs leave open, by its name: NAME=640; may be repeated")
      ->allow_extra_args(false);
}

Status add_shapes(std::string_view flag, std::span<const std::string> texts,
                  std::map<std::string, std::vector<std::int64_t>>& shapes) {
  for (const std::string& text : texts) {
    const std::size_t equals = text.rfind('=');  // names may have one too
    const bool named = equals != std::string::npos;
    std::vector<std::int64_t> extents = parse_shape(named ? text.substr(equals + 1) : text);
    if (extents.empty() || equals == 0) {
      return invalid_argument("{} '{}': expected NAME=1x3x640x640", flag, text);
    }
    const std::string name = named ? text.substr(0, equals) : "";
    if (!shapes.emplace(name, std::move(extents)).second) {
      return invalid_argument("{} '{}': the shape of this input is given twice", flag, text);
    }
  }
  return {};
}

Status ShapeFlags::add_to(engine::CompileOptions& options) const {
  RETURN_IF_ERROR(add_shapes("--shape", shapes, options.shapes));
  for (const std::string& text : dimensions) {
    const std::size_t equals = text.rfind('=');
    std::string_view number = equals == std::string::npos ? "" : text.c_str() + equals + 1;
    const auto extent = take_extent(number);
    if (!extent || !number.empty() || equals == 0) {
      return invalid_argument("--dim '{}': expected NAME=640", text);
    }
    const auto [known, is_new] = options.dimensions.emplace(text.substr(0, equals), *extent);
    if (!is_new) return invalid_argument("--dim '{}': {} is given twice", text, known->first);
  }
  return {};
}

std::vector<std::string> ShapeFlags::words() const {
  std::vector<std::string> words;
  for (const std::string& shape : shapes) words.insert(words.end(), {"--shape", shape});
  for (const std::string& dimension : dimensions) words.insert(words.end(), {"--dim", dimension});
  return words;
}

Status check_batch(const ir::Graph& graph, const engine::CompileOptions& options,
                   std::string_view model) {
  const auto fixed = engine::fixed_batch(graph, options);
  if (!fixed || *fixed == options.batch) return {};
  if (engine::fixed_batch(graph, {})) {
    return invalid_argument("--batch {}: {} has a fixed batch of {}", options.batch, model, *fixed);
  }
  return invalid_argument("--batch {} has no effect: --shape or --dim gives a batch of {}",
                          options.batch, *fixed);
}

void CompileFlags::declare(Arguments app, bool concurrency) {
  if (concurrency) {
    app.add_option("--threads", threads,
                   "Threads of one inference (0: the allowed cores, shared out among the streams)")
        ->check(kNonNegativeNumber);
    app.add_option("--streams", streams, "Inferences in flight at once (0: as --prefer has it)")
        ->check(kNonNegativeNumber);
    app.add_option("--prefer", prefer,
                   "latency: one inference at a time on all cores; throughput: one on each core")
        ->capture_default_str()
        ->check(one_of({"latency", "throughput"}));
  }
  app.add_option("--precision", precision, "What float32 is computed in: f32, bf16 or f16")
      ->capture_default_str()
      ->check(one_of({"f32", "bf16", "f16"}));
  app.add_option("--tile", tile_rows,
                 "Compute convolutional parts in strips of so many rows of the image, where that "
                 "takes less memory; the answers are the same up to rounding")
      ->check(kPositiveNumber);
  app.add_flag("--tune", tune,
               "Measure which kernels are the fastest on this machine, and remember it");
  app.add_option("--memory-limit", memory_limit,
                 "Refuse to take more memory for weights and intermediate values: 64M, 2G");
  app.add_option("--provider", providers,
                 "Execution providers of onnxruntime, in order: tensorrt,cuda,openvino,cpu")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--provider-option", provider_options,
                 "PROVIDER:KEY=VALUE, as in cuda:device_id=0; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--disable-pass", disabled_passes,
                 "Leave out these rewrites of the graph, as --print-passes names them")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_flag("--print-passes", print_passes,
               "Say which rewrites fired, how often, and how long each took");
  shapes.declare(app);
}

Result<engine::CompileOptions> CompileFlags::parse() const {
  engine::CompileOptions options{.threads = threads};
  options.streams = streams;
  if (prefer == "throughput") options.preference = engine::Preference::kThroughput;
  ASSIGN_OR_RETURN(options.precision, engine::parse_precision(precision));
  if (!memory_limit.empty()) {
    ASSIGN_OR_RETURN(options.memory_limit,
                     parse_bytes(memory_limit).with_context("--memory-limit"));
  }
  options.tile_rows = tile_rows;
  options.tune = tune;
  options.providers = providers;
  options.disabled_passes = disabled_passes;
  options.report_passes = print_passes;
  for (const std::string& text : provider_options) {
    const std::size_t colon = text.find(':');
    const std::size_t equals = text.find('=', colon == std::string::npos ? 0 : colon);
    if (colon == std::string::npos || equals == std::string::npos || colon == 0 ||
        equals == colon + 1) {
      return invalid_argument("--provider-option '{}': expected PROVIDER:KEY=VALUE", text);
    }
    options.provider_options[text.substr(0, colon)][text.substr(colon + 1, equals - colon - 1)] =
        text.substr(equals + 1);
  }
  RETURN_IF_ERROR(shapes.add_to(options));
  return options;
}

void BackendOptions::declare(Arguments app) {
  app.add_option("--backend", backend,
                 "native, onnxruntime, openvino, reference, lowered, or auto to choose among them")
      ->capture_default_str();
  app.add_flag("--explain", explain, "With --backend auto: say why it chooses what it chooses");
  compile.declare(app);
}

Status BackendOptions::explain_choice(const ir::Graph& graph,
                                      const engine::CompileOptions& options) const {
  if (!explain) return {};
  if (backend != "auto") return invalid_argument("--explain goes with --backend auto");
  report::TextTable table({{"", report::Align::kRight}, {"backend"}, {"why"}});
  int place = 0;
  for (const engine::Candidate& candidate :
       engine::rank_backends(engine::backends(), graph, options, engine::this_machine())) {
    table.add_row({candidate.usable ? std::to_string(++place) : "-",
                   std::string(candidate.backend->name()), candidate.reason});
  }
  std::fputs(table.to_string(false).c_str(), stderr);
  return {};
}

Result<std::int64_t> parse_bytes(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [next, failed] = std::from_chars(text.data(), end, number);
  constexpr std::string_view kUnits = "KMGT";
  int shift = 0;
  if (next + 1 == end) {
    const auto letter = static_cast<char>(std::toupper(static_cast<unsigned char>(*next)));
    const std::size_t unit = kUnits.find(letter);
    shift = unit == std::string_view::npos ? -1 : 10 * (static_cast<int>(unit) + 1);
  }
  if (failed != std::errc() || number < 1 || shift < 0 || (shift == 0 && next != end) ||
      number > (std::int64_t{1} << (62 - shift))) {
    return invalid_argument("'{}' is no number of bytes, expected one such as 64M", text);
  }
  return number << shift;
}

Status check_range(std::string_view option, double value, double least, double most) {
  if (value >= least && value <= most) return {};
  return invalid_argument("{} is {:g}, expected {:g} to {:g}", option, value, least, most);
}

void say(std::string_view line) {
  hide_progress();
  const std::string text = std::string(line) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void print_notes(std::span<const std::string> notes, bool quiet) {
  if (quiet) return;
  for (const std::string& note : notes) say(note);
}

void print_data_notes(std::span<const std::string> notes, bool quiet) {
  static std::set<std::string> said;
  for (const std::string& note : notes) {
    if (said.insert(note).second) print_notes(std::span(&note, 1), quiet);
  }
}

Result<Extents> parse_extents(std::string_view option, const std::string& text) {
  Extents extents;
  const char* end = text.data() + text.size();
  auto [next, failed] = std::from_chars(text.data(), end, extents.height);
  extents.width = extents.height;
  if (failed == std::errc() && next != end && *next == 'x') {
    const auto second = std::from_chars(next + 1, end, extents.width);
    next = second.ptr;
    failed = second.ec;
  }
  const auto in_range = [](std::int64_t extent) {
    return extent >= 1 && extent <= data::kMaxExtent;
  };
  if (failed == std::errc() && next == end && in_range(extents.height) && in_range(extents.width)) {
    return extents;
  }
  return invalid_argument("{}: '{}' is no size, expected HxW such as 32x32, each from 1 to {}",
                          option, text, data::kMaxExtent);
}

void print_json(const nlohmann::json& json) { print(json_text(json, 2) + "\n"); }

void print(std::string_view text) {
  if (output_error != 0) return;
  hide_progress();
  if (std::fwrite(text.data(), 1, text.size(), stdout) < text.size() || std::fflush(stdout) != 0) {
    output_error = errno;
  }
}

int standard_output_error() { return output_error; }

std::function<void(std::int64_t, std::int64_t)> progress_callback(const std::string& title,
                                                                  bool quiet) {
  struct State {
    std::string title;
    std::unique_ptr<Progress> bar;
  };
  auto state = std::make_shared<State>(State{title, nullptr});
  return [state, quiet](std::int64_t done, std::int64_t total) {
    if (state->bar == nullptr) state->bar = std::make_unique<Progress>(state->title, total, !quiet);
    state->bar->update(done);
    if (done >= total) state->bar.reset();
  };
}

}  // namespace lathe::cli
