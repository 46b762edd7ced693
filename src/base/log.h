// Messages on standard error about what a program's user should know while work goes on: standard
// output is for results. "warning: ..." in colour on a terminal. Thread-safe.
#pragma once

#include <string>

#include "base/result.h"

namespace lathe {

void log_info(const std::string& message);
void log_warning(const std::string& message);

template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) requires(sizeof...(Args) > 0) {
  log_info(fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) requires(sizeof...(Args) > 0) {
  log_warning(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace lathe
