#include "cli/output_files.h"

#include <algorithm>
#include <cstdio>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/progress.h"
#include "base/stream.h"

namespace lathe::cli {
namespace {

bool has_extension(const std::string& path, const std::vector<std::string>& extensions) {
  return std::find(extensions.begin(), extensions.end(), extension_of(path)) != extensions.end();
}

// The same file, there already or not.
bool is_same(const std::string& a, const std::string& b) {
  return is_same_file(a, b) || Path(a).lexically_normal() == Path(b).lexically_normal();
}

// Whether `path` leads to where results are printed: -o /dev/stdout. What nobody will see does not
// count.
bool is_standard_output(const std::string& path) {
  struct stat file {};
  struct stat out {};
  struct stat nowhere {};
  const auto is_same_node = [](const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
  };
  return ::stat(path.c_str(), &file) == 0 && ::fstat(STDOUT_FILENO, &out) == 0 &&
         is_same_node(file, out) &&
         !(::stat("/dev/null", &nowhere) == 0 && is_same_node(file, nowhere));
}

}  // namespace

void OutputFiles::declare(Arguments app) {
  app.add_flag("--force", force_,
               "Replace what would otherwise be kept: an output that is also read");
}

void OutputFiles::reads(std::string what, std::string path) {
  if (path.empty()) return;
  reads(std::move(what),
        [path = std::move(path)](const Path& output) { return is_same(output.string(), path); });
}

void OutputFiles::reads(std::string what, std::function<bool(const Path&)> are_read) {
  inputs_.push_back({std::move(what), std::move(are_read)});
}

void OutputFiles::writes(std::string what, std::string path, std::vector<std::string> extensions) {
  if (path.empty()) return;
  const bool printed = is_standard_output(path);
  outputs_.push_back({std::move(what), std::move(path), std::move(extensions), printed});
}

Status OutputFiles::check(const OutputOptions& options) const {
  for (const Output& output : outputs_) {
    if (!output.extensions.empty() && !has_extension(output.path, output.extensions) &&
        !is_stream(output.path)) {
      return invalid_argument("{} {}: expected a name that ends in {}", output.what, output.path,
                              fmt::join(output.extensions, " or "));
    }
    for (const Output& other : outputs_) {
      if (&other == &output) break;
      if (is_same(output.path, other.path)) {
        return invalid_argument("{} and {} both name {}", other.what, output.what, output.path);
      }
    }
    if (options.json && output.is_standard_output) {
      return invalid_argument("{} {} and --json both write to standard output", output.what,
                              output.path);
    }
    RETURN_IF_ERROR(check_inputs(output));
    RETURN_IF_ERROR(check_writable(output.path).with_context(output.what));
  }
  return {};
}

Status OutputFiles::check_inputs(const Output& output) const {
  if (force_) return {};
  for (const Input& input : inputs_) {
    if (!input.is_read(output.path)) continue;
    return invalid_argument("{} {}: is also {}, which would be replaced; --force allows that",
                            output.what, output.path, input.what);
  }
  return {};
}

void OutputFiles::print(std::string_view text) const {
  const bool taken = std::any_of(outputs_.begin(), outputs_.end(),
                                 [](const Output& output) { return output.is_standard_output; });
  if (!taken) return cli::print(text);
  hide_progress();
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace lathe::cli
