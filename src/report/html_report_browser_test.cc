// The page as a browser shows it: drawn by headless Chromium, from disk. What it draws stays in the
// build folder under report_browser_test/, for people to look at.
#include <cstdlib>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <regex>
#include <set>

#include "data/decode_image.h"
#include "report/html_report.h"
#include "report/test_bench.h"
#include "report/test_profile.h"
#include "report/test_report.h"

namespace lathe::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kBrowser = "/usr/bin/chromium";

class BrowserTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kBrowser)) {
      GTEST_SKIP() << kBrowser << " is not installed (apt-get install chromium)";
    }
    // A folder of its own for each test, so that they can run at the same time.
    folder_ = Path(LATHE_BINARY_DIR) / "report_browser_test" /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }

  // `page` as a file in the folder.
  Path write(const std::string& name, std::string_view page) {
    const Path path = folder_ / name;
    LATHE_CHECK(write_file_atomic(path, page).ok());
    return path;
  }

  // Runs the browser on `page`; gives what it prints.
  std::string browse(const Path& page, int width, int height, const std::string& action) {
    const Path profile = folder_ / "profile";
    const Path output = folder_ / "output.txt";
    const std::string command = fmt::format(
        "timeout 120 {} --headless --no-sandbox --disable-gpu --hide-scrollbars "
        "--disable-background-networking --disable-component-update --disable-sync --no-first-run "
        "--user-data-dir='{}' --window-size={},{} --virtual-time-budget=2000 {} 'file://{}' "
        "> '{}' 2> /dev/null",
        kBrowser, profile.string(), width, height, action, page.string(), output.string());
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    std::filesystem::remove_all(profile);
    return read_file(output).value_or(std::string());
  }

  data::Image screenshot(const Path& page, int width, int height, const std::string& name) {
    const Path path = folder_ / name;
    browse(page, width, height, fmt::format("--screenshot='{}'", path.string()));
    auto image = data::load_image(path);
    EXPECT_TRUE(image.ok()) << image.error().message();
    return image.ok() ? data::with_channels(*image, 3) : data::make_image(1, 1, 3);
  }

  // How wide the document is when the window is `width` wide. A frame gives widths below the
  // smallest window of the browser.
  int document_width(std::string page, int width) {
    const std::string report =
        "<script>parent.document.title = 'width ' + "
        "document.documentElement.scrollWidth;</script>";
    page.insert(page.rfind("</body>"), report);
    std::string quoted;
    for (const char c : page) {
      quoted +=
          c == '&' ? std::string("&amp;") : (c == '"' ? std::string("&quot;") : std::string(1, c));
    }
    const Path outer =
        write("frame.html", fmt::format("<!DOCTYPE html><meta charset=\"utf-8\"><title></title>"
                                        "<iframe style=\"border:0;width:{}px;height:800px\" "
                                        "srcdoc=\"{}\"></iframe>",
                                        width, quoted));
    const std::string dom = browse(outer, 1300, 900, "--dump-dom");
    std::smatch match;
    return std::regex_search(dom, match, std::regex("<title>width ([0-9]+)</title>"))
               ? std::stoi(match[1])
               : -1;
  }

  Path folder_;
};

std::uint32_t color(const data::Image& image, int x, int y) {
  const std::uint8_t* pixel = image.row(y) + static_cast<std::ptrdiff_t>(x) * 3;
  return (std::uint32_t{pixel[0]} << 16) | (std::uint32_t{pixel[1]} << 8) | pixel[2];
}

// The share of pixels in rows [top, bottom) that differ from the page's corner.
double drawn_share(const data::Image& image, int top, int bottom) {
  const std::uint32_t background = color(image, 0, 0);
  std::int64_t drawn = 0;
  for (int y = top; y < bottom; ++y) {
    for (int x = 0; x < image.width; ++x) drawn += color(image, x, y) != background ? 1 : 0;
  }
  return static_cast<double>(drawn) / (static_cast<double>(bottom - top) * image.width);
}

TEST_F(BrowserTest, DrawsThePageFromTopToBottom) {
  const Path page = write("page.html", to_html(test_report()));
  const data::Image image = screenshot(page, 1200, 3000, "page.png");
  ASSERT_EQ(image.width, 1200);
  ASSERT_EQ(image.height, 3000);
  std::set<std::uint32_t> colors;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) colors.insert(color(image, x, y));
  }
  EXPECT_GT(colors.size(), 100U);
  EXPECT_EQ(color(image, 0, 0), 0xffffffU);
  EXPECT_TRUE(colors.contains(0x0072b2)) << "the colour of float";
  EXPECT_TRUE(colors.contains(0xd55e00)) << "the colour of int8";
  for (int top = 0; top < image.height; top += 300) {
    EXPECT_GT(drawn_share(image, top, top + 300), 0.005) << "rows from " << top;
  }
}

