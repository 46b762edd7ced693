#include "cli/output_files.h"

#include <algorithm>
#include <cctype>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/stream.h"

namespace lathe::cli {
namespace {

bool has_extension(const std::string& path, const std::vector<std::string>& extensions) {
  std::string extension = Path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

// The same file, there already or not.
bool is_same(const std::string& a, const std::string& b) {
  return is_same_file(a, b) || Path(a).lexically_normal() == Path(b).lexically_normal();
}

}  // namespace

void OutputFiles::declare(Arguments app) {
  app.add_flag("--force", force_,
               "Replace what would otherwise be kept: an output that is also read");
}

void OutputFiles::reads(std::string what, std::string path) {
  if (!path.empty()) inputs_.push_back({std::move(what), std::move(path), {}});
}

void OutputFiles::writes(std::string what, std::string path, std::vector<std::string> extensions) {
  if (!path.empty()) outputs_.push_back({std::move(what), std::move(path), std::move(extensions)});
}

Status OutputFiles::check() const {
  for (const File& output : outputs_) {
    if (!output.extensions.empty() && !has_extension(output.path, output.extensions) &&
        !is_stream(output.path)) {
      return invalid_argument("{} {}: expected a name that ends in {}", output.what, output.path,
                              fmt::join(output.extensions, " or "));
    }
    for (const File& other : outputs_) {
      if (&other == &output) break;
      if (is_same(output.path, other.path)) {
        return invalid_argument("{} and {} both name {}", other.what, output.what, output.path);
      }
    }
    for (const File& input : inputs_) {
      if (!force_ && is_same(output.path, input.path)) {
        return invalid_argument("{} {}: is also {}, which would be replaced; --force allows that",
                                output.what, output.path, input.what);
      }
    }
    RETURN_IF_ERROR(check_writable(output.path).with_context(output.what));
  }
  return {};
}

bool is_standard_output(const std::string& path) {
  struct stat file {};
  struct stat out {};
  return ::stat(path.c_str(), &file) == 0 && ::fstat(STDOUT_FILENO, &out) == 0 &&
         file.st_dev == out.st_dev && file.st_ino == out.st_ino;
}

}  // namespace lathe::cli
