// From one element type to another, as Cast has it.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

namespace lathe::ops {

template <typename To, typename From>
To convert_number(From from) {
  if constexpr (std::is_same_v<To, bool>) {
    return from != From{0};
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    // Beyond its range the specification leaves it open: the nearest integer there is.
    if (std::isnan(from)) return 0;
    const From whole = std::trunc(from);
    const From beyond = std::ldexp(From{1}, std::numeric_limits<To>::digits);
    if (whole < static_cast<From>(std::numeric_limits<To>::min()))
      return std::numeric_limits<To>::min();
    return whole < beyond ? static_cast<To>(whole) : std::numeric_limits<To>::max();
  } else {
    return static_cast<To>(from);  // of integers the lower bits
  }
}

}  // namespace lathe::ops
