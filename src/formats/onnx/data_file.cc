#include "formats/onnx/data_file.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <vector>

#include "formats/onnx/model_header.h"
#include "formats/onnx/read_onnx.h"

namespace lathe::formats {
namespace {

constexpr std::string_view kExtension = ".data";

std::string data_name(const Path& model, int number) {
  const std::string name = model.filename().string();
  return number == 0 ? fmt::format("{}{}", name, kExtension)
                     : fmt::format("{}.{}{}", name, number, kExtension);
}

// Whether data_name() gives this name for some number.
bool is_data_name(std::string_view name, const Path& model) {
  const std::string stem = model.filename().string() + ".";
  if (name == data_name(model, 0)) return true;
  if (!name.starts_with(stem) || !name.ends_with(kExtension)) return false;
  name.remove_prefix(stem.size());
  int number = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
  return parsed.ec == std::errc() && number > 0 && name == fmt::format("{}{}", number, kExtension);
}

// Whether a model may have this file of its folder for data. Without parsing, so that it is quick
// and holds for damaged models too; a location stands in a model as its length and its bytes.
bool may_name(std::string_view model, std::string_view file) {
  const std::size_t size = file.size();
  const char last_of_length = static_cast<char>(size < 128 ? size : size >> 7);
  for (auto at = model.find(file); at != std::string_view::npos; at = model.find(file, at + 1)) {
    if (at > 0 && (model[at - 1] == last_of_length || model[at - 1] == '/')) return true;
  }
  return false;
}

// The paths of all files in a folder; nothing where they cannot all be listed.
std::optional<std::vector<Path>> list_files(const Path& folder) {
  std::error_code failed;
  std::vector<Path> files;
  for (std::filesystem::directory_iterator it(folder, failed), end; !failed && it != end;
       it.increment(failed)) {
    files.push_back(it->path());
  }
  if (failed) return std::nullopt;
  return files;
}

// Reads no more than it has to: others may write to the files of a folder meanwhile.
bool is_model(const Path& path) {
  // Writers of ModelProto begin with field 1, ir_version, as a varint.
  return extension_of(path) == ".onnx" || std::ifstream(path, std::ios::binary).get() == '\x08';
}

bool may_be_named_by_any(const std::vector<Path>& files, std::string_view data) {
  return std::any_of(files.begin(), files.end(), [&](const Path& path) {
    std::error_code failed;
    if (!std::filesystem::is_regular_file(path, failed)) return false;
    const auto file = MappedFile::open(path);
    if (!file.ok()) return file.error().code() != ErrorCode::kNotFound;
    return is_model(path) && may_name(file->text(), data);
  });
}

}  // namespace

Result<TemporaryFile> write_data_file(const Path& model, std::string_view data) {
  const auto old = MappedFile::open(model);
  for (int number = 0;; ++number) {
    const std::string name = data_name(model, number);
    if (old.ok() && may_name(old->text(), name)) continue;
    ASSIGN_OR_RETURN(TemporaryFile file, write_new_file(model.parent_path() / name, data));
    if (file.exists()) return file;
  }
}

void remove_replaced_data(TemporaryFile replaced, const Path& model) {
  const auto files = list_files(model.has_parent_path() ? model.parent_path() : Path("."));
  if (!files) return;
  std::vector<Path> others;
  std::vector<Path> data;
  for (const Path& path : *files) {
    std::error_code failed;
    if (is_data_name(path.filename().string(), model) &&
        std::filesystem::symlink_status(path, failed).type() ==
            std::filesystem::file_type::regular) {
      data.push_back(path);
    } else if (path.filename() != replaced.path().filename()) {
      others.push_back(path);
    }
  }
  if (data.empty()) return;
  const auto header = read_model_header(replaced.path());
  if (!header.ok() || !header->producer.starts_with("lathe")) return;
  const auto named = external_data_files(replaced.path());
  if (!named.ok()) return;
  std::erase_if(data, [&](const Path& path) {
    const bool was_named = std::any_of(named->begin(), named->end(), [&](const Path& file) {
      return file == replaced.path().parent_path() / path.filename();
    });
    return !was_named || may_be_named_by_any(others, path.filename().string());
  });
  // First who names them, then they: the names are free after that, and whoever takes one must not
  // find another model that seems to have it.
  replaced = TemporaryFile();
  std::error_code ignored;
  for (const Path& path : data) std::filesystem::remove(path, ignored);
}

}  // namespace lathe::formats
