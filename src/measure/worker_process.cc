#include "measure/worker_process.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "base/json_text.h"

namespace lathe::measure {
namespace {

using nlohmann::json;

// A message is its length in bytes (host order) and that much JSON. Longer ones are no messages.
constexpr std::uint64_t kMaxMessage = std::uint64_t{1} << 30;

bool write_all(int socket, const void* data, std::size_t size) {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = ::send(socket, next, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    next += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

bool read_all(int socket, void* data, std::size_t size) {
  char* next = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t n = ::recv(socket, next, size, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    next += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

bool send_message(int socket, const json& message) {
  const std::string text = json_text(message);
  const std::uint64_t size = text.size();
  return write_all(socket, &size, sizeof size) && write_all(socket, text.data(), text.size());
}

std::optional<json> receive_message(int socket) {
  std::uint64_t size = 0;
  if (!read_all(socket, &size, sizeof size) || size > kMaxMessage) return std::nullopt;
  std::string text(size, '\0');
  if (!read_all(socket, text.data(), size)) return std::nullopt;
  auto message = parse_json(text);
  if (!message.ok()) return std::nullopt;
  return *std::move(message);
}

Result<json> guarded(const WorkerProcess::Handler& handler, const json& question) {
  try {
    return handler(question);
  } catch (const std::bad_alloc&) {
    return error(ErrorCode::kResourceExhausted, "out of memory");
  } catch (const std::exception& problem) {
    return error(ErrorCode::kInternal, "{}", problem.what());
  }
}

void close_files_but(int socket) {
  const auto kept = static_cast<unsigned>(socket);
  if (kept > 3) ::close_range(3, kept - 1, 0);
  ::close_range(kept + 1, ~0U, 0);
}

// Any process may raise its own score.
void volunteer_for_out_of_memory() {
  const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  if (::write(file, "1000", 4) != 4) {
    // Then the system chooses as it does among all processes.
  }
  ::close(file);
}

// Signals that ask a whole group of processes to end, held back while one lives, so that none comes
// between forking and what the child makes of it.
class HoldBackSignals {
 public:
  HoldBackSignals() {
    sigset_t held;
    ::sigemptyset(&held);
    for (const int signal : kSignals) ::sigaddset(&held, signal);
    ::sigprocmask(SIG_BLOCK, &held, &before_);
  }
  HoldBackSignals(const HoldBackSignals&) = delete;
  HoldBackSignals& operator=(const HoldBackSignals&) = delete;
  ~HoldBackSignals() { release(); }

  void release() const { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

  // In the child: what the parent handles is not for it.
  static void leave_to_parent() {
    for (const int signal : kSignals) {
      struct sigaction inherited {};
      ::sigaction(signal, nullptr, &inherited);
      if (inherited.sa_handler != SIG_DFL) std::signal(signal, SIG_IGN);
    }
  }

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM};
  sigset_t before_{};
};

[[noreturn]] void serve(int socket, pid_t parent, const HoldBackSignals& held,
                        const WorkerProcess::Handler& handler) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  HoldBackSignals::leave_to_parent();
  held.release();
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  close_files_but(socket);
  volunteer_for_out_of_memory();
  while (const auto question = receive_message(socket)) {
    const Result<json> result = guarded(handler, *question);
    const json answer = result.ok() ? json{{"value", *result}}
                                    : json{{"error", result.error().message()},
                                           {"code", static_cast<int>(result.error().code())}};
    if (!send_message(socket, answer)) break;
  }
  std::fflush(nullptr);
  ::_exit(0);
}

// What an answer holds; nothing where a crashing child wrote something else.
std::optional<Result<json>> unwrap(json& answer) {
  if (!answer.is_object()) return std::nullopt;
  if (const auto value = answer.find("value"); value != answer.end())
    return Result<json>(std::move(*value));
  const auto message = answer.find("error");
  const auto code = answer.find("code");
  if (message == answer.end() || !message->is_string()) return std::nullopt;
  if (code == answer.end() || !code->is_number_integer()) return std::nullopt;
  return Result<json>(Error(static_cast<ErrorCode>(code->get<int>()), message->get<std::string>()));
}

}  // namespace

Result<WorkerProcess> WorkerProcess::start(const Handler& handler) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return error(ErrorCode::kIo, "cannot make a socket: {}", std::strerror(errno));
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  const HoldBackSignals held;
  const pid_t child = ::fork();
  if (child == 0) serve(ends[1], parent, held, handler);
  const int problem = errno;
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    return error(ErrorCode::kIo, "cannot start a process: {}", std::strerror(problem));
  }
  return WorkerProcess(child, ends[0]);
}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : child_(std::exchange(other.child_, -1)),
      socket_(std::exchange(other.socket_, -1)),
      ended_(std::move(other.ended_)) {}

WorkerProcess& WorkerProcess::operator=(WorkerProcess&& other) noexcept {
  if (this != &other) {
    end();
    child_ = std::exchange(other.child_, -1);
    socket_ = std::exchange(other.socket_, -1);
    ended_ = std::move(other.ended_);
  }
  return *this;
}

WorkerProcess::~WorkerProcess() { end(); }

Status WorkerProcess::wait_for_answer(const Patience& patience) const {
  using Clock = std::chrono::steady_clock;
  constexpr double kNap = 0.1;  // seconds between two looks at stop_requested
  const auto start = Clock::now();
  for (;;) {
    if (patience.stop_requested && patience.stop_requested())
      return error(ErrorCode::kInterrupted, "its process was stopped before it answered");
    const double waited = std::chrono::duration<double>(Clock::now() - start).count();
    const double left = patience.seconds > 0 ? patience.seconds - waited : kNap;
    if (left <= 0) {
      return error(ErrorCode::kResourceExhausted, "its process gave no answer within {:g} s{}{}",
                   patience.seconds, patience.remedy.empty() ? "" : "; ", patience.remedy);
    }
    pollfd file{socket_, POLLIN, 0};
    const int ready = ::poll(&file, 1, static_cast<int>(std::min(left, kNap) * 1000));
    if (ready > 0 || (ready < 0 && errno != EINTR)) return {};  // receiving tells what it is
  }
}

Result<json> WorkerProcess::ask(const json& question, const Patience& patience) {
  if (ended_) return *ended_;
  ::kill(child_, SIGCONT);
  if (send_message(socket_, question)) {
    if (const Status waited = wait_for_answer(patience); !waited.ok()) {
      end();
      ended_ = waited.error();
      return *ended_;
    }
    if (auto answer = receive_message(socket_)) {
      if (auto result = unwrap(*answer)) {
        ::kill(child_, SIGSTOP);
        return *std::move(result);
      }
    }
  }
  ended_ = lost();
  return *ended_;
}

Error WorkerProcess::lost() {
  ::close(std::exchange(socket_, -1));
  // Where it sent nonsense it still runs.
  int status = 0;
  pid_t reaped = 0;
  for (int tries = 0; tries < 100 && reaped == 0; ++tries) {
    reaped = ::waitpid(child_, &status, WNOHANG);
    if (reaped == 0) ::usleep(10'000);
  }
  if (reaped == 0) {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, &status, 0);
    child_ = -1;
    return error(ErrorCode::kInternal, "its process gave no answer that can be read");
  }
  child_ = -1;
  if (!WIFSIGNALED(status)) {
    return error(ErrorCode::kInternal, "its process ended with status {} before it answered",
                 WEXITSTATUS(status));
  }
  const int signal = WTERMSIG(status);
  if (signal == SIGKILL) {
    return error(ErrorCode::kResourceExhausted,
                 "its process ended by signal 9 (Killed), which the system sends where memory runs "
                 "out");
  }
  return error(ErrorCode::kInternal, "its process ended by signal {} ({})", signal,
               strsignal(signal));
}

void WorkerProcess::end() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  if (child_ < 0) return;
  ::kill(child_, SIGKILL);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
}

Result<json> run_isolated(const std::function<Result<json>()>& work) {
  ASSIGN_OR_RETURN(WorkerProcess worker,
                   WorkerProcess::start([&](const json&) -> Result<json> { return work(); }));
  return worker.ask(nullptr);
}

}  // namespace lathe::measure
