#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

namespace lathe::cli {
namespace {

TEST(ShellWord, QuotesWhatAShellWouldTakeApart) {
  EXPECT_EQ(shell_word("images:/data/cats,dogs-1.0_x@2%+=a"), "images:/data/cats,dogs-1.0_x@2%+=a");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("two words"), "'two words'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("$HOME;*\n"), "'$HOME;*\n'");
  EXPECT_EQ(shell_word("caf\xc3\xa9"), "'caf\xc3\xa9'");
  EXPECT_EQ(shell_command({"lathe", "eval", "my model.onnx"}), "lathe eval 'my model.onnx'");
}

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() : app_("A program.", "lathe") {
    verb_ = app_.add_subcommand("fold", "Fold paper");
    verb_->add_option("MODEL", models_, "Model files")->required();
    verb_->add_option("-o,--output", out_, "The file");
    verb_->add_option("--kind", kinds_, "Kinds")->delimiter(',')->allow_extra_args(false);
    verb_->add_option("--shape", shapes_, "Shapes")->allow_extra_args(false);
    verb_->add_option("--times", times_, "How often")->capture_default_str();
    verb_->add_flag("-q,--quiet", quiet_, "Say nothing");
  }

  std::string after(const std::string& line) {
    app_.parse(line);
    return command_line(*verb_);
  }

  CLI::App app_;
  CLI::App* verb_ = nullptr;
  std::vector<std::string> models_;
  std::string out_;
  std::vector<std::string> kinds_ = {"valley"};
  std::vector<std::string> shapes_;
  int times_ = 3;
  bool quiet_ = false;
};

TEST_F(CommandLineTest, GivesEveryOptionThatWasGiven) {
  EXPECT_EQ(after("fold a.onnx"), "lathe fold a.onnx");
  EXPECT_EQ(
      after("fold a.onnx b.onnx -q --kind valley,mountain --times -1 --shape 1x2 --shape x=3"),
      "lathe fold a.onnx b.onnx --kind valley,mountain --shape 1x2 --shape x=3 --times=-1 "
      "--quiet");
  EXPECT_EQ(after("fold \"a b.onnx\" -o \"c d\""), "lathe fold 'a b.onnx' --output 'c d'");
}

TEST_F(CommandLineTest, IsACallThatMeansTheSame) {
  const std::string command = after("fold a.onnx -q --kind x,y --shape 1 --times=-2 -o out");
  EXPECT_EQ(after(command.substr(std::string("lathe ").size())), command);
}

}  // namespace
}  // namespace lathe::cli
