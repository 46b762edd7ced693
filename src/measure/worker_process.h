// A process that answers questions: for work whose memory has to be its own, or that may crash.
//
//   auto worker = WorkerProcess::start([](const nlohmann::json& question) -> Result<nlohmann::json>
//   {
//     return question.at("a").get<int>() + 1;
//   });
//   ASSIGN_OR_RETURN(const nlohmann::json answer, worker->ask({{"a", 1}}));
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <sys/types.h>

#include "base/result.h"

namespace lathe::measure {

// How long an answer is waited for.
struct Patience {
  double seconds = 0;                         // at most; 0: as long as it takes
  std::function<bool()> stop_requested = {};  // asked ten times a second; true ends the waiting
  // What the caller can do about an answer that is too late, for the message: "--timeout allows
  // more".
  std::string remedy = {};
};

class WorkerProcess {
 public:
  using Handler = std::function<Result<nlohmann::json>(const nlohmann::json& question)>;

  // Forks. `handler` runs in the child alone, once for each question, and may keep state between
  // them. The child has no files of the parent's but standard input and error (what it prints goes
  // to the latter), is the first that the system ends where memory runs out, and ends with the
  // parent's thread that started it. SIGINT and SIGTERM, which reach all processes of a terminal or
  // of a `timeout`, it ignores where the parent handles them, whose answer they are; otherwise they
  // end it too. The caller must have no other threads running.
  static Result<WorkerProcess> start(const Handler& handler);

  WorkerProcess(WorkerProcess&& other) noexcept;
  WorkerProcess& operator=(WorkerProcess&& other) noexcept;
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  ~WorkerProcess();  // ends the child, whatever it does

  // Waits for the answer. Between questions all threads of the child are stopped, so that a library
  // which waits busily takes no time from others. An error of the handler, and what it throws, is
  // an error here, and the next question may be asked. If the child ends, the error says how, for
  // this question and for all later ones. A child that outlasts the caller's patience is ended,
  // with an error that says so: kInterrupted where a stop was requested.
  Result<nlohmann::json> ask(const nlohmann::json& question, const Patience& patience = {});

 private:
  WorkerProcess(pid_t child, int socket) : child_(child), socket_(socket) {}
  Status wait_for_answer(const Patience& patience) const;
  Error lost();  // reaps the child
  void end();

  pid_t child_ = -1;
  int socket_ = -1;
  std::optional<Error> ended_;
};

// Runs `work` in a process of its own, for its answer, its error, or how the process ended.
Result<nlohmann::json> run_isolated(const std::function<Result<nlohmann::json>()>& work);

}  // namespace lathe::measure
