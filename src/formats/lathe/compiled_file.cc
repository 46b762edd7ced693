#include "formats/lathe/compiled_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/json_text.h"
#include "formats/lathe/checksum.h"
#include "formats/onnx/read_onnx.h"
#include "formats/onnx/write_onnx.h"

namespace lathe::formats {
namespace {

using nlohmann::json;

// The first byte is no text, the last ones are what a transfer as text would change.
constexpr std::string_view kMagic = "\x89LATHE\r\n";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kAlignment = 64;

// What the file is made of, in this order, each at a multiple of kAlignment.
enum Part : std::size_t {
  kIndex,   // JSON: what it was made by and for, and where packed weights lie in kPacked
  kGraph,   // an ONNX model
  kData,    // constants that kernels read as they are
  kPacked,  // packed weights
  kSpare,   // constants that packed weights were made of
  kParts
};
constexpr std::string_view kPartNames[] = {"index", "graph", "constants", "packed weights",
                                           "spare constants"};
// Of external data in the graph.
constexpr std::string_view kDataLocation = "data";
constexpr std::string_view kSpareLocation = "spare";

struct PartPlace {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t checksum = 0;
};

// The first bytes of the file, little-endian.
struct FileHeader {
  char magic[8] = {};
  std::uint32_t version = 0;
  std::uint32_t parts = 0;
  std::uint64_t file_size = 0;
  std::array<PartPlace, kParts> places = {};
  std::uint64_t checksum = 0;  // of all before it
};
constexpr std::size_t kHeaderBytes = 24 + kParts * 24 + 8;
static_assert(sizeof(FileHeader) == kHeaderBytes && std::is_trivially_copyable_v<FileHeader>);

std::size_t aligned(std::size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::uint64_t header_checksum(const FileHeader& header) {
  return checksum(std::as_bytes(std::span(&header, 1)).first(offsetof(FileHeader, checksum)));
}

std::string join_parts(const std::array<std::string_view, kParts>& parts) {
  FileHeader header;
  std::memcpy(header.magic, kMagic.data(), kMagic.size());
  header.version = kVersion;
  header.parts = kParts;
  std::size_t size = aligned(kHeaderBytes);
  for (std::size_t i = 0; i < kParts; ++i) {
    header.places[i] = {size, parts[i].size(), checksum(as_bytes(parts[i]))};
    size += aligned(parts[i].size());
  }
  header.file_size = size;
  header.checksum = header_checksum(header);
  std::string file(size, '\0');
  std::memcpy(file.data(), &header, kHeaderBytes);
  for (std::size_t i = 0; i < kParts; ++i)
    parts[i].copy(file.data() + header.places[i].offset, parts[i].size());
  return file;
}

// Ids are the reader's own affair: the file names constants.
json names_of(const ir::Graph& graph, std::span<const ir::ValueId> ids) {
  json names = json::array();
  for (const ir::ValueId id : ids) names.push_back(graph.value(id).name);
  return names;
}

// What is packed, and the part of the file that its bytes become.
json index_of(const ir::Graph& graph, std::string& packed) {
  const ir::Prepared& prepared = *graph.prepared;
  json list = json::array();
  for (const ir::PackedConstants& constants : prepared.packed) {
    packed.resize(aligned(packed.size()));
    list.push_back({{"region", constants.region},
                    {"kernel", constants.kernel},
                    {"constants", names_of(graph, constants.constants)},
                    {"parameters", constants.parameters},
                    {"offset", packed.size()},
                    {"bytes", constants.bytes.size()}});
    packed.append(reinterpret_cast<const char*>(constants.bytes.data()), constants.bytes.size());
  }
  return {{"source", prepared.source},
          {"lathe", prepared.lathe_version},
          {"isa", prepared.isa},
          {"packing_version", prepared.packing_version},
          {"spare", names_of(graph, prepared.spare)},
          {"packed", std::move(list)}};
}

// The parts of a file that has been found whole, but for kSpare.
class CompiledFile {
 public:
  static Result<CompiledFile> open(std::span<const std::byte> bytes) {
    CompiledFile file(bytes);
    RETURN_IF_ERROR(file.read_header());
    for (const Part part : {kIndex, kGraph, kData, kPacked}) RETURN_IF_ERROR(file.check(part));
    return file;
  }
  // For who wants no more than the graph.
  static Result<std::string> graph_bytes(std::span<const std::byte> bytes) {
    CompiledFile file(bytes);
    RETURN_IF_ERROR(file.read_header());
    RETURN_IF_ERROR(file.check(kGraph));
    return std::string(file.text(kGraph));
  }

  [[nodiscard]] std::span<const std::byte> part(Part part) const {
    return bytes_.subspan(header_.places[part].offset, header_.places[part].size);
  }
  [[nodiscard]] std::string_view text(Part which) const {
    const auto bytes = part(which);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  [[nodiscard]] Status check(Part which) const {
    if (checksum(part(which)) == header_.places[which].checksum) return {};
    return invalid_data("is damaged: the {} are not those that were written", kPartNames[which]);
  }

 private:
  explicit CompiledFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

  Status read_header() {
    if (bytes_.size() < kHeaderBytes)
      return invalid_data("is cut off: it has {} bytes, fewer than its header", bytes_.size());
    std::memcpy(&header_, bytes_.data(), kHeaderBytes);
    if (std::string_view(header_.magic, sizeof(header_.magic)) != kMagic)
      return invalid_data("is no compiled model");
    if (header_.version != kVersion) {
      return unsupported("has version {} of the format, this Lathe reads {}: compile it anew",
                         header_.version, kVersion);
    }
    if (header_.parts != kParts || header_.checksum != header_checksum(header_))
      return invalid_data("is damaged: its header is not what was written");
    if (header_.file_size != bytes_.size()) {
      return invalid_data("is cut off: it has {} bytes, {} were written", bytes_.size(),
                          header_.file_size);
    }
    for (std::size_t i = 0; i < kParts; ++i) {
      const PartPlace& place = header_.places[i];
      if (place.offset % kAlignment != 0 || place.offset > bytes_.size() ||
          place.size > bytes_.size() - place.offset)
        return invalid_data("the {} do not lie in the file", kPartNames[i]);
    }
    return {};
  }

  std::span<const std::byte> bytes_;
  FileHeader header_;
};

// A member of the index; the first fault is kept.
class IndexReader {
 public:
  IndexReader(const json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object()) status_ = invalid_data("{} is no object", place_);
  }

  template <typename T>
  void read(const char* name, T& value) {
    if (!status_.ok()) return;
    const auto it = object_.find(name);
    if (it == object_.end() || !take(*it, value))
      status_ = invalid_data("{}.{} is missing or of a wrong kind", place_, name);
  }
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  static bool take(const json& from, std::string& value) {
    if (!from.is_string()) return false;
    value = from.get<std::string>();
    return true;
  }
  template <std::integral T>
  static bool take(const json& from, T& value) {
    if (!from.is_number_integer()) return false;
    const auto number = from.get<std::int64_t>();
    value = static_cast<T>(number);
    return std::in_range<T>(number);
  }
  template <typename T>
  static bool take(const json& from, std::vector<T>& values) {
    if (!from.is_array()) return false;
    values.resize(from.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!take(from[i], values[i])) return false;
    return true;
  }

  const json& object_;
  std::string place_;
  Status status_;
};

// The constants of a graph by name.
class ConstantNames {
 public:
  explicit ConstantNames(const ir::Graph& graph) {
    for (std::size_t v = 0; v < graph.value_count(); ++v) {
      const auto id = static_cast<ir::ValueId>(v);
      if (graph.constant(id) != nullptr) ids_.emplace(graph.value(id).name, id);
    }
  }

  [[nodiscard]] Result<std::vector<ir::ValueId>> find(const std::vector<std::string>& names,
                                                      std::string_view place) const {
    std::vector<ir::ValueId> found;
    for (const std::string& name : names) {
      const auto id = ids_.find(name);
      if (id == ids_.end()) return invalid_data("{}: the graph has no constant '{}'", place, name);
      found.push_back(id->second);
    }
    return found;
  }

 private:
  std::unordered_map<std::string_view, ir::ValueId> ids_;
};

Result<ir::PackedConstants> packed_from(const json& object, const std::string& place,
                                        const ConstantNames& constants,
                                        std::span<const std::byte> all) {
  ir::PackedConstants packed;
  std::vector<std::string> names;
  std::size_t offset = 0;
  std::size_t bytes = 0;
  IndexReader reader(object, place);
  reader.read("region", packed.region);
  reader.read("kernel", packed.kernel);
  reader.read("constants", names);
  reader.read("parameters", packed.parameters);
  reader.read("offset", offset);
  reader.read("bytes", bytes);
  RETURN_IF_ERROR(reader.status());
  if (offset % kAlignment != 0 || offset > all.size() || bytes > all.size() - offset)
    return invalid_data("{} does not lie among the packed weights", place);
  ASSIGN_OR_RETURN(packed.constants, constants.find(names, place));
  packed.bytes = all.subspan(offset, bytes);
  return packed;
}

Result<std::shared_ptr<ir::Prepared>> prepared_from(const CompiledFile& file,
                                                    const ir::Graph& graph) {
  ASSIGN_OR_RETURN(const json index, parse_json(file.text(kIndex)));
  auto prepared = std::make_shared<ir::Prepared>();
  IndexReader reader(index, "index");
  reader.read("source", prepared->source);
  reader.read("lathe", prepared->lathe_version);
  reader.read("isa", prepared->isa);
  reader.read("packing_version", prepared->packing_version);
  std::vector<std::string> spare;
  reader.read("spare", spare);
  RETURN_IF_ERROR(reader.status());
  const ConstantNames constants(graph);
  ASSIGN_OR_RETURN(prepared->spare, constants.find(spare, "index.spare"));
  const auto packed = index.find("packed");
  if (packed == index.end() || !packed->is_array())
    return invalid_data("index.packed is missing or no array");
  for (std::size_t i = 0; i < packed->size(); ++i) {
    ASSIGN_OR_RETURN(ir::PackedConstants found,
                     packed_from((*packed)[i], fmt::format("index.packed[{}]", i), constants,
                                 file.part(kPacked)));
    prepared->packed.push_back(std::move(found));
  }
  return prepared;
}

}  // namespace

bool is_compiled(std::string_view bytes) { return bytes.starts_with(kMagic); }

Result<std::string> serialize_compiled(const ir::Graph& graph) {
  LATHE_CHECK(graph.prepared != nullptr);
  const ir::Prepared& prepared = *graph.prepared;
  DetachedData data{std::string(kDataLocation), {}};
  DetachedData spare{std::string(kSpareLocation), {}};
  const auto place = [&](ir::ValueId id) -> DetachedData& {
    const auto& list = prepared.spare;
    return std::find(list.begin(), list.end(), id) == list.end() ? data : spare;
  };
  ASSIGN_OR_RETURN(const std::string model,
                   serialize_onnx_detached(graph, ir::kCanonicalOpset, place));
  std::string packed;
  const std::string index = json_text(index_of(graph, packed));
  return join_parts({index, model, data.bytes, packed, spare.bytes});
}

Status write_compiled(const ir::Graph& graph, const Path& path) {
  const auto bytes = serialize_compiled(graph);
  if (!bytes.ok()) return bytes.error().with_context(path.string());
  return write_file_atomic(path, *bytes);
}

Result<ir::Graph> renumbered(const ir::Graph& graph) {
  auto data = std::make_shared<DetachedData>(DetachedData{std::string(kDataLocation), {}});
  ASSIGN_OR_RETURN(const std::string model,
                   serialize_onnx_detached(graph, ir::kCanonicalOpset,
                                           [&](ir::ValueId) -> DetachedData& { return *data; }));
  ReadOptions options;
  options.lent_data[data->location] = {as_bytes(data->bytes), data};
  return parse_onnx(as_bytes(model), options);
}

Result<ir::Graph> parse_compiled(std::span<const std::byte> bytes,
                                 std::shared_ptr<const void> memory) {
  ASSIGN_OR_RETURN(const CompiledFile file, CompiledFile::open(bytes));
  ReadOptions options;
  options.lent_data[std::string(kDataLocation)] = {file.part(kData), memory};
  options.lent_data[std::string(kSpareLocation)] = {file.part(kSpare), memory};
  auto graph = parse_onnx(file.part(kGraph), options);
  if (!graph.ok()) return graph.error().with_context("graph");
  ASSIGN_OR_RETURN(const auto prepared, prepared_from(file, *graph));
  prepared->memory = memory;
  prepared->check_spare = [file, memory = std::move(memory)] { return file.check(kSpare); };
  graph->prepared = prepared;
  return graph;
}

Result<ir::Graph> read_compiled(const Path& path) {
  ASSIGN_OR_RETURN(MappedFile mapped, MappedFile::open(path));
  const auto file = std::make_shared<const MappedFile>(std::move(mapped));
  return parse_compiled(file->bytes(), file).with_context(path.string());
}

Result<std::string> compiled_graph_bytes(const Path& path) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
  return CompiledFile::graph_bytes(file.bytes()).with_context(path.string());
}

}  // namespace lathe::formats
