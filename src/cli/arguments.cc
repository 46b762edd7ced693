#include "cli/arguments.h"

#include <CLI/CLI.hpp>

#include "cli/describe.h"

namespace lathe::cli {

Option Option::required() { return option_->required(); }
Option Option::capture_default_str() { return option_->capture_default_str(); }
Option Option::default_str(const std::string& text) { return option_->default_str(text); }

Option Option::check(const Check& check) {
  switch (check.kind) {
    case Check::Kind::kPositive:
      return option_->check(CLI::PositiveNumber);
    case Check::Kind::kNonNegative:
      return option_->check(CLI::NonNegativeNumber);
    case Check::Kind::kRange:
      return option_->check(CLI::Range(check.least, check.most));
    case Check::Kind::kOneOf:
      break;
  }
  return option_->check(CLI::IsMember(check.words));
}

Option Option::delimiter(char between) { return option_->delimiter(between); }
Option Option::allow_extra_args(bool allow) { return option_->allow_extra_args(allow); }
Option Option::group(const std::string& name) { return option_->group(name); }
Option Option::description(const std::string& text) { return option_->description(text); }
Option Option::excludes(Option other) { return option_->excludes(other.option_); }
Option Option::offer(const std::vector<std::string>& words) { return cli::offer(option_, words); }
std::size_t Option::count() const { return option_->count(); }

#define LATHE_ADD_OPTION(Type)                                                                     \
  Option Arguments::add_option(const std::string& name, Type& variable, const std::string& text) { \
    return app_->add_option(name, variable, text);                                                 \
  }
LATHE_ADD_OPTION(std::string)
LATHE_ADD_OPTION(int)
LATHE_ADD_OPTION(std::int64_t)
LATHE_ADD_OPTION(std::uint64_t)
LATHE_ADD_OPTION(float)
LATHE_ADD_OPTION(double)
LATHE_ADD_OPTION(std::optional<float>)
LATHE_ADD_OPTION(std::optional<double>)
LATHE_ADD_OPTION(std::vector<std::string>)
LATHE_ADD_OPTION(std::vector<std::int64_t>)
#undef LATHE_ADD_OPTION

Option Arguments::add_flag(const std::string& name, bool& variable, const std::string& text) {
  return app_->add_flag(name, variable, text);
}

Option Arguments::get_option(const std::string& name) const { return app_->get_option(name); }

std::size_t Arguments::count(const std::string& name) const {
  const CLI::Option* option = app_->get_option_no_throw(name);
  return option == nullptr ? 0 : option->count();
}

}  // namespace lathe::cli
