#include "base/stream.h"

namespace lathe {

bool is_stream(const Path& path) {
  const std::string name = path.string();
  for (const char* open_file : {"/dev/std", "/dev/fd/", "/proc/self/fd/"}) {
    if (name.rfind(open_file, 0) == 0) return true;
  }
  std::error_code failed;
  const std::filesystem::file_status status = std::filesystem::status(path, failed);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
         !std::filesystem::is_directory(status);
}

}  // namespace lathe
