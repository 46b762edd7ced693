#include "formats/model_file.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "formats/onnx/write_onnx.h"

namespace lathe::formats {
namespace {

std::optional<ModelFormat> format_of_name(const Path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (extension == ".onnx") return ModelFormat::kOnnx;
  if (extension == ".tflite") return ModelFormat::kTflite;
  return std::nullopt;
}

}  // namespace

Result<ModelFormat> detect_format(const Path& path) {
  if (const auto format = format_of_name(path)) return *format;
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
  const std::string_view text = file.text();
  // The identifier of a FlatBuffers file stands behind the offset of its root table.
  if (text.size() >= 8 && text.substr(4, 4) == "TFL3") return ModelFormat::kTflite;
  // Writers of ModelProto begin with field 1, ir_version, as a varint.
  if (!text.empty() && text[0] == '\x08') return ModelFormat::kOnnx;
  return unsupported("{}: neither name nor content is that of a model, expected .onnx or .tflite",
                     path.string());
}

Result<ir::Graph> load_model(const Path& path, UnknownOperators unknown_operators) {
  ASSIGN_OR_RETURN(const ModelFormat format, detect_format(path));
  switch (format) {
    case ModelFormat::kOnnx:
      return read_onnx(path, unknown_operators);
    case ModelFormat::kTflite:
      return unsupported("{}: TFLite models cannot be read yet", path.string());
  }
  fatal("load_model: unknown format");
}

Status save_model(const ir::Graph& graph, const Path& path) {
  const auto format = format_of_name(path);
  if (format == ModelFormat::kOnnx) return write_onnx(graph, path);
  return unsupported("{}: cannot write a model of this kind, expected .onnx", path.string());
}

}  // namespace lathe::formats
