#include "measure/worker_process.h"

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <new>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace lathe::measure {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// "R", "S", "T" (stopped) ...: the state of a process's first thread.
char state_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::size_t name_end = text.rfind(')');
  return name_end == std::string::npos ? '?' : text[name_end + 2];
}

WorkerProcess start(const WorkerProcess::Handler& handler) {
  auto worker = WorkerProcess::start(handler);
  LATHE_CHECK(worker.ok());
  return *std::move(worker);
}

TEST(WorkerProcess, AnswersQuestionsAndKeepsItsState) {
  auto sum = std::make_shared<int>(0);
  WorkerProcess worker = start([sum](const json& question) -> Result<json> {
    *sum += question.at("add").get<int>();
    return json(*sum);
  });
  EXPECT_EQ(worker.ask({{"add", 2}}).value(), 2);
  EXPECT_EQ(worker.ask({{"add", 40}}).value(), 42);
  EXPECT_EQ(*sum, 0) << "the state is the child's alone";
  WorkerProcess moved = std::move(worker);
  EXPECT_EQ(moved.ask({{"add", 1}}).value(), 43);
}

TEST(WorkerProcess, CarriesLongMessages) {
  WorkerProcess worker = start([](const json& question) -> Result<json> { return question; });
  const json numbers(std::vector<double>(200'000, 0.1));
  EXPECT_EQ(worker.ask(numbers).value(), numbers);
  EXPECT_EQ(worker
                .ask("b\xff"
                     "d")
                .value(),
            "b\xef\xbf\xbd"
            "d");
}

TEST(WorkerProcess, HandsOverErrorsAndExceptionsAndGoesOn) {
  WorkerProcess worker = start([](const json& question) -> Result<json> {
    if (question == "error") return invalid_data("broken");
    if (question == "memory") throw std::bad_alloc();
    if (question == "throw") throw std::runtime_error("thrown");
    return question.at("missing");
  });
  EXPECT_EQ(worker.ask("error").error().message(), "broken");
  EXPECT_EQ(worker.ask("error").error().code(), ErrorCode::kInvalidData);
  EXPECT_EQ(worker.ask("memory").error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(worker.ask("throw").error().message(), "thrown");
  EXPECT_FALSE(worker.ask(json::object()).ok());
  EXPECT_EQ(worker.ask({{"missing", 1}}).value(), 1);
}

TEST(WorkerProcess, SaysHowItsProcessEnded) {
  const auto handler = [](const json& question) -> Result<json> {
    if (question == "abort") {
      std::signal(SIGABRT, SIG_DFL);
      std::abort();
    }
    if (question == "killed") raise(SIGKILL);
    if (question == "exit") _exit(3);
    return question;
  };
  WorkerProcess aborted = start(handler);
  EXPECT_EQ(aborted.ask(1).value(), 1);
  EXPECT_THAT(aborted.ask("abort").error().message(), HasSubstr("signal 6"));
  EXPECT_THAT(aborted.ask(1).error().message(), HasSubstr("signal 6"));

  const auto killed = start(handler).ask("killed");
  EXPECT_THAT(killed.error().message(), HasSubstr("memory runs out"));
  EXPECT_EQ(killed.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_THAT(start(handler).ask("exit").error().message(), HasSubstr("status 3"));
}

TEST(WorkerProcess, IsStoppedBetweenQuestions) {
  WorkerProcess worker = start([](const json&) -> Result<json> {
    std::thread([] {
      for (;;) std::this_thread::yield();
    }).detach();
    return json(::getpid());
  });
  const pid_t process = worker.ask(nullptr).value();
  // The signal is on its way when the answer is here.
  for (int i = 0; i < 1000 && state_of(process) != 'T'; ++i) ::usleep(1000);
  EXPECT_EQ(state_of(process), 'T');
  EXPECT_EQ(worker.ask(nullptr).value(), process);
}

TEST(WorkerProcess, IsEndedWhenPatienceIs) {
  const auto sleep = [](const json& question) -> Result<json> {
    if (question == "sleep") {
      for (;;) ::pause();
    }
    return json(::getpid());
  };
  WorkerProcess slow = start(sleep);
  const pid_t process = slow.ask(1, {.seconds = 60}).value();
  const auto late = slow.ask("sleep", {.seconds = 0.01});
  EXPECT_EQ(late.error().message(), "its process gave no answer within 0.01 s");
  EXPECT_NE(::kill(process, 0), 0) << "still there";
  EXPECT_FALSE(slow.ask(1).ok());
  EXPECT_THAT(start(sleep).ask("sleep", {.seconds = 0.01, .remedy = "do this"}).error().message(),
              testing::EndsWith("no answer within 0.01 s; do this"));

  WorkerProcess stopped = start(sleep);
  int asked = 0;
  const auto result = stopped.ask("sleep", {.stop_requested = [&] { return ++asked == 3; }});
  EXPECT_EQ(result.error().code(), ErrorCode::kInterrupted);
  EXPECT_EQ(asked, 3);
}

TEST(WorkerProcess, LeavesSignalsToAnOwnerWhoHandlesThem) {
  const auto raise_it = [](const json& question) -> Result<json> {
    raise(question.get<int>());
    return json("still there");
  };
  for (const int signal : {SIGINT, SIGTERM}) {
    for (const auto handler : {+[](int) {}, SIG_IGN}) {
      const auto before = std::signal(signal, handler);
      EXPECT_EQ(start(raise_it).ask(signal).value(), "still there") << signal;
      std::signal(signal, before);
    }
    EXPECT_THAT(start(raise_it).ask(signal).error().message(),
                HasSubstr("ended by signal " + std::to_string(signal)));
    sigset_t held;
    ::sigprocmask(SIG_BLOCK, nullptr, &held);
    EXPECT_EQ(::sigismember(&held, signal), 0);
  }
}

TEST(WorkerProcess, EndsWithItsOwner) {
  pid_t process = 0;
  {
    WorkerProcess worker = start([](const json&) -> Result<json> { return json(::getpid()); });
    process = worker.ask(nullptr).value();
    ASSERT_EQ(::kill(process, 0), 0);
  }
  EXPECT_NE(::kill(process, 0), 0);
  start([](const json&) -> Result<json> { return json(); });  // never asked
}

TEST(WorkerProcess, HasNoFilesOfTheParentAndPrintsToStandardError) {
  const int file = ::open("/dev/null", O_RDONLY);
  WorkerProcess other = start([](const json&) -> Result<json> { return json(); });
  WorkerProcess worker = start([file](const json&) -> Result<json> {
    int open_files = 0;
    for (int i = 3; i < 1000; ++i) open_files += ::fcntl(i, F_GETFD) >= 0 ? 1 : 0;
    char out[256] = {};
    char err[256] = {};
    if (::readlink("/proc/self/fd/1", out, sizeof out - 1) < 0) return invalid_data("fd 1");
    if (::readlink("/proc/self/fd/2", err, sizeof err - 1) < 0) return invalid_data("fd 2");
    return json{{"files", open_files},
                {"inherited", ::fcntl(file, F_GETFD) >= 0},
                {"same", std::string(out) == err}};
  });
  const json answer = worker.ask(nullptr).value();
  ::close(file);
  EXPECT_EQ(answer["files"], 1) << "the socket alone";
  EXPECT_EQ(answer["inherited"], false);
  EXPECT_EQ(answer["same"], true);
}

TEST(RunIsolated, HandsOverAnswersErrorsAndCrashes) {
  EXPECT_EQ(run_isolated([]() -> Result<json> { return json(42); }).value(), 42);
  const auto failed = run_isolated([]() -> Result<json> { return invalid_data("broken"); });
  EXPECT_EQ(failed.error().message(), "broken");
  const auto crashed = run_isolated([]() -> Result<json> {
    raise(SIGKILL);
    return json();
  });
  EXPECT_THAT(crashed.error().message(), HasSubstr("signal 9"));
}

}  // namespace
}  // namespace lathe::measure
