#include "formats/model_file.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/stream.h"
#include "base/suggest.h"
#include "formats/lathe/compiled_file.h"
#include "formats/onnx/lower_opset.h"
#include "formats/onnx/write_onnx.h"

namespace lathe::formats {
namespace {

std::optional<ModelFormat> format_of_name(const Path& path) {
  const std::string extension = extension_of(path);
  if (extension == ".onnx") return ModelFormat::kOnnx;
  if (extension == ".tflite") return ModelFormat::kTflite;
  if (extension == ".lathe") return ModelFormat::kCompiled;
  return std::nullopt;
}

// "; did you mean 'folder/cnn.onnx'?" where the folder has a file of nearly that name.
std::string suggest_file(const Path& path) {
  constexpr std::size_t kMostFiles = 10'000;
  std::vector<std::string> names;
  std::error_code failed;
  const Path folder = path.has_parent_path() ? path.parent_path() : Path(".");
  for (std::filesystem::directory_iterator it(folder, failed), end; !failed && it != end;
       it.increment(failed)) {
    if (it->is_regular_file(failed)) names.push_back(it->path().filename().string());
    if (names.size() == kMostFiles) break;
  }
  std::sort(names.begin(), names.end());
  const std::string_view nearest = nearest_name(
      path.filename().string(), std::vector<std::string_view>(names.begin(), names.end()));
  if (nearest.empty()) return {};
  return fmt::format("; did you mean '{}'?", (path.parent_path() / nearest).string());
}

}  // namespace

Result<ModelFormat> detect_format(const Path& path) {
  if (const auto format = format_of_name(path)) return *format;
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
  const std::string_view text = file.text();
  if (is_compiled(text)) return ModelFormat::kCompiled;
  // The identifier of a FlatBuffers file stands behind the offset of its root table.
  if (text.size() >= 8 && text.substr(4, 4) == "TFL3") return ModelFormat::kTflite;
  // Writers of ModelProto begin with field 1, ir_version, as a varint.
  if (!text.empty() && text[0] == '\x08') return ModelFormat::kOnnx;
  return unsupported("{}: neither name nor content is that of a model; .onnx files can be read",
                     path.string());
}

Result<ir::Graph> load_model(const Path& path, UnknownOperators unknown_operators) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) {
    return error(ErrorCode::kNotFound, "{}: there is no such file{}", path.string(),
                 suggest_file(path));
  }
  ASSIGN_OR_RETURN(const ModelFormat format, detect_format(path));
  switch (format) {
    case ModelFormat::kOnnx:
      return read_onnx(path, unknown_operators);
    case ModelFormat::kTflite:
      return unsupported("{}: TFLite models cannot be read yet, .onnx files can", path.string());
    case ModelFormat::kCompiled:
      if (unknown_operators == UnknownOperators::kKeep) return read_compiled(path);
      return unsupported(
          "{}: is a compiled model, which can only be run: give the model that it "
          "was compiled from",
          path.string());
  }
  fatal("load_model: unknown format");
}

Status save_model(const ir::Graph& graph, const Path& path, const std::optional<int>& opset) {
  const auto format = is_stream(path) ? ModelFormat::kOnnx : format_of_name(path);
  if (format == ModelFormat::kOnnx) return write_onnx(graph, path, {.opset = opset});
  if (format == ModelFormat::kCompiled)
    return unsupported("{}: compiled models are made by `lathe compile`", path.string());
  return unsupported("{}: models are written as .onnx, expected a name that ends so",
                     path.string());
}

Status check_opset(const ir::Graph& graph, const std::optional<int>& opset) {
  if (!opset) return {};
  const auto lowered = lower_opset(graph, *opset);
  return lowered.ok() ? Status{} : Status(lowered.error());
}

}  // namespace lathe::formats
