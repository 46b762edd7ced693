#include "report/chart.h"
#include "report/page_sections.h"

namespace lathe::report {
namespace {

constexpr std::string_view kStyle = R"(:root {
  color-scheme: light dark;
  --page: #ffffff; --raised: #f6f7f9; --ink: #1c2024; --soft: #5b636d; --rule: #dfe3e8;
  --better: #00694d; --worse: #a33a00; --accent: #0072b2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181c; --raised: #1e2228; --ink: #e8eaed; --soft: #a4acb7; --rule: #333a43;
    --better: #4fd0a8; --worse: #ff9d66; --accent: #5db0ec;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: break-word;
}
main, header, footer { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 44px; }
.kicker { margin: 0 0 10px; color: var(--soft); font-size: 15px; }
h1 {
  margin: 0; max-width: 24em; font-size: clamp(26px, 4.2vw, 40px); line-height: 1.2;
  font-weight: 650; letter-spacing: -.015em; text-wrap: balance;
}
.summary { margin: 14px 0 0; max-width: 44em; color: var(--soft); font-size: 17px; }
section { margin-top: 52px; }
h2 { margin: 0 0 6px; font-size: 21px; line-height: 1.3; letter-spacing: -.01em; }
.lead { margin: 0 0 18px; max-width: 46em; color: var(--soft); }
.figures {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 12px;
  margin: 30px 0 0; padding: 0;
}
.figure { background: var(--raised); border-radius: 8px; padding: 14px 18px 16px; }
.figure dt { color: var(--soft); font-size: 14px; }
.figure dd { margin: 0; }
.figure .now { font-size: 27px; font-weight: 620; line-height: 1.35; letter-spacing: -.01em; }
.figure .was { color: var(--soft); font-size: 14px; }
.figure .was span { white-space: nowrap; }
.better { color: var(--better); font-weight: 600; }
.worse { color: var(--worse); font-weight: 600; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 15px; font-variant-numeric: tabular-nums; }
th, td { padding: 8px 0 8px 20px; text-align: right; vertical-align: baseline; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0; text-align: left; }
td.text, th.text { text-align: left; }
td.reason { white-space: normal; overflow-wrap: anywhere; min-width: 16em; }
thead th, thead td { font-weight: 600; border-bottom: 2px solid var(--rule); vertical-align: bottom; }
tbody th { font-weight: 400; }
tbody tr + tr > * { border-top: 1px solid var(--rule); }
tfoot > tr > * { border-top: 2px solid var(--rule); font-weight: 600; }
table.dense { font-size: 14px; }
.dense th, .dense td { padding-left: 12px; }
.dense th:first-child, .dense td:first-child { padding-left: 0; }
th.name { min-width: 10em; max-width: 22em; white-space: normal; overflow-wrap: anywhere; }
.hint { display: block; color: var(--soft); font-size: 13px; font-weight: 400; }
.models td .below { display: block; font-size: 13px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); gap: 28px 36px; }
.charts > * { min-width: 0; }
.single { max-width: 620px; }
.note { color: var(--soft); font-size: 14px; margin: 12px 0 0; max-width: 52em; }
.note code { font-size: 13px; }
details { margin-top: 18px; }
summary { cursor: pointer; color: var(--accent); width: fit-content; padding: 4px 0; }
details[open] > summary { margin-bottom: 8px; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 13.5px; }
td code { font-size: 13px; }
pre {
  margin: 0; padding: 14px 18px; background: var(--raised); border-radius: 8px;
  white-space: pre-wrap; overflow-wrap: anywhere;
}
pre code { display: block; }
pre code + code { margin-top: 6px; }
.examples {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(118px, 1fr)); gap: 22px 18px;
  margin: 0; padding: 0; list-style: none;
}
.examples figure { margin: 0; }
.examples img, .examples .blank {
  display: block; width: 100%; height: 112px; object-fit: contain; border-radius: 6px;
  background: var(--raised);
}
.examples img.small { image-rendering: pixelated; }
.examples figcaption { margin-top: 6px; font-size: 14px; line-height: 1.35; overflow-wrap: anywhere; }
.examples .hint { margin-top: 1px; }
.system { display: grid; grid-template-columns: minmax(7em, max-content) minmax(0, 1fr); gap: 6px 28px; margin: 0; }
.system dt { color: var(--soft); }
.system dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 60px; padding-top: 18px; padding-bottom: 40px; color: var(--soft); font-size: 14px; }
@media (max-width: 600px) {
  main, header, footer { padding-left: 16px; padding-right: 16px; }
  header { padding-top: 28px; }
  section { margin-top: 42px; }
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .figure { padding: 12px 13px 13px; }
  .figure .now { font-size: 22px; }
  th, td { padding-left: 10px; }
  .models th, .models td.change { white-space: normal; }
  table { font-size: 14px; }
  .models .hint, .chart.bars tspan.soft { display: none; }
  .examples { grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); gap: 18px 12px; }
  .examples img, .examples .blank { height: 96px; }
}
@media print {
  :root {
    --page: #fff; --raised: #f6f7f9; --ink: #000; --soft: #444; --rule: #ccc;
    --better: #00694d; --worse: #a33a00; --accent: #000;
  }
  body { font-size: 11pt; }
  main, header, footer { max-width: none; padding-left: 0; padding-right: 0; }
  h2 { break-after: avoid; }
  .figure, .chart, figure, tr { break-inside: avoid; }
  .chart.bars { break-inside: auto; }
  .figure, pre { border: 1px solid var(--rule); }
}
)";

}  // namespace

std::string page_style() { return std::string(kStyle) + std::string(chart_style()); }

}  // namespace lathe::report
