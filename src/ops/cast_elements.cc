#include "ops/cast_elements.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/mini_float.h"
#include "base/numeric.h"
#include "ops/convert_number.h"
#include "ops/dispatch.h"

namespace lathe::ops {
namespace {

using ir::DataType;

// "NaN", "INF", "-INF" as numbers are written by numpy and ONNX; all else in as few digits as come
// back equal.
template <typename T>
std::string to_text(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "INF" : "-INF";
  }
  if constexpr (std::is_same_v<T, bool>) return value ? "1" : "0";
  return fmt::format("{}", value);
}

std::optional<double> from_text(std::string_view text) {
  const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  double value = 0;
  // Also takes "inf", "infinity" and "nan", in any case.
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failed == std::errc::result_out_of_range) {
    // Too small counts as 0, too large as infinity.
    const bool small = digits.find("e-") != digits.npos || digits.find("E-") != digits.npos;
    const double magnitude = small ? 0 : std::numeric_limits<double>::infinity();
    return digits.starts_with('-') ? -magnitude : magnitude;
  }
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

Status parse_all(const ir::Tensor& x, ir::Tensor& y) {
  const auto words = x.data<std::string>();
  return dispatch_numeric_or_bool(y.data_type(), [&]<typename To>() -> Status {
    const auto out = y.mutable_data<To>();
    for (std::size_t i = 0; i < words.size(); ++i) {
      if constexpr (std::is_integral_v<To> && !std::is_same_v<To, bool>) {
        // Large integers are no doubles.
        const char* const last = words[i].data() + words[i].size();
        if (std::from_chars(words[i].data(), last, out[i]).ptr == last && !words[i].empty())
          continue;
      }
      const auto value = from_text(words[i]);
      if (!value) return invalid_data("element {} is '{}', which is no number", i, words[i]);
      out[i] = convert_number<To>(*value);
    }
    return {};
  });
}

bool is_small_integer(DataType type) {
  return ir::is_integer(type) && ir::bits_per_element(type) < 8;
}

// Types that dispatch_numeric_or_bool() takes.
bool is_plain(DataType type) {
  return type == DataType::kFloat32 || type == DataType::kFloat64 || type == DataType::kBool ||
         (ir::is_integer(type) && !is_small_integer(type));
}

// A float that any format of fewer bits rounds to as it would round the number itself: where the
// number is no float, its last bit is 1 (rounding to odd).
float narrowed(double value) {
  const auto nearest = static_cast<float>(value);
  if (static_cast<double>(nearest) == value || !std::isfinite(value)) return nearest;
  const bool too_far = std::abs(static_cast<double>(nearest)) > std::abs(value);
  const float cut = too_far ? std::nextafter(nearest, 0.0F) : nearest;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(cut) | 1);
}

std::uint8_t to_power_of_two(double value, const CastRules& rules) {
  constexpr std::uint8_t kNan = 0xff;
  constexpr std::uint8_t kLargest = 0xfe;
  if (std::isnan(value) || value < 0) return kNan;
  if (value == 0) return rules.saturate ? 0 : kNan;
  if (std::isinf(value)) return rules.saturate ? kLargest : kNan;
  int exponent = 0;
  const double fraction = 2 * std::frexp(value, &exponent);  // in [1, 2)
  const bool up = rules.rounding == PowerRounding::kUp
                      ? fraction > 1
                      : rules.rounding == PowerRounding::kNearest && fraction >= 1.5;
  const int field = exponent - 1 + (up ? 1 : 0) + 127;
  if (field >= 0 && field <= kLargest) return static_cast<std::uint8_t>(field);
  if (!rules.saturate) return kNan;
  return field < 0 ? 0 : kLargest;
}

// Numbers to the bits of types that are no C++ types.
class Encoder {
 public:
  Encoder(ir::Tensor& y, const CastRules& rules)
      : y_(y), rules_(rules), bits_(ir::bits_per_element(y.data_type())) {}

  template <typename T>
  void put(std::int64_t i, T value) {
    const DataType type = y_.data_type();
    if (is_small_integer(type)) return y_.set_bits(i, small_integer(value));
    if (type == DataType::kFloat8E8M0)
      return y_.set_bits(i, to_power_of_two(static_cast<double>(value), rules_));
    const float number = narrowed(static_cast<double>(value));
    if (type == DataType::kFloat16) return put_half(i, float_to_float16(number));
    if (type == DataType::kBFloat16) return put_half(i, float_to_bfloat16(number));
    y_.set_bits(i, float_to_mini_float(format(), number, rules_.saturate));
  }

