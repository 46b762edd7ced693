// What backends over the C interface of another library have in common.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/backend.h"

namespace lathe::engine {

// Something of a library's that is given back by one of its functions.
template <typename T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

// Calls a function that makes a T and hands it over by its last argument. `library.check` turns
// what functions answer into a Status.
template <typename T, typename Library, typename Function, typename... Arguments>
Result<Owned<T>> make_owned(const Library& library, void (*release)(T*), Function function,
                            Arguments... arguments) {
  T* made = nullptr;
  RETURN_IF_ERROR(library.check(function(arguments..., &made)));
  return Owned<T>(made, release);
}

// The library that `load` gives, for the whole process: what went wrong the first time is the
// answer from there on. Never let go. Thread-safe.
template <typename Library>
Result<const Library*> load_once(Result<Library> (*load)()) {
  static const Result<Library>* loaded = new Result<Library>(load());
  if (!loaded->ok()) return loaded->error();
  return &**loaded;
}

// What a backend tells of its library, which Library::get() loads on first use.
template <typename Library>
class PeerBackend : public Backend {
 public:
  [[nodiscard]] std::string version() const override {
    const auto library = Library::get();
    return library.ok() ? (*library)->version() : "";
  }
  [[nodiscard]] Availability available() const override {
    const auto library = Library::get();
    if (library.ok()) return {};
    return {false, library.error().message()};
  }
};

// Shares an immutable Session, which has `inputs` and `outputs`, with its contexts, which are made
// from it.
template <typename Session, typename SessionContext>
class PeerExecutable final : public Executable {
 public:
  PeerExecutable(std::shared_ptr<const Session> session, Concurrency concurrency,
                 std::vector<std::string> notes)
      : Executable(concurrency), session_(std::move(session)), notes_(std::move(notes)) {}

  [[nodiscard]] std::span<const TensorInfo> inputs() const override { return session_->inputs; }
  [[nodiscard]] std::span<const TensorInfo> outputs() const override { return session_->outputs; }
  [[nodiscard]] std::unique_ptr<Context> new_context() const override {
    return std::make_unique<SessionContext>(session_);
  }
  [[nodiscard]] std::vector<std::string> notes() const override { return notes_; }

 private:
  std::shared_ptr<const Session> session_;
  std::vector<std::string> notes_;
};

}  // namespace lathe::engine
