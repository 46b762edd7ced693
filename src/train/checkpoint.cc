#include "train/checkpoint.h"

#include <cstring>
#include <span>
#include <string_view>

#include "base/json_text.h"

namespace lathe::train {
namespace {

static_assert(std::endian::native == std::endian::little, "the file is little-endian");

constexpr std::string_view kMagic = "lathe checkpoint 1\n";
constexpr std::size_t kWord = sizeof(std::uint64_t);

// FNV-1a over 8-byte words, the last one padded with zeros: against accidents, not attackers.
std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (std::size_t i = 0; i < bytes.size(); i += kWord) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, std::min(kWord, bytes.size() - i));
    hash = (hash ^ word) * 0x100000001b3ULL;
    hash ^= hash >> 29;
  }
  return hash;
}

void append_word(std::string& out, std::uint64_t word) {
  out.append(reinterpret_cast<const char*>(&word), kWord);
}

std::uint64_t word_at(std::string_view bytes, std::size_t offset) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data() + offset, kWord);
  return word;
}

// Adds the group's rows to the table and its bytes to the data.
void append_tensors(std::string_view group, const NamedTensors& tensors, nlohmann::json& table,
                    std::string& data) {
  for (const auto& [name, tensor] : tensors) {
    table.push_back({{"group", group},
                     {"name", name},
                     {"type", ir::data_type_name(tensor.data_type())},
                     {"dims", tensor.dims()},
                     {"offset", data.size()}});
    const std::span<const std::byte> bytes = tensor.bytes();
    data.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
}

Result<ir::Tensor> read_tensor(const nlohmann::json& row, std::string_view data) {
  ASSIGN_OR_RETURN(const ir::DataType type, ir::parse_data_type(row.at("type").get<std::string>()));
  const auto dims = row.at("dims").get<std::vector<std::int64_t>>();
  ASSIGN_OR_RETURN(const std::int64_t count, ir::element_count(dims));
  if (static_cast<std::uint64_t>(count) > 8 * data.size()) {
    return invalid_data("a tensor is larger than the file");
  }
  ASSIGN_OR_RETURN(ir::Tensor tensor, ir::Tensor::create(type, dims));
  const auto offset = row.at("offset").get<std::uint64_t>();
  const std::span<std::byte> bytes = tensor.mutable_bytes();
  if (offset > data.size() || bytes.size() > data.size() - offset) {
    return invalid_data("a tensor lies outside the file");
  }
  std::copy_n(reinterpret_cast<const std::byte*>(data.data()) + offset, bytes.size(), bytes.data());
  return tensor;
}

Result<Checkpoint> parse_checkpoint(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return invalid_data("no checkpoint of this version");
  if (bytes.size() < kMagic.size() + 2 * kWord) return invalid_data("the file is cut short");
  const std::string_view content = bytes.substr(0, bytes.size() - kWord);
  if (word_at(bytes, content.size()) != checksum(content)) {
    return invalid_data("the file is cut short or has changed: its checksum differs");
  }
  const std::uint64_t header_size = word_at(content, kMagic.size());
  std::string_view data = content.substr(kMagic.size() + kWord);
  if (header_size > data.size()) return invalid_data("the header lies outside the file");
  const std::string_view header = data.substr(0, header_size);
  data.remove_prefix(header_size);

  Checkpoint checkpoint;
  try {  // nlohmann's typed access throws
    ASSIGN_OR_RETURN(const nlohmann::json json, parse_json(header).with_context("the header"));
    checkpoint.run = json.at("run").get<nlohmann::json::object_t>();
    for (const nlohmann::json& record : json.at("history")) {
      ASSIGN_OR_RETURN(checkpoint.history.emplace_back(), epoch_record_from_json(record));
    }
    for (const nlohmann::json& row : json.at("tensors")) {
      ASSIGN_OR_RETURN(ir::Tensor tensor, read_tensor(row, data));
      NamedTensors& group = row.at("group").get<std::string>() == "state" ? checkpoint.state
                                                                          : checkpoint.best_weights;
      group[row.at("name").get<std::string>()] = std::move(tensor);
    }
  } catch (const nlohmann::json::exception& problem) {
    return invalid_data("the header is malformed: {}", problem.what());
  }
  return checkpoint;
}

}  // namespace

Status write_checkpoint(const Path& path, const Checkpoint& checkpoint) {
  nlohmann::json table = nlohmann::json::array();
  std::string data;
  append_tensors("state", checkpoint.state, table, data);
  append_tensors("best", checkpoint.best_weights, table, data);
  const std::string header = json_text(
      {{"run", checkpoint.run}, {"history", to_json(checkpoint.history)}, {"tensors", table}});

  std::string bytes(kMagic);
  append_word(bytes, header.size());
  bytes += header;
  bytes += data;
  append_word(bytes, checksum(bytes));
  return write_file_atomic(path, bytes);
}

Result<Checkpoint> read_checkpoint(const Path& path) {
  ASSIGN_OR_RETURN(const std::string bytes, read_file(path));
  return parse_checkpoint(bytes).with_context(path.string());
}

}  // namespace lathe::train
