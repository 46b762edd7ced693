#include <charconv>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "base/progress.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/output_files.h"
#include "cli/verb.h"
#include "engine/native.h"
#include "engine/plan_json.h"
#include "formats/model_file.h"
#include "measure/kernel_comparison.h"
#include "report/format.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

using measure::KernelComparison;

struct Call {
  std::string model;
  std::string op;
  std::string type = "float32";
  std::int64_t out_channels = 0;
  std::string kernel = "3";
  std::string stride = "1";
  std::string dilation = "1";
  std::string pad;
  std::int64_t groups = 1;
  std::string problem;  // JSON text or a file of it
  std::int64_t batch = 1;
  ShapeFlags shapes;
  int threads = 1;
  double seconds = 0.2;
  bool assert_best = false;
  OutputFiles files;
  OutputOptions output;
};

// --assert lets a pick be slower than the best by this.
constexpr double kTolerance = 1.05;

// "1x64x56x56" as `count` numbers of at least 1.
Result<std::vector<std::int64_t>> parse_numbers(std::string_view flag, std::string_view text,
                                                std::size_t count, std::string_view meaning,
                                                std::int64_t least = 1) {
  std::vector<std::int64_t> numbers;
  std::string_view rest = text;
  while (true) {
    const std::size_t end = std::min(rest.find('x'), rest.size());
    std::int64_t number = 0;
    const auto [stop, failed] = std::from_chars(rest.data(), rest.data() + end, number);
    constexpr std::int64_t kMost = 1 << 24;
    if (failed != std::errc() || stop != rest.data() + end || number < least || number > kMost)
      return invalid_argument("{} '{}': expected {}", flag, text, meaning);
    numbers.push_back(number);
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  if (numbers.size() == 1 && count == 2) numbers.push_back(numbers.front());
  if (numbers.size() != count) return invalid_argument("{} '{}': expected {}", flag, text, meaning);
  return numbers;
}

kernels::Problem convolution(const kernels::ConvolutionShape& shape, std::string_view type) {
  if (type == "int8") return kernels::ConvolutionInt8Problem{.shape = shape};
  kernels::ConvolutionF32Problem problem{.shape = shape};
  if (type == "bfloat16") problem.storage = kernels::ElementType::kBFloat16;
  return problem;
}

Result<kernels::Problem> convolution_of(const Call& call) {
  ASSIGN_OR_RETURN(const auto in, parse_numbers("--shape", call.shapes.shapes.front(), 4,
                                                "batch, channels, height and width: 1x64x56x56"));
  ASSIGN_OR_RETURN(const auto kernel,
                   parse_numbers("--kernel", call.kernel, 2, "height and width: 3 or 3x3"));
  ASSIGN_OR_RETURN(const auto stride,
                   parse_numbers("--stride", call.stride, 2, "rows and columns: 2 or 2x2"));
  ASSIGN_OR_RETURN(const auto dilation,
                   parse_numbers("--dilation", call.dilation, 2, "rows and columns: 2 or 2x2"));
  const std::string same =
      fmt::format("{}x{}", (kernel[0] - 1) * dilation[0] / 2, (kernel[1] - 1) * dilation[1] / 2);
  ASSIGN_OR_RETURN(const auto pad,
                   parse_numbers("--pad", call.pad.empty() ? same : call.pad, 2,
                                 "pixels above and below, left and right: 1 or 1x0", 0));
  kernels::ConvolutionShape shape;
  shape.batch = in[0];
  shape.in_c = in[1];
  shape.in_h = in[2];
  shape.in_w = in[3];
  shape.out_c = call.out_channels > 0 ? call.out_channels : in[1];
  shape.kernel_h = kernel[0];
  shape.kernel_w = kernel[1];
  shape.stride_h = stride[0];
  shape.stride_w = stride[1];
  shape.dilation_h = dilation[0];
  shape.dilation_w = dilation[1];
  shape.pad_top = pad[0];
  shape.pad_left = pad[1];
  shape.groups = call.op == "depthwise" ? in[1] : call.groups;
  const std::int64_t spare_h = in[2] + 2 * pad[0] - (kernel[0] - 1) * dilation[0] - 1;
  const std::int64_t spare_w = in[3] + 2 * pad[1] - (kernel[1] - 1) * dilation[1] - 1;
  if (spare_h < 0 || spare_w < 0)
    return invalid_argument("the window of the convolution is larger than the padded image");
  shape.out_h = spare_h / stride[0] + 1;
  shape.out_w = spare_w / stride[1] + 1;
  return convolution(shape, call.type);
}

Result<kernels::Problem> product_of(const Call& call) {
  ASSIGN_OR_RETURN(const auto extents,
                   parse_numbers("--shape", call.shapes.shapes.front(), 3,
                                 "rows, inner extent and columns: 1024x1024x1024"));
  if (call.op == "gemm") {
    return convolution({.batch = extents[0], .in_c = extents[1], .out_c = extents[2]}, call.type);
  }
  if (call.type == "bfloat16")
    return invalid_argument("--op matmul knows --type float32 and int8 alone");
  if (call.type == "int8") {
    return kernels::MatMulInt8Problem{
        .rows = extents[0], .columns = extents[2], .inner = extents[1]};
  }
  return kernels::MatMulF32Problem{.rows = extents[0], .columns = extents[2], .inner = extents[1]};
}

Result<kernels::Problem> read_problem(const std::string& given) {
  std::string text = given;
  if (!text.starts_with('{')) {
    ASSIGN_OR_RETURN(text, read_file(given));
  }
  ASSIGN_OR_RETURN(const nlohmann::json json, parse_json(text));
  return engine::problem_from_json(json);
}

Result<std::vector<KernelComparison>> problems(const Call& call) {
  const int ways = int{!call.model.empty()} + int{!call.op.empty()} + int{!call.problem.empty()};
  if (ways != 1)
    return invalid_argument("give a model, or a problem by --op and --shape, or by --problem");
  if (!call.model.empty()) {
    engine::CompileOptions options{.threads = call.threads, .batch = call.batch};
    RETURN_IF_ERROR(call.shapes.add_to(options));
    ASSIGN_OR_RETURN(ir::Graph graph,
                     formats::load_model(call.model, formats::UnknownOperators::kKeep));
    ASSIGN_OR_RETURN(const auto executable,
                     engine::native_backend().compile(std::move(graph), options));
    std::vector<KernelComparison> all;
    for (const engine::StagePlan& stage : engine::stage_plans(*executable)) {
      if (stage.plan == nullptr) continue;
      for (KernelComparison& problem : measure::problems_of(*stage.plan))
        all.push_back(std::move(problem));
    }
    if (all.empty()) {
      return unsupported(
          "{}: there is nothing that several kernels compute, as far as its shapes are known: give "
          "them by --shape or --dim",
          call.model);
    }
    return all;
  }
  const bool is_product = call.op == "gemm" || call.op == "matmul";
  if (!call.op.empty() && call.shapes.shapes.size() != 1)
    return invalid_argument("--op needs one --shape");
  auto problem = !call.problem.empty() ? read_problem(call.problem).with_context("--problem")
                 : is_product          ? product_of(call)
                                       : convolution_of(call);
  if (!problem.ok()) return problem.error();
  RETURN_IF_ERROR(kernels::check_problem(*problem));
  return std::vector<KernelComparison>{{*std::move(problem), {}, 0}};
}

std::string table_of(const std::vector<KernelComparison>& comparisons) {
  using report::Align;
  report::TextTable table({{"problem", Align::kLeft},
                           {"nodes", Align::kRight},
                           {"kernel", Align::kLeft, 40},
                           {""},
                           {"time", Align::kRight},
                           {"against best", Align::kRight},
                           {"GOP/s", Align::kRight},
                           {"of peak", Align::kRight}});
  for (const KernelComparison& comparison : comparisons) {
    if (table.rows() > 0) table.add_separator();
    bool first = true;
    for (const measure::KernelCandidate& candidate : comparison.candidates) {
      const double ratio = candidate.nanoseconds / comparison.candidates.front().nanoseconds;
      table.add_row(
          {first ? measure::describe(comparison.problem) : "",
           first && comparison.nodes > 0 ? std::to_string(comparison.nodes) : "", candidate.kernel,
           candidate.picked ? "picked" : "", report::format_ms(candidate.nanoseconds * 1e-6),
           first ? "" : report::format_ratio(ratio),
           candidate.gops > 0 ? report::format_number(candidate.gops, 3) : "",
           candidate.peak_share > 0 ? report::format_percent(candidate.peak_share, 0) : ""});
      first = false;
    }
  }
  return table.to_string(report::stdout_is_terminal());
}

Status check_picks(const std::vector<KernelComparison>& comparisons) {
  std::string slow;
  for (const KernelComparison& comparison : comparisons) {
    if (comparison.pick_ratio() <= kTolerance) continue;
    slow += fmt::format("{}{}: {} times the best", slow.empty() ? "" : "; ",
                        measure::describe(comparison.problem),
                        report::format_number(comparison.pick_ratio(), 3));
  }
  if (slow.empty()) return {};
  return error(ErrorCode::kInternal, "the pick is more than 5 % slower than the best kernel: {}",
               slow);
}

Status run(Call& call) {
  constexpr double kMinute = 60;
  RETURN_IF_ERROR(check_range("--seconds", call.seconds, 1e-3, kMinute));
  if (!call.model.empty()) call.files.reads("MODEL", call.model);
  RETURN_IF_ERROR(call.files.check(call.output));
  ASSIGN_OR_RETURN(std::vector<KernelComparison> comparisons, problems(call));
  ASSIGN_OR_RETURN(const measure::KernelPeaks peaks, measure::measure_kernel_peaks(call.threads));
  const CatchInterrupts catching;
  const auto report = progress_callback("measuring", call.output.quiet);
  for (std::size_t i = 0; i < comparisons.size(); ++i) {
    if (interrupted()) return error(ErrorCode::kInterrupted, "interrupted");
    const std::int64_t nodes = comparisons[i].nodes;
    ASSIGN_OR_RETURN(comparisons[i],
                     measure::compare_kernels(comparisons[i].problem, peaks,
                                              {.threads = call.threads, .seconds = call.seconds}));
    comparisons[i].nodes = nodes;
    report(static_cast<std::int64_t>(i + 1), static_cast<std::int64_t>(comparisons.size()));
  }
  if (call.output.json) {
    nlohmann::json json{{"threads", call.threads},
                        {"float32_gflops", peaks.float32_gflops},
                        {"int8_gops", peaks.int8_gops},
                        {"bf16_gflops", peaks.bf16_gflops},
                        {"problems", nlohmann::json::array()}};
    for (const KernelComparison& comparison : comparisons)
      json["problems"].push_back(measure::to_json(comparison));
    print_json(json);
  } else {
    print(table_of(comparisons));
  }
  return call.assert_best ? check_picks(comparisons) : Status();
}

std::function<Status()> declare(Arguments app) {
  auto call = std::make_shared<Call>();
  app.add_option("MODEL", call->model, "The problems of this model");
  app.add_option(
         "--op", call->op,
         "One problem: conv or depthwise; gemm, a matrix times constant weights; or matmul, "
         "of two matrices that are computed")
      ->check(one_of({"conv", "depthwise", "gemm", "matmul"}));
  call->shapes.declare(app);
  app.add_option("--type", call->type, "Of the elements")
      ->capture_default_str()
      ->check(one_of({"float32", "bfloat16", "int8"}));
  app.add_option("--out-channels", call->out_channels, "Of conv (default: as many as it reads)")
      ->check(kPositiveNumber);
  app.add_option("--kernel", call->kernel, "Of conv: 3 or 3x5")->capture_default_str();
  app.add_option("--stride", call->stride, "Of conv: 2 or 2x1")->capture_default_str();
  app.add_option("--dilation", call->dilation, "Of conv: 2 or 2x1")->capture_default_str();
  app.add_option("--pad", call->pad,
                 "Of conv: 1 or 1x0 (default: for odd kernels the output is as large)");
  app.add_option("--groups", call->groups, "Of conv")
      ->capture_default_str()
      ->check(kPositiveNumber);
  app.add_option("--problem", call->problem,
                 "Any problem, as JSON or a file of it: `inspect --plan --json` and --json print "
                 "them");
  app.add_option("--threads", call->threads, "Threads of a kernel")
      ->capture_default_str()
      ->check(kPositiveNumber);
  app.add_option("--batch", call->batch, "Samples at a time, of a model")
      ->capture_default_str()
      ->check(kPositiveNumber);
  app.add_option("--seconds", call->seconds, "Measuring time of each problem")
      ->capture_default_str();
  app.add_flag("--assert", call->assert_best,
               "Fail where the kernel that is picked is more than 5 % slower than the best");
  call->output.declare(app);
  return [call] { return run(*call); };
}

}  // namespace

Verb kernels_verb() {
  return {"kernels", "Measure all kernels that could compute something, the fastest first", declare,
          "lathe kernels --op conv --shape 1x64x56x56\n"
          "lathe kernels --op gemm --shape 1024x1024x1024 --type int8\n"
          "lathe kernels resnet18.onnx --assert"};
}

}  // namespace lathe::cli
