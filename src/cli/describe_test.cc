#include "cli/describe.h"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/completions.h"
#include "cli/help_text.h"
#include "cli/manual_page.h"
#include "cli/wrong_call.h"

namespace lathe::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A program with one verb that has an option of each kind.
class DescribeTest : public testing::Test {
 protected:
  DescribeTest() : app_("A program.", "lathe") {
    app_.option_defaults()->always_capture_default();
    app_.require_subcommand(1);
    verb_ = app_.add_subcommand("fold", "Fold paper");
    verb_->group("Do");
    verb_->footer("lathe fold a.onnx\nlathe fold b.onnx");
    verb_->add_option("MODEL", model_, "The model file")->required();
    verb_->add_option("INPUT", inputs_, "Inputs");
    verb_->add_option("-o,--output", out_, "The file's name, as in 'x'")->option_text("FILE");
    verb_->add_option("--times", times_, "How often (0: never)")->check(CLI::NonNegativeNumber);
    verb_->add_option("--share", share_, "A share")->check(CLI::Range(0.0, 0.5));
    verb_->add_option("--kind", kind_, "Kinds")
        ->delimiter(',')
        ->check(CLI::IsMember({"valley", "mountain"}));
    verb_->add_flag("--quiet", quiet_, "Say nothing");
  }

  std::string explain(const std::string& line) {
    try {
      app_.parse(line);
    } catch (const CLI::ParseError& wrong) {
      return explain_wrong_call(app_, wrong);
    }
    return "parsed";
  }

  CLI::App app_;
  CLI::App* verb_ = nullptr;
  std::string model_, out_;
  std::vector<std::string> inputs_;
  std::vector<std::string> kind_ = {"valley"};
  int times_ = 3;
  double share_ = 0.25;
  bool quiet_ = false;
};

TEST_F(DescribeTest, ReadsAVerb) {
  const VerbText verb = describe_verb(*verb_);
  EXPECT_EQ(verb.usage(), "lathe fold MODEL [INPUT...] [OPTIONS]");
  EXPECT_THAT(verb.examples, ElementsAre("lathe fold a.onnx", "lathe fold b.onnx"));
  ASSERT_EQ(verb.options.size(), 6U);
  EXPECT_EQ(verb.options[0].heading(), "-o, --output FILE");
  EXPECT_TRUE(verb.options[0].takes_file());
  EXPECT_EQ(verb.options[1].heading(), "--times N");
  EXPECT_EQ(verb.options[1].explanation(), "How often (0: never; default: 3)");
  EXPECT_EQ(verb.options[2].explanation(), "A share (default: 0.25)");
  EXPECT_THAT(verb.options[3].words, ElementsAre("valley", "mountain"));
  EXPECT_EQ(verb.options[3].default_value, "valley");
  EXPECT_TRUE(verb.options[3].list);
  EXPECT_EQ(verb.options[4].heading(), "--quiet");
  EXPECT_EQ(verb.options[5].heading(), "-h, --help");
}

TEST_F(DescribeTest, SaysWhatIsWrongWithACall) {
  const std::string see = "; see `lathe fold --help`";
  EXPECT_EQ(explain("fold"), "lathe fold: MODEL is missing" + see);
  EXPECT_EQ(explain("fold m --tims 3"),
            "lathe fold: unknown option '--tims'; did you mean '--times'? See `lathe fold --help`");
  EXPECT_EQ(explain("fold --shar=3"),
            "lathe fold: unknown option '--shar'; did you mean '--share'? See `lathe fold --help`");
  EXPECT_EQ(explain("fold m -z"), "lathe fold: unknown option '-z'" + see);
  EXPECT_EQ(explain("fold m --times -1"),
            "lathe fold: --times: expected a whole number, 0 or more, but got '-1'" + see);
  EXPECT_EQ(explain("fold m --times 1.5"),
            "lathe fold: --times: expected a whole number, 0 or more, but got '1.5'" + see);
  EXPECT_EQ(explain("fold m --share 1"),
            "lathe fold: --share: expected a number from 0 to 0.5, but got '1'" + see);
  EXPECT_EQ(explain("fold m --kind valley,montain"),
            "lathe fold: --kind: unknown 'montain', expected valley or mountain; did you mean "
            "'mountain'? See `lathe fold --help`");
  EXPECT_EQ(explain("fold m --times"), "lathe fold: --times needs a value" + see);
  EXPECT_EQ(explain("fold m --times 1 --times 2"), "lathe fold: --times is given twice" + see);
  EXPECT_EQ(explain("--quiet"), "lathe: unknown option '--quiet'; see `lathe help`");
}

TEST_F(DescribeTest, KeepsToTheWidth) {
  for (const std::size_t width : {40U, 60U, 80U, 100U}) {
    for (const std::string& line :
         CLI::detail::split(verb_help(describe_verb(*verb_), width), '\n')) {
      EXPECT_LE(line.size(), width) << line;
    }
  }
  EXPECT_EQ(hanging("one two three", 7, 2), "  one\n  two\n  three");
  EXPECT_EQ(hanging("two three", 12, 4, 2), "  two\n    three");
  EXPECT_EQ(hanging("", 10, 3), "   ");
}

TEST_F(DescribeTest, EscapesWhatFormatsTakeForTheirOwn) {
  verb_->add_option("--odd", out_, ".starts with a dot, has [brackets], a\\b and it's: odd");
  const ProgramText program = describe_program(app_);
  EXPECT_THAT(manual_page(program), HasSubstr("\n\\&.starts with a dot, has [brackets], a\\eb"));
  EXPECT_THAT(zsh_completions(program),
              HasSubstr("[.starts with a dot, has \\[brackets\\], a\\\\b and it'\\''s\\: odd]"));
  EXPECT_THAT(fish_completions(program), HasSubstr("a\\b and it'\\''s: odd'"));
  EXPECT_THAT(bash_completions(program),
              HasSubstr("--kind) value=1; words='valley mountain'; list=1"));
}

}  // namespace
}  // namespace lathe::cli
