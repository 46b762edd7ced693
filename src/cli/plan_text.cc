#include "cli/plan_text.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/progress.h"
#include "base/words.h"
#include "engine/native.h"
#include "engine/plan_json.h"
#include "engine/program.h"
#include "report/text_table.h"

namespace lathe::cli {
namespace {

std::string slot_list(const std::vector<engine::SlotId>& slots) {
  return fmt::format("{}", fmt::join(slots, ","));
}

// What the native engine will run: a row for each step, then one for each slot.
std::string plan_table(const engine::Plan& plan) {
  report::TextTable steps({{"", report::Align::kRight},
                           {"step", report::Align::kLeft, 32},
                           {"computes"},
                           {"kernel"},
                           {"slots"},
                           {"scratch", report::Align::kRight},
                           {"weights"},
                           {"MACs", report::Align::kRight}});
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const engine::Step& step = plan.steps[i];
    const std::string why = step.missing.empty() ? "" : ": " + step.missing;
    steps.add_row(
        {std::to_string(i), step.name, step.op_type, std::string(engine::kernel_name(step)) + why,
         fmt::format("{} → {}", slot_list(step.inputs), slot_list(step.outputs)),
         step.scratch_bytes == 0 ? "" : format_bytes(static_cast<double>(step.scratch_bytes)),
         step.weights < 0 ? "" : fmt::format("w{}", step.weights),
         step.macs > 0 ? format_count(static_cast<double>(step.macs)) : ""});
  }
  report::TextTable slots({{"slot", report::Align::kRight},
                           {"type"},
                           {"layout"},
                           {"bytes", report::Align::kRight},
                           {"place"},
                           {"steps"}});
  for (std::size_t i = 0; i < plan.slots.size(); ++i) {
    const engine::Slot& slot = plan.slots[i];
    const engine::Storage& storage = plan.storages[static_cast<std::size_t>(slot.storage)];
    std::string place = "constant";
    std::string used;
    if (storage.kind == engine::Storage::Kind::kInput)
      place = fmt::format("input {}", storage.index);
    if (storage.kind == engine::Storage::Kind::kOutput)
      place = fmt::format("output {}", storage.index);
    if (storage.kind == engine::Storage::Kind::kArena) {
      place = fmt::format("arena {}", storage.offset);
      used = fmt::format("{} to {}", storage.first_step, storage.last_step);
    }
    slots.add_row(
        {std::to_string(i), ir::TensorType{slot.data_type, ir::make_shape(slot.dims)}.to_string(),
         std::string(ir::layout_name(slot.layout)), std::to_string(storage.bytes), place, used});
  }
  std::string fused;
  for (const engine::FusedSteps& fusion : plan.fused)
    fused += fmt::format("steps {} to {} run together, {} at a time\n", fusion.first,
                         fusion.first + fusion.count - 1, counted(fusion.rows, "row"));
  const bool bold = report::stdout_is_terminal();
  return fmt::format("{}\n{}\n{}arena: {} bytes, the lower bound is {}\n", steps.to_string(bold),
                     slots.to_string(bold), fused, plan.arena_bytes, plan.least_arena_bytes);
}

std::string types_text(const std::vector<ir::TensorType>& types) {
  std::vector<std::string> texts;
  for (const ir::TensorType& type : types) texts.push_back(type.to_string());
  return fmt::format("{}", fmt::join(texts, ", "));
}

// Why a region has no plan.
std::string unplanned(const engine::StagePlan& stage) {
  if (!stage.failure.empty()) return "cannot be planned: " + stage.failure;
  return fmt::format("is planned while the model runs, for the shapes that it then gets: {}",
                     types_text(stage.inputs));
}

std::string node_text(const ir::Node& node) {
  return node.name.empty() ? node.op_type : fmt::format("{} '{}'", node.op_type, node.name);
}

// `number`: of the first stage, "2" or, of a graph inside stage 2, "2.1".
std::string stages_text(std::span<const engine::StagePlan> stages, const std::string& outer) {
  std::string text;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const engine::StagePlan& stage = stages[i];
    const std::string number = fmt::format("{}{}", outer, i);
    if (stage.plan != nullptr) {
      text += fmt::format("\nstage {}: a region of {} on {}\n\n{}", number,
                          counted(static_cast<std::int64_t>(stage.plan->steps.size()), "step"),
                          types_text(stage.inputs), plan_table(*stage.plan));
    } else if (stage.node == nullptr) {
      text += fmt::format("\nstage {}: a region, which {}\n", number, unplanned(stage));
    } else if (stage.bodies.empty()) {
      text += fmt::format(
          "\nstage {}: node {}, evaluated by itself since what it makes depends on "
          "values\n",
          number, node_text(stage.node->node));
    }
    for (const engine::BodyPlans& body : stage.bodies) {
      text += fmt::format("\nstage {}: node {}, which runs its graph '{}':\n", number,
                          node_text(stage.node->node), body.attribute);
      text += stages_text(body.stages, fmt::format("{}.{}.", number, body.attribute));
    }
  }
  return text;
}

nlohmann::json stages_json(std::span<const engine::StagePlan> stages) {
  nlohmann::json list = nlohmann::json::array();
  for (const engine::StagePlan& stage : stages) {
    nlohmann::json row;
    if (stage.node != nullptr) {
      row = {{"kind", "node"},
             {"name", stage.node->node.name},
             {"op_type", stage.node->node.qualified_type()},
             {"bodies", nlohmann::json::object()}};
      for (const engine::BodyPlans& body : stage.bodies)
        row["bodies"][body.attribute] = stages_json(body.stages);
    } else {
      row = {{"kind", "region"}, {"inputs", nlohmann::json::array()}, {"plan", nullptr}};
      for (const ir::TensorType& type : stage.inputs) row["inputs"].push_back(type.to_string());
      if (stage.plan != nullptr) {
        row["plan"] = engine::plan_to_json(*stage.plan);
      } else {
        row["reason"] = unplanned(stage);
      }
    }
    list.push_back(std::move(row));
  }
  return list;
}

}  // namespace

std::string plan_text(const engine::Executable& executable) {
  if (const engine::Plan* plan = engine::plan_of(executable)) return "\n" + plan_table(*plan);
  return stages_text(engine::stage_plans(executable), "");
}

void add_plan_json(const engine::Executable& executable, nlohmann::json& json) {
  const engine::Plan* plan = engine::plan_of(executable);
  json["plan"] = plan == nullptr ? nlohmann::json() : engine::plan_to_json(*plan);
  if (plan == nullptr) json["stages"] = stages_json(engine::stage_plans(executable));
}

}  // namespace lathe::cli