TEST_F(BrowserTest, DarkPagesAreDark) {
  std::string page = to_html(test_report());
  const std::string query = "(prefers-color-scheme: dark)";
  for (std::size_t at = page.find(query); at != std::string::npos; at = page.find(query)) {
    page.replace(at, query.size(), "all");
  }
  const data::Image image = screenshot(write("dark.html", page), 1200, 3000, "dark.png");
  ASSERT_EQ(image.height, 3000);
  EXPECT_EQ(color(image, 0, 0), 0x15181cU);
  std::int64_t bright = 0;
  for (int y = 0; y < 300; ++y) {
    for (int x = 0; x < image.width; ++x) bright += (color(image, x, y) >> 16) > 200 ? 1 : 0;
  }
  EXPECT_GT(bright, 1000) << "text of the headline";
}

TEST_F(BrowserTest, RefersToNothingOutside) {
  const std::string dom =
      browse(write("page.html", to_html(test_report())), 1200, 3000, "--dump-dom");
  EXPECT_THAT(dom, HasSubstr("</html>"));
  EXPECT_THAT(dom, HasSubstr("int8 is 3.6× smaller"));
  EXPECT_FALSE(
      std::regex_search(dom, std::regex("(src|href|srcset|poster|data|action)=\"(?!data:)")));
  EXPECT_THAT(dom, Not(HasSubstr("@import")));
  EXPECT_THAT(dom, Not(HasSubstr("<script")));
}

TEST_F(BrowserTest, HostileNamesMakeNoElements) {
  Report report = test_report();
  const std::string name = "\"><script>document.title='taken'</script><b id=taken onclick='x'>";
  report.title = report.comparison.variants[1].name = report.comparison.layers[0].name = name;
  report.comparison.examples[0].truth = report.commands[0] = name;
  const std::string dom = browse(write("page.html", to_html(report)), 1200, 3000, "--dump-dom");
  EXPECT_THAT(dom, HasSubstr("</html>"));
  EXPECT_THAT(dom, Not(HasSubstr("<title>taken")));
  EXPECT_THAT(dom, Not(HasSubstr("<script")));
  EXPECT_THAT(dom, Not(HasSubstr("<b ")));
}

TEST_F(BrowserTest, FitsEveryWidth) {
  Report report = test_report();
  report.comparison.layers[0].name = std::string(300, 'w');
  report.system.push_back({"flags", std::string(400, 'f')});
  report.commands.push_back("lathe " + std::string(300, 'c'));
  auto& variants = report.comparison.variants;
  variants.insert(variants.end(), 2, measure::Variant(variants[1]));
  variants.back().name = std::string(60, 'm');
  variants.back().model = std::string(200, 'p');
  for (const int width : {360, 420, 768, 1200}) {
    EXPECT_EQ(document_width(to_html(report), width), width);
    EXPECT_EQ(document_width(to_html(test_report()), width), width);
  }
}

TEST_F(BrowserTest, DrawsTheOtherPages) {
  BenchPage long_names = test_bench_page();
  long_names.report.failures.push_back(
      test_failure(std::string(80, 'f') + ".onnx", std::string(300, 'r')));
  for (measure::BenchResult& result : long_names.report.results)
    result.model.insert(7, std::string(60, 'm'));
  ProfilePage profile = test_roofline_page();
  profile.title.model = std::string(80, 'p') + ".onnx";
  for (measure::ProfiledStep& step : profile.profile.steps) {
    step.step.name += std::string(60, 'n');
    step.step.kernel += std::string(60, 'k');
  }
  const std::pair<const char*, std::string> pages[] = {{"models", to_html(test_bench_page())},
                                                       {"batches", to_html(test_batch_page())},
                                                       {"long_names", to_html(long_names)},
                                                       {"profile", to_html(profile)}};
  for (const auto& [name, html] : pages) {
    const data::Image image = screenshot(write(std::string(name) + ".html", html), 1200, 2400,
                                         std::string(name) + ".png");
    ASSERT_EQ(image.height, 2400);
    EXPECT_GT(drawn_share(image, 0, 1200), 0.01) << name;
    for (const int width : {360, 768, 1200}) EXPECT_EQ(document_width(html, width), width) << name;
  }
}

}  // namespace
}  // namespace lathe::report
