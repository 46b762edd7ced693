// Errors as values, for everything that a file, a flag, a model or a request can get wrong.
//
//   Result<Tensor> read_weights(const Path& path) {
//     ASSIGN_OR_RETURN(std::string bytes, read_file(path));
//     RETURN_IF_ERROR(check_header(bytes));
//     return parse(bytes);
//   }
//   if (auto weights = read_weights(p); !weights.ok()) print(weights.error().to_string());
//
// The surface stays close to std::expected, so that it can take this one's place later.
#pragma once

#include <concepts>
#include <cstdlib>
#include <fmt/core.h>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace lathe {

enum class ErrorCode {
  kInvalidArgument,    // the caller asked for something that makes no sense
  kInvalidData,        // a file, model or request is malformed
  kNotFound,           // a file, name or option does not exist
  kUnsupported,        // well-formed, but not implemented here
  kResourceExhausted,  // too large for memory or for a stated limit
  kIo,                 // the operating system refused
  kUnavailable,        // an optional part is not installed
  kInterrupted,        // its user asked it to stop
  kInternal,           // our own fault
};

// A code and a message that reads from the outermost place to the innermost fault:
// "model.onnx: node conv1 (Conv): pads has 3 values, expected 4".
class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] ErrorCode code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }

  // Puts "where: " before the message.
  [[nodiscard]] Error with_context(std::string_view where) const& {
    return {code_, fmt::format("{}: {}", where, message_)};
  }

 private:
  ErrorCode code_;
  std::string message_;
};

template <typename... Args>
Error error(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return {code, fmt::format(format, std::forward<Args>(args)...)};
}
template <typename... Args>
Error invalid_argument(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorCode::kInvalidArgument, fmt::format(format, std::forward<Args>(args)...)};
}
template <typename... Args>
Error invalid_data(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorCode::kInvalidData, fmt::format(format, std::forward<Args>(args)...)};
}
template <typename... Args>
Error unsupported(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorCode::kUnsupported, fmt::format(format, std::forward<Args>(args)...)};
}

// Stops the program: for faults of our own, never for anything that input can cause.
[[noreturn]] void fatal(std::string_view message);
#define LATHE_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::lathe::fatal("check failed: " #condition))

// A T or the Error that kept it from being made. Reading the wrong one stops the program.
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(*-explicit-*)
  template <typename U>
  requires(std::is_convertible_v<U, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
           !std::is_same_v<std::remove_cvref_t<U>, Error>)
      Result(U&& value)  // NOLINT(*-explicit-*,*-forwarding-reference-overload)
      : state_(std::in_place_index<0>, std::forward<U>(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(*-explicit-*)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] T& value() & { return require(), std::get<0>(state_); }
  [[nodiscard]] const T& value() const& { return require(), std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return require(), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  template <typename U>
  [[nodiscard]] T value_or(U&& fallback) const& {
    return ok() ? std::get<0>(state_) : static_cast<T>(std::forward<U>(fallback));
  }

  [[nodiscard]] const Error& error() const {
    if (ok()) fatal("error() of a Result that holds a value");
    return std::get<1>(state_);
  }
  [[nodiscard]] Result with_context(std::string_view where) && {
    return ok() ? std::move(*this) : Result(error().with_context(where));
  }

 private:
  void require() const {
    if (!ok()) fatal(std::get<1>(state_).message());
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  Result() = default;
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(*-explicit-*)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const {
    if (ok()) fatal("error() of a Status that is ok");
    return std::get<1>(state_);
  }
  [[nodiscard]] Result with_context(std::string_view where) && {
    return ok() ? std::move(*this) : Result(error().with_context(where));
  }
  // The same with a text that is made only where there is an error: where() gives it.
  template <std::invocable Where>
  [[nodiscard]] Result with_context(const Where& where) && {
    return ok() ? std::move(*this) : Result(error().with_context(where()));
  }

 private:
  std::variant<std::monostate, Error> state_;
};

using Status = Result<void>;

}  // namespace lathe

#define LATHE_CONCAT_(a, b) a##b
#define LATHE_CONCAT(a, b) LATHE_CONCAT_(a, b)

#define RETURN_IF_ERROR(expression)                               \
  do {                                                            \
    if (auto lathe_status_ = (expression); !lathe_status_.ok()) { \
      return lathe_status_.error();                               \
    }                                                             \
  } while (false)

#define ASSIGN_OR_RETURN(declaration, expression) \
  LATHE_ASSIGN_OR_RETURN_(LATHE_CONCAT(lathe_result_, __LINE__), declaration, expression)
#define LATHE_ASSIGN_OR_RETURN_(result, declaration, expression) \
  auto result = (expression);                                    \
  if (!result.ok()) return result.error();                       \
  declaration = std::move(result).value()
