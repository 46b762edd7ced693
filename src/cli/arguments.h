// Declaring a verb's options and arguments. CLI11 stands behind it, whose header takes seconds to
// compile: it is included where the whole command line is at work, not in every verb.
//
//   app.add_option("--batch", call->batch, "Samples at a time")
//       ->capture_default_str()
//       ->check(kPositiveNumber);
//
// The names and meanings are those of CLI11.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace lathe::cli {

// What a value has to be.
struct Check {
  enum class Kind { kPositive, kNonNegative, kRange, kOneOf };
  Kind kind;
  double least = 0;
  double most = 0;
  std::vector<std::string> words = {};
};
inline const Check kPositiveNumber{Check::Kind::kPositive};
inline const Check kNonNegativeNumber{Check::Kind::kNonNegative};
inline Check in_range(double least, double most) { return {Check::Kind::kRange, least, most}; }
inline Check one_of(std::vector<std::string> words) {
  return {Check::Kind::kOneOf, 0, 0, std::move(words)};
}

// One option or positional argument: a handle, which is copied freely, of what the parser owns.
class Option {
 public:
  Option(CLI::Option* option) : option_(option) {}  // NOLINT(*-explicit-*)
  Option* operator->() { return this; }
  const Option* operator->() const { return this; }

  Option required();
  Option capture_default_str();
  Option default_str(const std::string& text);  // what help shows
  Option check(const Check& check);
  Option delimiter(char between);
  Option allow_extra_args(bool allow);
  Option group(const std::string& name);
  Option description(const std::string& text);
  Option excludes(Option other);
  // Suggests these words in help and completions; others are taken as well. See describe.h.
  Option offer(const std::vector<std::string>& words);

  // How often it was given.
  [[nodiscard]] std::size_t count() const;

 private:
  CLI::Option* option_;
};

// The parser of a verb: a handle too.
class Arguments {
 public:
  Arguments() = default;
  Arguments(CLI::App& app) : app_(&app) {}  // NOLINT(*-explicit-*)

  // The variable outlives the parser; it holds the default.
  Option add_option(const std::string& name, std::string& variable, const std::string& text);
  Option add_option(const std::string& name, int& variable, const std::string& text);
  Option add_option(const std::string& name, std::int64_t& variable, const std::string& text);
  Option add_option(const std::string& name, std::uint64_t& variable, const std::string& text);
  Option add_option(const std::string& name, float& variable, const std::string& text);
  Option add_option(const std::string& name, double& variable, const std::string& text);
  Option add_option(const std::string& name, std::optional<float>& variable,
                    const std::string& text);
  Option add_option(const std::string& name, std::optional<double>& variable,
                    const std::string& text);
  Option add_option(const std::string& name, std::vector<std::string>& variable,
                    const std::string& text);
  Option add_option(const std::string& name, std::vector<std::int64_t>& variable,
                    const std::string& text);
  Option add_flag(const std::string& name, bool& variable, const std::string& text);

  // One that was declared.
  [[nodiscard]] Option get_option(const std::string& name) const;
  // How often one was given; 0 where there is none of that name.
  [[nodiscard]] std::size_t count(const std::string& name) const;
  [[nodiscard]] CLI::App& app() const { return *app_; }

 private:
  CLI::App* app_ = nullptr;
};

}  // namespace lathe::cli
