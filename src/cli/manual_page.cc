#include "cli/manual_page.h"

#include <fmt/format.h>

namespace lathe::cli {
namespace {

// Text as roff shows it: what would be a request, an escape or a hyphen is none.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  if (!out.empty() && (out[0] == '.' || out[0] == '\'')) out.insert(0, "\\&");
  return out;
}

std::string heading(const OptionText& option) {
  if (option.names.empty()) {
    return fmt::format("\\fI{}\\fR{}", escaped(option.value), option.repeated ? "..." : "");
  }
  std::string text;
  for (const std::string& name : option.names) {
    text += fmt::format("{}\\fB{}\\fR", text.empty() ? "" : ", ", escaped(name));
  }
  if (!option.value.empty()) text += fmt::format(" \\fI{}\\fR", escaped(option.value));
  return text;
}

std::string entries(const std::vector<OptionText>& options) {
  std::string text;
  for (const OptionText& option : options) {
    text += fmt::format(".TP\n{}\n{}.\n", heading(option), escaped(option.explanation()));
  }
  return text;
}

std::string section(const VerbText& verb) {
  std::string text = fmt::format(".SS {} \\- {}\n", escaped(verb.name), escaped(verb.summary));
  text += fmt::format(".B {}\n", escaped(verb.usage()));
  text += entries(verb.arguments) + entries(verb.options);
  if (verb.examples.empty()) return text;
  text += ".PP\n.EX\n";
  for (const std::string& example : verb.examples) text += escaped(example) + "\n";
  return text + ".EE\n";
}

constexpr std::string_view kConventions = R"(.SH OUTPUT
Results go to standard output: text for people, or with \fB\-\-json\fR one JSON object.
Progress and messages go to standard error.
.SH EXIT STATUS
.TP
.B 0
The work is done.
.TP
.B 1
It failed.
.TP
.B 2
The call was wrong.
.TP
.B 130
It was interrupted; what is good was kept.
.SH ENVIRONMENT
.TP
.B LATHE_ISA
Keeps the native backend to kernels that need no more than an instruction set:
scalar, avx2, avxvnni, avx512, avx512vnni, avx512bf16, avx512fp16, amx, neon or neondot.
.TP
.B XDG_CACHE_HOME
Where \-\-tune remembers what it measured: the folder lathe in it, or in ~/.cache.
.TP
.BR LATHE_ONNXRUNTIME ", " LATHE_OPENVINO
The library of that backend, or a folder with it.
.TP
.B LATHE_NVML
A library to ask for GPUs in place of libnvidia\-ml.so.1.
.TP
.B NO_COLOR
No bold type in tables.
)";

}  // namespace

std::string manual_page(const ProgramText& program) {
  std::string text =
      fmt::format(".TH LATHE 1 \"\" \"lathe {}\" \"User Commands\"\n", LATHE_VERSION);
  text += ".SH NAME\nlathe \\- train, shrink, prove and run neural networks\n";
  text += ".SH SYNOPSIS\n.B lathe\n\\fIVERB\\fR [\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]\n";
  text += fmt::format(".SH DESCRIPTION\n{}\n", escaped(program.summary));
  text += ".SH OPTIONS\n" + entries(program.options);
  text += ".SH VERBS\n";
  for (const VerbText& verb : program.verbs) text += section(verb);
  return text + std::string(kConventions);
}

}  // namespace lathe::cli
