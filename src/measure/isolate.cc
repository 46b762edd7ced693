#include "measure/isolate.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

namespace lathe::measure {
namespace {

[[noreturn]] void answer(int fd, const std::function<Result<nlohmann::json>()>& work) {
  const auto result = work();
  nlohmann::json message;
  if (result.ok()) {
    message["value"] = *result;
  } else {
    message["error"] = result.error().message();
    message["code"] = static_cast<int>(result.error().code());
  }
  const std::string text = message.dump();
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t n = ::write(fd, text.data() + sent, text.size() - sent);
    if (n <= 0) break;
    sent += static_cast<std::size_t>(n);
  }
  std::fflush(nullptr);
  ::_exit(0);
}

}  // namespace

Result<nlohmann::json> run_isolated(const std::function<Result<nlohmann::json>()>& work) {
  int ends[2];
  if (::pipe(ends) != 0)
    return error(ErrorCode::kIo, "cannot make a pipe: {}", std::strerror(errno));
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    return error(ErrorCode::kIo, "cannot start a process: {}", std::strerror(errno));
  }
  if (child == 0) {
    ::close(ends[0]);
    answer(ends[1], work);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::read(ends[0], buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    return error(ErrorCode::kInternal, "the measuring process ended by signal {} ({})",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
  }
  const auto message = nlohmann::json::parse(text, nullptr, false);
  if (message.is_discarded())
    return error(ErrorCode::kInternal, "the measuring process gave no answer");
  if (message.contains("error")) {
    return Error(static_cast<ErrorCode>(message["code"].get<int>()),
                 message["error"].get<std::string>());
  }
  return message["value"];
}

}  // namespace lathe::measure
