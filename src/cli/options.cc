#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "formats/model_file.h"

namespace lathe::cli {

void OutputOptions::declare(CLI::App& app) {
  app.add_flag("--json", json, "Print one JSON object instead of text");
  app.add_flag("-q,--quiet", quiet, "No progress on standard error");
}

void DataOptions::declare(CLI::App& app, bool required, std::string_view default_split) {
  split = default_split;
  auto* option = app.add_option(
      "--data", spec,
      "fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, images:DIR (a folder per class) or npz:FILE");
  if (required) option->required();
  app.add_option("--split", split, "train or test")->capture_default_str();
  app.add_option("--limit", limit, "Use at most N samples (0: all)")->check(CLI::NonNegativeNumber);
  app.add_option(
      "--preprocess", preprocess,
      "How images become the input, instead of the model's metadata: JSON, or a file of it");
  app.add_flag("--strict", strict, "A sample that cannot be read is an error");
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
  if (text.front() != '{') {
    ASSIGN_OR_RETURN(text, read_file(preprocess));
  }
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) return invalid_argument("--preprocess: not valid JSON");
  auto parsed = data::preprocess_from_json(json).with_context("--preprocess");
  if (!parsed.ok()) return parsed.error();
  return std::optional(*std::move(parsed));
}

void BackendOptions::declare(CLI::App& app) {
  app.add_option("--backend", backend, "native or reference")->capture_default_str();
  app.add_option("--threads", threads, "Threads of one inference (0: all allowed cores)")
      ->check(CLI::NonNegativeNumber);
}

Result<Extents> parse_extents(const std::string& text) {
  Extents extents;
  const char* end = text.data() + text.size();
  auto [next, failed] = std::from_chars(text.data(), end, extents.height);
  extents.width = extents.height;
  if (failed == std::errc() && next != end && *next == 'x') {
    const auto second = std::from_chars(next + 1, end, extents.width);
    next = second.ptr;
    failed = second.ec;
  }
  if (failed != std::errc() || next != end || extents.height < 1 || extents.width < 1) {
    return invalid_argument("'{}' is no size, expected HxW such as 32x32", text);
  }
  return extents;
}

Result<ir::Graph> load(const std::string& path) { return formats::load_model(path); }

void print_json(const nlohmann::json& json) {
  print(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

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
