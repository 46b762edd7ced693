#include <fmt/format.h>
#include <string>

#include "report/chart.h"

namespace lathe::report {

std::string_view chart_style() {
  return R"(.chart {
  --chart-ink: #1c2024; --chart-soft: #5b636d; --chart-grid: #e3e6ea; --chart-axis: #a3abb5;
  --chart-0: #0072b2; --chart-1: #d55e00; --chart-2: #009e73;
  --chart-3: #b8578f; --chart-4: #c98a00; --chart-5: #3f9bd0;
  font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; max-width: 100%; display: block;
}
.chart[viewBox] { width: 100%; height: auto; }
.chart.bars { width: 100%; }
.chart text { fill: var(--chart-ink); }
.chart text.heading { font-weight: 600; font-size: 14px; }
.chart .soft { fill: var(--chart-soft); }
.chart .value { font-size: 11px; fill: var(--chart-soft); }
.chart .grid { stroke: var(--chart-grid); fill: none; }
.chart .axis { stroke: var(--chart-axis); fill: none; }
.chart .arrow { stroke: var(--chart-soft); stroke-width: 1.25; fill: none; }
.chart .line { fill: none; stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
.chart .s0 { stroke: var(--chart-0); fill: var(--chart-0); }
.chart .s1 { stroke: var(--chart-1); fill: var(--chart-1); }
.chart .s2 { stroke: var(--chart-2); fill: var(--chart-2); }
.chart .s3 { stroke: var(--chart-3); fill: var(--chart-3); }
.chart .s4 { stroke: var(--chart-4); fill: var(--chart-4); }
.chart .s5 { stroke: var(--chart-5); fill: var(--chart-5); }
.chart path.line { fill: none; }
.chart .line.s1 { stroke-dasharray: 7 4; }
.chart .line.s2 { stroke-dasharray: 2 4; }
.chart .line.s3 { stroke-dasharray: 9 4 2 4; }
.chart .line.s4 { stroke-dasharray: 12 4; }
.chart .line.s5 { stroke-dasharray: 4 2; }
.chart .mark, .chart .bar { stroke: none; }
.chart .spread { stroke-width: 2.5; stroke-linecap: round; }
.chart g:hover .bar { opacity: .75; }
@media (prefers-color-scheme: dark) {
  .chart {
    --chart-ink: #e8eaed; --chart-soft: #a4acb7; --chart-grid: #2d333b; --chart-axis: #58616c;
    --chart-0: #5db0ec; --chart-1: #f28c45; --chart-2: #35c49a;
    --chart-3: #de9bc4; --chart-4: #f0c34e; --chart-5: #9ad5f5;
  }
}
@media print {
  .chart {
    --chart-ink: #000; --chart-soft: #444; --chart-grid: #ddd; --chart-axis: #888;
    --chart-0: #0072b2; --chart-1: #d55e00; --chart-2: #009e73;
    --chart-3: #b8578f; --chart-4: #c98a00; --chart-5: #3f9bd0;
  }
}
)";
}

std::string svg_file(std::string_view svg) {
  std::string out(svg);
  const std::size_t end = out.find('>');
  if (end == std::string::npos) return out;
  constexpr std::string_view kBackground =
      ".chart { background: #fff; }\n"
      "@media (prefers-color-scheme: dark) { .chart { background: #15181c; } }\n";
  out.insert(end + 1, fmt::format("\n<style>\n{}{}</style>", chart_style(), kBackground));
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + out;
}

}  // namespace lathe::report
