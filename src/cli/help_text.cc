#include "cli/help_text.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>

#include "report/text_table.h"

namespace lathe::cli {
namespace {

constexpr std::size_t kShortLines = 72;  // below that meanings stand beneath their names
constexpr std::size_t kNarrowest = 40;
constexpr std::size_t kWidest = 100;

struct Entry {
  std::string name;
  std::string meaning;
};

// Entries under a title, their meanings beside the names in one column for all.
class Page {
 public:
  explicit Page(std::size_t width) : width_(width) {}

  void paragraph(const std::string& text) { text_ += hanging(text, width_, 0) + "\n"; }
  void usage(const std::string& text) { text_ += "\nUsage: " + hanging(text, width_, 7, 7) + "\n"; }
  void title(const std::string& text) { text_ += "\n" + text + ":\n"; }
  void line(const std::string& text) { text_ += "  " + text + "\n"; }

  void entries(const std::vector<Entry>& entries, std::size_t column) {
    for (const Entry& entry : entries) {
      if (width_ < kShortLines) {
        const std::size_t start = entry.name.find_first_not_of(' ');
        text_ += "  " + entry.name.substr(start) + "\n" + hanging(entry.meaning, width_, 6) + "\n";
        continue;
      }
      text_ += "  " + entry.name;
      const std::size_t used = entry.name.size() + 2;
      if (used + 2 > column) {
        text_ += "\n" + hanging(entry.meaning, width_, column) + "\n";
      } else {
        text_ += hanging(entry.meaning, width_, column, used) + "\n";
      }
    }
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::size_t width_;
  std::string text_;
};

// Names without a short form stand under the others' long ones.
Entry entry_of(const OptionText& option) {
  const bool indented = option.names.size() == 1 && option.names[0].rfind("--", 0) == 0;
  return {(indented ? "    " : "") + option.heading(), option.explanation()};
}

std::vector<Entry> entries_of(const std::vector<OptionText>& options) {
  std::vector<Entry> entries;
  for (const OptionText& option : options) entries.push_back(entry_of(option));
  return entries;
}

}  // namespace

std::string verb_help(const VerbText& verb, std::size_t width) {
  constexpr std::size_t kColumn = 28;
  Page page(width);
  page.paragraph(verb.summary);
  page.usage(verb.usage());
  if (!verb.arguments.empty()) {
    page.title("Arguments");
    page.entries(entries_of(verb.arguments), kColumn);
  }
  page.title("Options");
  page.entries(entries_of(verb.options), kColumn);
  if (!verb.examples.empty()) {
    page.title(verb.examples.size() == 1 ? "Example" : "Examples");
    for (const std::string& example : verb.examples) page.line(example);
  }
  return page.take();
}

std::string program_help(const ProgramText& program, std::size_t width) {
  constexpr std::size_t kColumn = 14;
  Page page(width);
  page.paragraph(program.summary);
  page.usage(program.name + " VERB [ARGUMENTS] [OPTIONS]");
  std::string group;
  for (const VerbText& verb : program.verbs) {
    if (verb.group != group) page.title(verb.group);
    group = verb.group;
    page.entries({{verb.name, verb.summary}}, kColumn);
  }
  page.title("Options");
  page.entries(entries_of(program.options), kColumn + 7);
  page.title("Example");
  page.line("lathe new cnn -o cnn.onnx");
  page.line("lathe inspect cnn.onnx");
  page.paragraph("\n`lathe VERB --help` tells the options of a verb.");
  return page.take();
}

std::size_t help_width() {
  const int width = report::output_width();
  return width == 0 ? 80 : std::clamp(static_cast<std::size_t>(width), kNarrowest, kWidest);
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const {
  return app->get_parent() == nullptr ? program_help(describe_program(*app), help_width())
                                      : verb_help(describe_verb(*app), help_width());
}

}  // namespace lathe::cli