 private:
  // Integers lose their upper bits; what else is beyond the range becomes what is nearest.
  template <typename T>
  [[nodiscard]] std::uint8_t small_integer(T value) const {
    const unsigned mask = (1U << bits_) - 1;
    if constexpr (std::is_integral_v<T>) {
      return static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) & mask);
    } else {
      const int low = ir::is_signed_integer(y_.data_type()) ? -(1 << (bits_ - 1)) : 0;
      const int whole = std::clamp(convert_number<int>(value), low, low + (1 << bits_) - 1);
      return static_cast<std::uint8_t>(static_cast<unsigned>(whole) & mask);
    }
  }

  void put_half(std::int64_t i, std::uint16_t bits) {
    const auto place = 2 * static_cast<std::size_t>(i);
    std::memcpy(&y_.mutable_bytes()[place], &bits, sizeof bits);
  }

  [[nodiscard]] MiniFloat format() const {
    switch (y_.data_type()) {
      case DataType::kFloat8E4M3FN:
        return kFloat8E4M3FN;
      case DataType::kFloat8E4M3FNUZ:
        return kFloat8E4M3FNUZ;
      case DataType::kFloat8E5M2:
        return kFloat8E5M2;
      case DataType::kFloat8E5M2FNUZ:
        return kFloat8E5M2FNUZ;
      case DataType::kFloat4E2M1:
        return kFloat4E2M1;
      case DataType::kFloat6E2M3:
        return kFloat6E2M3;
      case DataType::kFloat6E3M2:
        return kFloat6E3M2;
      default:
        fatal("a cast to a type that inference should have refused");
    }
  }

  ir::Tensor& y_;
  CastRules rules_;
  int bits_;
};

// A plain type that has all elements of another.
DataType plain_type(DataType type) {
  if (is_plain(type)) return type;
  if (is_small_integer(type))
    return ir::is_signed_integer(type) ? DataType::kInt8 : DataType::kUint8;
  return DataType::kFloat32;
}

}  // namespace

Result<ir::DataType> element_type_of(std::int64_t number) {
  const auto type = static_cast<std::int32_t>(number);
  if (type != number || !ir::is_known_data_type(type) ||
      type == static_cast<std::int32_t>(DataType::kUndefined)) {
    return invalid_data("attribute 'to' is {}, which is no element type", number);
  }
  return static_cast<DataType>(type);
}

Result<CastRules> cast_rules(const Attributes& attributes) {
  CastRules rules{.saturate = attributes.get_bool("saturate")};
  const std::string& mode = attributes.get_string("round_mode");
  if (mode == "down") {
    rules.rounding = PowerRounding::kDown;
  } else if (mode == "nearest") {
    rules.rounding = PowerRounding::kNearest;
  } else if (mode != "up") {
    return invalid_data("round_mode is '{}', expected 'up', 'down' or 'nearest'", mode);
  }
  return rules;
}

Status check_castable(DataType type) {
  if (type == DataType::kString || ir::is_numeric(type)) return {};
  return unsupported("elements of {} are not cast", ir::data_type_name(type));
}

Result<ir::Tensor> cast_elements(const ir::Tensor& x, DataType to, const CastRules& rules) {
  if (x.data_type() == to) return x;
  if (x.data_type() == DataType::kString) {
    const bool directly = is_plain(to);
    ASSIGN_OR_RETURN(ir::Tensor parsed,
                     ir::Tensor::create(directly ? to : DataType::kFloat64, x.dims()));
    RETURN_IF_ERROR(parse_all(x, parsed));
    return directly ? parsed : cast_elements(parsed, to, rules);
  }
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(to, x.dims()));
  const ir::Tensor plain = x.cast(plain_type(x.data_type()));
  dispatch_numeric_or_bool(plain.data_type(), [&]<typename From>() {
    const auto in = plain.data<From>();
    if (to == DataType::kString) {
      const auto out = y.mutable_data<std::string>();
      for (std::size_t i = 0; i < in.size(); ++i) out[i] = to_text(in[i]);
    } else if (is_plain(to)) {
      dispatch_numeric_or_bool(to, [&]<typename To>() {
        const auto out = y.mutable_data<To>();
        for (std::size_t i = 0; i < in.size(); ++i) out[i] = convert_number<To>(in[i]);
      });
    } else {
      Encoder encoder(y, rules);
      for (std::size_t i = 0; i < in.size(); ++i) encoder.put(static_cast<std::int64_t>(i), in[i]);
    }
  });
  return y;
}

}  // namespace lathe::ops
