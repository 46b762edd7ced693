// A value, or the reason why there is none: how every function of Lathe that can fail returns.
//
//   lathe::Expected<lathe::Model> model = lathe::Model::load("model.onnx");
//   if (!model.ok()) {
//     std::cerr << model.failure().message() << '\n';
//     return 1;
//   }
//   use(*model);
//
// Lathe throws no exceptions of its own; std::bad_alloc may pass through.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace lathe {

// What went wrong. The message reads from the outermost place to the innermost fault:
// "model.onnx: node conv1 (Conv): pads has 3 values, expected 4".
class Failure {
 public:
  enum class Kind {
    kInvalidArgument,    // the caller asked for something that makes no sense
    kInvalidData,        // a file or model is malformed
    kNotFound,           // a file, name or option does not exist
    kUnsupported,        // well-formed, but Lathe cannot do it
    kResourceExhausted,  // too large for memory or for a stated limit
    kIo,                 // the operating system refused
    kUnavailable,        // an optional part is not installed
    kInternal,           // a fault of Lathe's own
    kCancelled,          // its caller no longer wanted it
  };

  Failure(Kind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] const std::string& message() const { return message_; }

 private:
  Kind kind_;
  std::string message_;
};

// Reading the value of a failure, or the failure of a value, is a mistake of the program: it ends
// by std::abort after a message with the failure's. Ask ok() first.
template <typename T>
class [[nodiscard]] Expected {
 public:
  using value_type = T;
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}            // NOLINT
  Expected(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}  // NOLINT

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] T& value() & { return require_value(), std::get<0>(state_); }
  [[nodiscard]] const T& value() const& { return require_value(), std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return require_value(), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Failure& failure() const {
    if (ok()) stop("failure() of an Expected that holds a value");
    return std::get<1>(state_);
  }

 private:
  [[noreturn]] static void stop(const std::string& message) {
    std::fprintf(stderr, "lathe: fatal: %s\n", message.c_str());
    std::abort();
  }
  void require_value() const {
    if (!ok()) stop("value() of a failure: " + std::get<1>(state_).message());
  }
  std::variant<T, Failure> state_;
};

// Done, or the reason why not.
template <>
class [[nodiscard]] Expected<void> {
 public:
  using value_type = void;
  Expected() = default;
  Expected(Failure failure) : failure_(std::move(failure)) {}  // NOLINT

  [[nodiscard]] bool ok() const { return !failure_; }
  explicit operator bool() const { return ok(); }

  void value() const {
    if (failure_) stop("value() of a failure: " + failure_->message());
  }
  [[nodiscard]] const Failure& failure() const {
    if (!failure_) stop("failure() of an Expected that holds a value");
    return *failure_;
  }

 private:
  [[noreturn]] static void stop(const std::string& message) {
    std::fprintf(stderr, "lathe: fatal: %s\n", message.c_str());
    std::abort();
  }
  std::optional<Failure> failure_;
};

}  // namespace lathe
