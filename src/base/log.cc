#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include "base/progress.h"

namespace lathe {
namespace {

// Not in spdlog's registry: modules of one process hold this code once each.
spdlog::logger& logger() {
  static spdlog::logger& made = [&]() -> spdlog::logger& {
    static spdlog::logger logger("lathe", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    logger.set_pattern("%^%l%$: %v");
    return logger;
  }();
  return made;
}

}  // namespace

void log_info(const std::string& message) {
  hide_progress();
  logger().info(message);
}

void log_warning(const std::string& message) {
  hide_progress();
  logger().warn(message);
}

}  // namespace lathe
