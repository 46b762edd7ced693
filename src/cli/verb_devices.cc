#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/caches.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "measure/devices.h"
#include "report/format.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

using report::Align;
using report::TextTable;

struct Call {
  bool no_peaks = false;
  OutputOptions output;
};

std::string system_section(measure::SystemInfo system) {
  system.fma_peak_gflops = 0;  // stands in a table of its own
  std::string text;
  for (const auto& [label, value] : measure::describe(system))
    text += fmt::format("{:<20}{}\n", label, value);
  return text;
}

std::string peaks_section(const measure::Peaks& peaks) {
  TextTable table({{"peak"}, {"threads", Align::kRight}, {"measured", Align::kRight}, {"unit"}});
  const auto rate = [](double value) { return report::format_number(value, 3); };
  const auto add = [&](const char* what, const measure::OptionalPeak& peak, const char* unit) {
    if (peak.reason.empty()) {
      table.add_row({what, "1", rate(peak.value), unit});
    } else {
      table.add_row({what, "", std::string(report::kNoValue), peak.reason});
    }
  };
  add("float32", {peaks.float32_gflops, {}}, "GFLOP/s");
  add("int8", {peaks.int8_gops, {}}, "GOP/s");
  add("AMX int8", peaks.amx_int8_gops, "GOP/s");
  add("AMX bfloat16", peaks.amx_bf16_gflops, "GFLOP/s");
  for (const auto& [threads, gb_per_s] : peaks.memory_read.rates) {
    table.add_row({"reading memory", std::to_string(threads), rate(gb_per_s), "GB/s"});
  }
  if (!peaks.memory_read_reason.empty()) {
    add("reading memory", {0, peaks.memory_read_reason}, "");
  }
  std::string text =
      table.to_string(report::stdout_is_terminal()) + "A multiply-add counts as two operations.\n";
  if (const std::int64_t bytes = peaks.memory_read.buffer_bytes; bytes > 0) {
    text += fmt::format("Memory is a buffer of {}{}.\n", format_bytes(static_cast<double>(bytes)),
                        bytes > last_level_cache_bytes() ? "" : ", which the caches may hold");
  }
  return text;
}

std::string optional_bytes(const std::optional<std::int64_t>& bytes) {
  return bytes ? format_bytes(static_cast<double>(*bytes)) : std::string(report::kNoValue);
}

std::string gpus_section(const measure::Devices& devices) {
  if (!devices.gpus_reason.empty()) return fmt::format("No GPUs: {}\n", devices.gpus_reason);
  if (devices.gpus.gpus.empty()) {
    return fmt::format("No GPUs: the NVIDIA driver {} has none\n", devices.gpus.driver_version);
  }
  TextTable table({{"GPU"},
                   {"memory", Align::kRight},
                   {"free", Align::kRight},
                   {"compute capability"},
                   {"driver"}});
  for (const measure::Gpu& gpu : devices.gpus.gpus) {
    table.add_row({gpu.name, optional_bytes(gpu.memory_bytes),
                   optional_bytes(gpu.memory_free_bytes), gpu.compute_capability,
                   devices.gpus.driver_version});
  }
  return table.to_string(report::stdout_is_terminal());
}

std::string backends_section(const std::vector<measure::BackendInfo>& backends) {
  TextTable table({{"backend"}, {"version"}, {"execution providers"}});
  std::string missing;
  for (const measure::BackendInfo& backend : backends) {
    if (backend.available) {
      table.add_row(
          {backend.name, backend.version, fmt::format("{}", fmt::join(backend.providers, ", "))});
    } else {
      table.add_row({backend.name, std::string(report::kNoValue)});
      missing += fmt::format("No {}: {}\n", backend.name, backend.reason);
    }
  }
  return table.to_string(report::stdout_is_terminal()) + missing;
}

Status run(const Call& call) {
  ASSIGN_OR_RETURN(const measure::Devices devices, measure::list_devices(!call.no_peaks));
  if (call.output.json) {
    print_json(measure::to_json(devices));
    return {};
  }
  std::string text = system_section(devices.system) + "\n";
  if (devices.peaks) text += peaks_section(*devices.peaks) + "\n";
  print(text + gpus_section(devices) + "\n" + backends_section(devices.backends));
  return {};
}

std::function<Status()> declare(Arguments app) {
  auto call = std::make_shared<Call>();
  app.add_flag("--no-peaks", call->no_peaks, "Measure nothing; otherwise it takes some 2 seconds");
  call->output.declare(app);
  return [call] { return run(*call); };
}

}  // namespace

Verb devices_verb() {
  return {"devices", "Show what this machine has: processor, peaks, GPUs, backends", declare,
          "lathe devices --no-peaks"};
}

}  // namespace lathe::cli
