#include "data/preprocess.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>
#include <limits>
#include <utility>

#include "base/json_text.h"

namespace lathe::data {
namespace {

constexpr std::size_t kMaxMetadataBytes = std::size_t{16} << 20;

// The shortest decimal that reads back as this float, rather than the float's value as a double.
double shortest_double(float value) {
  return std::strtod(fmt::format("{}", value).c_str(), nullptr);
}

nlohmann::json numbers(std::span<const float> values) {
  nlohmann::json array = nlohmann::json::array();
  for (const float value : values) array.push_back(shortest_double(value));
  return array;
}

Result<int> read_extent(const nlohmann::json& json) {
  if (!json.is_number_integer()) return invalid_data("{} is not an integer", json_text(json));
  // Beyond int64 the library would wrap around.
  if (json.is_number_unsigned() && json.get<std::uint64_t>() > kMaxExtent) {
    return invalid_data("{} is above {}", json_text(json), kMaxExtent);
  }
  const auto value = json.get<std::int64_t>();
  if (value < 0 || value > kMaxExtent) {
    return invalid_data("{} is not within [0, {}]", value, kMaxExtent);
  }
  return static_cast<int>(value);
}

Result<std::vector<float>> read_numbers(const nlohmann::json& json) {
  if (!json.is_array() || json.size() > 3)
    return invalid_data("expected an array of 1 or 3 numbers");
  std::vector<float> values;
  for (const nlohmann::json& item : json) {
    if (!item.is_number()) return invalid_data("an element is no number");
    const auto value = item.get<double>();
    if (!(std::abs(value) <= static_cast<double>(std::numeric_limits<float>::max()))) {
      return invalid_data("an element is not a finite number");
    }
    values.push_back(static_cast<float>(value));
  }
  return values;
}

Result<std::string> read_text(const nlohmann::json& json) {
  if (!json.is_string()) return invalid_data("expected a string");
  return json.get<std::string>();
}

Result<Channels> parse_channels(std::string_view name) {
  for (const Channels channels : {Channels::kGray, Channels::kRgb, Channels::kBgr}) {
    if (name == channels_name(channels)) return channels;
  }
  return invalid_data("'{}', expected gray, rgb or bgr", name);
}

// One key's value into its member.
Status read_member(const std::string& key, const nlohmann::json& value, Preprocess& preprocess) {
  if (key == "size") {
    if (!value.is_array() || value.size() != 2) return invalid_data("expected [height, width]");
    ASSIGN_OR_RETURN(preprocess.height, read_extent(value[0]));
    ASSIGN_OR_RETURN(preprocess.width, read_extent(value[1]));
  } else if (key == "channels") {
    ASSIGN_OR_RETURN(const std::string name, read_text(value));
    ASSIGN_OR_RETURN(preprocess.channels, parse_channels(name));
  } else if (key == "resize") {
    ASSIGN_OR_RETURN(const std::string name, read_text(value));
    ASSIGN_OR_RETURN(preprocess.resize, parse_resize_method(name));
  } else if (key == "resize_short") {
    ASSIGN_OR_RETURN(preprocess.resize_short, read_extent(value));
  } else if (key == "mean") {
    ASSIGN_OR_RETURN(preprocess.mean, read_numbers(value));
  } else if (key == "std") {
    ASSIGN_OR_RETURN(preprocess.std, read_numbers(value));
  } else {
    return invalid_data("unknown key");
  }
  return {};
}

Result<nlohmann::json> parse_metadata(std::string_view text) {
  if (text.size() > kMaxMetadataBytes) return invalid_data("{} bytes of JSON", text.size());
  return parse_json(text);
}

}  // namespace

int channel_count(Channels channels) { return channels == Channels::kGray ? 1 : 3; }

std::string_view channels_name(Channels channels) {
  switch (channels) {
    case Channels::kGray:
      return "gray";
    case Channels::kRgb:
      return "rgb";
    case Channels::kBgr:
      return "bgr";
  }
  fatal("unknown channels");
}

Status check(const Preprocess& preprocess) {
  const auto in_range = [](int extent) { return extent >= 1 && extent <= kMaxExtent; };
  if (!in_range(preprocess.height) || !in_range(preprocess.width)) {
    return invalid_data("size {}x{} is not within [1, {}]", preprocess.height, preprocess.width,
                        kMaxExtent);
  }
  const int largest = std::max(preprocess.height, preprocess.width);
  if (preprocess.resize_short != 0 &&
      (preprocess.resize_short < largest || preprocess.resize_short > kMaxExtent)) {
    return invalid_data("resize_short {} is not within [{}, {}]", preprocess.resize_short, largest,
                        kMaxExtent);
  }
  const auto count = static_cast<std::size_t>(channel_count(preprocess.channels));
  if (preprocess.mean.size() != count || preprocess.std.size() != count) {
    return invalid_data("{} means and {} deviations, expected {} of each for {}",
                        preprocess.mean.size(), preprocess.std.size(), count,
                        channels_name(preprocess.channels));
  }
  for (const float mean : preprocess.mean) {
    if (!std::isfinite(mean)) return invalid_data("mean {} is not finite", mean);
  }
  for (const float deviation : preprocess.std) {
    if (!std::isfinite(deviation) || deviation <= 0 || !std::isfinite(1 / deviation)) {
      return invalid_data("std {} is not above 0 and finite", deviation);
    }
  }
  return {};
}

nlohmann::json to_json(const Preprocess& preprocess) {
  nlohmann::json json{{"size", {preprocess.height, preprocess.width}},
                      {"channels", channels_name(preprocess.channels)},
                      {"resize", resize_method_name(preprocess.resize)},
                      {"mean", numbers(preprocess.mean)},
                      {"std", numbers(preprocess.std)}};
  if (preprocess.resize_short != 0) json["resize_short"] = preprocess.resize_short;
  return json;
}

Result<Preprocess> preprocess_from_json(const nlohmann::json& json) {
  if (!json.is_object()) return invalid_data("expected a JSON object");
  for (const char* key : {"size", "channels", "mean", "std"}) {
    if (!json.contains(key)) return invalid_data("no \"{}\"", key);
  }
  Preprocess preprocess;
  for (const auto& [key, value] : json.items()) {
    RETURN_IF_ERROR(read_member(key, value, preprocess).with_context(fmt::format("\"{}\"", key)));
  }
  RETURN_IF_ERROR(check(preprocess));
  return preprocess;
}

Preprocessor::Preprocessor(Preprocess preprocess) : preprocess_(std::move(preprocess)) {
  LATHE_CHECK(check(preprocess_).ok());
  table_.resize(preprocess_.mean.size());
  for (std::size_t c = 0; c < table_.size(); ++c) {
    for (std::size_t value = 0; value < 256; ++value) {
      table_[c][value] =
          (static_cast<float>(value) / 255.0F - preprocess_.mean[c]) / preprocess_.std[c];
    }
  }
}

std::vector<std::int64_t> Preprocessor::shape() const {
  return {channel_count(preprocess_.channels), preprocess_.height, preprocess_.width};
}

std::size_t Preprocessor::size() const {
  return table_.size() * static_cast<std::size_t>(preprocess_.height) *
         static_cast<std::size_t>(preprocess_.width);
}

Image Preprocessor::fit(Image image) const {
  const Preprocess& p = preprocess_;
  image = with_channels(std::move(image), channel_count(p.channels));
  if (p.resize_short == 0) {
    if (image.height == p.height && image.width == p.width) return image;
    return lathe::data::resize(image, p.height, p.width, p.resize);
  }
  const std::int64_t shorter = std::min(image.height, image.width);
  const std::int64_t height = std::int64_t{image.height} * p.resize_short / shorter;
  const std::int64_t width = std::int64_t{image.width} * p.resize_short / shorter;
  // The centre, rounded half to even as torchvision's CenterCrop does.
  const auto margin = [](std::int64_t whole, int part) {
    return static_cast<std::int64_t>(std::nearbyint(static_cast<double>(whole - part) / 2));
  };
  return resize_window(image, height, width,
                       {margin(height, p.height), margin(width, p.width), p.height, p.width},
                       p.resize);
}

void Preprocessor::normalize(const Image& fitted, std::span<float> out) const {
  LATHE_CHECK(fitted.height == preprocess_.height && fitted.width == preprocess_.width);
  LATHE_CHECK(static_cast<std::size_t>(fitted.channels) == table_.size() && out.size() == size());
  const std::size_t channels = table_.size();
  const std::size_t plane = out.size() / channels;
  const bool reversed = preprocess_.channels == Channels::kBgr;
  for (std::size_t c = 0; c < channels; ++c) {
    const std::array<float, 256>& table = table_[c];
    const std::uint8_t* from = fitted.pixels.data() + (reversed ? channels - 1 - c : c);
    float* to = out.data() + c * plane;
    for (std::size_t i = 0; i < plane; ++i) to[i] = table[from[i * channels]];
  }
}

ir::Tensor apply(const Preprocess& preprocess, const Image& image) {
  const Preprocessor preprocessor(preprocess);
  ir::Tensor tensor = ir::Tensor::zeros(ir::DataType::kFloat32, preprocessor.shape());
  preprocessor.normalize(preprocessor.fit(image), tensor.mutable_data<float>());
  return tensor;
}

void apply_into(const Preprocess& preprocess, const Image& image, std::span<float> out) {
  const Preprocessor preprocessor(preprocess);
  preprocessor.normalize(preprocessor.fit(image), out);
}

Result<std::optional<Preprocess>> read_preprocess(const Metadata& metadata) {
  const auto found = metadata.find(kPreprocessKey);
  if (found == metadata.end()) return std::optional<Preprocess>();
  ASSIGN_OR_RETURN(const nlohmann::json json,
                   parse_metadata(found->second).with_context(kPreprocessKey));
  ASSIGN_OR_RETURN(Preprocess preprocess, preprocess_from_json(json).with_context(kPreprocessKey));
  return std::optional(std::move(preprocess));
}

void write_preprocess(const Preprocess& preprocess, Metadata& metadata) {
  metadata.insert_or_assign(std::string(kPreprocessKey), json_text(to_json(preprocess)));
}

Result<std::optional<std::vector<std::string>>> read_labels(const Metadata& metadata) {
  const auto found = metadata.find(kLabelsKey);
  if (found == metadata.end()) return std::optional<std::vector<std::string>>();
  ASSIGN_OR_RETURN(const nlohmann::json json,
                   parse_metadata(found->second).with_context(kLabelsKey));
  if (!json.is_array()) return invalid_data("{}: expected a JSON array", kLabelsKey);
  std::vector<std::string> labels;
  for (const nlohmann::json& item : json) {
    if (!item.is_string()) {
      return invalid_data("{}: element {} is not a string", kLabelsKey, labels.size());
    }
    labels.push_back(item.get<std::string>());
  }
  return std::optional(std::move(labels));
}

void write_labels(std::span<const std::string> labels, Metadata& metadata) {
  nlohmann::json array = nlohmann::json::array();
  for (const std::string& label : labels) array.push_back(label);
  metadata.insert_or_assign(std::string(kLabelsKey), json_text(array));
}

}  // namespace lathe::data
