#include "engine/plan_json.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "engine/check_plan.h"
#include "kernels/problem_fields.h"

namespace lathe::engine {
namespace {

using nlohmann::json;

// JSON has no infinities, which bounds often are.
json float_to_json(float value) {
  if (std::isfinite(value)) return static_cast<double>(value);
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

template <typename T>
json field_to_json(const T& field) {
  if constexpr (std::is_same_v<T, float>) {
    return float_to_json(field);
  } else if constexpr (std::is_enum_v<T>) {
    return kernels::field_names(field)[static_cast<std::size_t>(field)];
  } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::vector<std::int64_t>>) {
    return field;
  } else if constexpr (std::is_same_v<T, std::vector<float>>) {
    json array = json::array();
    for (const float value : field) array.push_back(float_to_json(value));
    return array;
  } else {
    json object = json::object();
    kernels::for_each_field(field, [&](std::string_view name, const auto& inner) {
      object[std::string(name)] = field_to_json(inner);
    });
    return object;
  }
}

// Reads the members of one object. The first fault is kept; what comes behind it is left alone.
class Reader {
 public:
  Reader(const json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object()) fail("is no object");
  }

  template <typename T>
  void read(std::string_view name, T& field) {
    if (!status_.ok()) return;
    const auto it = object_.find(std::string(name));
    if (it == object_.end()) return fail(fmt::format("has no '{}'", name));
    ++members_;
    if (!take(*it, field)) fail(fmt::format("'{}' is {}", name, it->type_name()));
  }
  template <typename T>
  void read_struct(std::string_view name, T& field) {
    if (!status_.ok()) return;
    const auto it = object_.find(std::string(name));
    if (it == object_.end()) return fail(fmt::format("has no '{}'", name));
    ++members_;
    Reader inner(*it, fmt::format("{}.{}", place_, name));
    inner.read_fields(field);
    status_ = inner.finish();
  }
  template <typename T>
  void read_fields(T& fields) {
    kernels::for_each_field(fields, [&]<typename Field>(std::string_view name, Field& field) {
      if constexpr (std::is_class_v<Field> && !std::is_same_v<Field, std::vector<std::int64_t>> &&
                    !std::is_same_v<Field, std::vector<float>>) {
        read_struct(name, field);
      } else {
        read(name, field);
      }
    });
  }
  // Also refuses members that nobody asked for.
  Status finish() {
    if (status_.ok() && members_ != object_.size()) fail("has members that are not known");
    return status_;
  }

 private:
  void fail(const std::string& what) {
    status_ = invalid_data("{}{}{}", place_, place_.empty() ? "" : " ", what);
  }

  static bool take(const json& from, std::string& field) {
    if (!from.is_string()) return false;
    field = from.get<std::string>();
    return true;
  }
  static bool take(const json& from, bool& field) {
    if (!from.is_boolean()) return false;
    field = from.get<bool>();
    return true;
  }
  static bool take(const json& from, float& field) {
    if (from.is_number()) {
      field = static_cast<float>(from.get<double>());
      return true;
    }
    for (const float special :
         {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
          std::numeric_limits<float>::quiet_NaN()}) {
      if (from != float_to_json(special)) continue;
      field = special;
      return true;
    }
    return false;
  }
  template <typename T>
  requires std::is_integral_v<T>
  static bool take(const json& from, T& field) {
    if (!from.is_number_integer()) return false;
    if (from.is_number_unsigned()) {
      const auto value = from.get<std::uint64_t>();
      field = static_cast<T>(value);
      return value <= static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    }
    const auto value = from.get<std::int64_t>();
    field = static_cast<T>(value);
    return std::in_range<T>(value);
  }
  template <typename T>
  requires std::is_arithmetic_v<T>
  static bool take(const json& from, std::vector<T>& field) {
    if (!from.is_array()) return false;
    field.clear();
    for (const json& item : from) {
      if (!take(item, field.emplace_back())) return false;
    }
    return true;
  }
  template <typename T>
  requires std::is_enum_v<T>
  static bool take(const json& from, T& field) {
    const auto names = kernels::field_names(T{});
    const auto it = std::find_if(names.begin(), names.end(),
                                 [&](std::string_view name) { return from == name; });
    field = static_cast<T>(it - names.begin());
    return it != names.end();
  }

  const json& object_;
  std::string place_;
  std::size_t members_ = 0;
  Status status_;
};

constexpr std::string_view kStorageKinds[] = {"arena", "input", "output", "constant"};

json storage_to_json(const Storage& storage) {
  return {{"kind", kStorageKinds[static_cast<std::size_t>(storage.kind)]},
          {"bytes", storage.bytes},
          {"index", storage.index},
          {"offset", storage.offset},
          {"first_step", storage.first_step},
          {"last_step", storage.last_step}};
}

Result<Storage> storage_from_json(const json& from, std::string place) {
  Storage storage;
  std::string kind;
  Reader reader(from, place);
  reader.read("kind", kind);
  reader.read("bytes", storage.bytes);
  reader.read("index", storage.index);
  reader.read("offset", storage.offset);
  reader.read("first_step", storage.first_step);
  reader.read("last_step", storage.last_step);
  RETURN_IF_ERROR(reader.finish());
  const auto it = std::find(std::begin(kStorageKinds), std::end(kStorageKinds), kind);
  if (it == std::end(kStorageKinds)) return invalid_data("{}.kind is '{}'", place, kind);
  storage.kind = static_cast<Storage::Kind>(it - std::begin(kStorageKinds));
  return storage;
}

json type_to_json(ir::DataType type, const std::vector<std::int64_t>& dims) {
  return {{"type", ir::data_type_name(type)}, {"dims", dims}};
}

json slot_to_json(const Slot& slot) {
  json result = type_to_json(slot.data_type, slot.dims);
  result["storage"] = slot.storage;
  result["layout"] = ir::layout_name(slot.layout);
  result["window_rows"] = slot.window_rows;
  return result;
}

Result<Slot> slot_from_json(const json& from, std::string place) {
  Slot slot;
  std::string type;
  std::string layout;
  Reader reader(from, place);
  reader.read("type", type);
  reader.read("dims", slot.dims);
  reader.read("storage", slot.storage);
  reader.read("layout", layout);
  reader.read("window_rows", slot.window_rows);
  RETURN_IF_ERROR(reader.finish());
  const auto data_type = ir::parse_data_type(type);
  if (!data_type.ok() || ir::bits_per_element(*data_type) == 0)
    return invalid_data("{}.type is '{}'", place, type);
  slot.data_type = *data_type;
  const auto parsed = ir::parse_layout(layout);
  if (!parsed) return invalid_data("{}.layout is '{}'", place, layout);
  slot.layout = *parsed;
  return slot;
}

json fused_to_json(const FusedSteps& fused) {
  return {{"first", fused.first}, {"count", fused.count}, {"rows", fused.rows}};
}

Result<FusedSteps> fused_from_json(const json& from, std::string place) {
  FusedSteps fused;
  Reader reader(from, std::move(place));
  reader.read("first", fused.first);
  reader.read("count", fused.count);
  reader.read("rows", fused.rows);
  RETURN_IF_ERROR(reader.finish());
  return fused;
}

json step_to_json(const Step& step) {
  return {{"kernel", is_slow(step) ? json(nullptr) : json(kernel_name(step))},
          {"problem", is_slow(step) ? json(nullptr) : problem_to_json(step.problem)},
          {"weights", step.weights},
          {"inputs", step.inputs},
          {"outputs", step.outputs},
          {"scratch_bytes", step.scratch_bytes},
          {"scratch_offset", step.scratch_offset},
          {"name", step.name},
          {"op_type", step.op_type},
          {"missing", step.missing},
          {"macs", step.macs},
          {"interpreted", step.interpreted}};
}

Result<Step> step_from_json(const json& from, std::string place) {
  Step step;
  if (!from.is_object() || !from.contains("kernel") || !from.contains("problem"))
    return invalid_data("{} has no kernel and problem", place);
  json rest = from;
  rest.erase("kernel");
  rest.erase("problem");
  Reader reader(rest, place);
  reader.read("weights", step.weights);
  reader.read("inputs", step.inputs);
  reader.read("outputs", step.outputs);
  reader.read("scratch_bytes", step.scratch_bytes);
  reader.read("scratch_offset", step.scratch_offset);
  reader.read("name", step.name);
  reader.read("op_type", step.op_type);
  reader.read("missing", step.missing);
  reader.read("macs", step.macs);
  reader.read("interpreted", step.interpreted);
  RETURN_IF_ERROR(reader.finish());
  const json& kernel = from["kernel"];
  if (kernel.is_null()) return step;
  const auto id = kernel.is_string() ? kernels::find_kernel(kernel.get<std::string>())
                                     : std::optional<KernelId>();
  if (!id) return invalid_data("{}.kernel is {}", place, json_text(kernel));
  step.kernel = *id;
  auto problem = problem_from_json(from["problem"]);
  if (!problem.ok()) return problem.error().with_context(place);
  step.problem = *std::move(problem);
  if (kernels::kernel_of(*id).fits(step.problem)) return step;
  return invalid_data("{}: kernel {} does not take its problem", place,
                      kernels::kernel_of(*id).name);
}

// One entry of an array each.
template <typename T, typename Read>
Status read_array(const json& from, const char* name, std::vector<T>& into, const Read& read) {
  const auto it = from.find(name);
  if (it == from.end() || !it->is_array()) return invalid_data("it has no array '{}'", name);
  for (std::size_t i = 0; i < it->size(); ++i) {
    ASSIGN_OR_RETURN(T item, read((*it)[i], fmt::format("{}[{}]", name, i)));
    into.push_back(std::move(item));
  }
  return {};
}

json infos_to_json(const std::vector<TensorInfo>& infos) {
  json list = json::array();
  for (const TensorInfo& info : infos) {
    json item = type_to_json(info.type.data_type, *ir::known_dims(*info.type.shape));
    item["name"] = info.name;
    list.push_back(std::move(item));
  }
  return list;
}

Result<TensorInfo> info_from_json(const json& from, std::string place) {
  TensorInfo info;
  std::string type;
  std::vector<std::int64_t> dims;
  Reader reader(from, place);
  reader.read("type", type);
  reader.read("dims", dims);
  reader.read("name", info.name);
  RETURN_IF_ERROR(reader.finish());
  const auto data_type = ir::parse_data_type(type);
  if (!data_type.ok()) return invalid_data("{}.type is '{}'", place, type);
  info.type = info.accepted = {*data_type, ir::make_shape(dims)};
  return info;
}

}  // namespace

json problem_to_json(const kernels::Problem& problem) {
  json object = std::visit([](const auto& own) { return field_to_json(own); }, problem);
  object["type"] = kernels::kProblemNames[problem.index()];
  return object;
}

namespace {

template <std::size_t index = 0>
Result<kernels::Problem> read_problem(const json& from, std::string_view type) {
  if constexpr (index == std::variant_size_v<kernels::Problem>) {
    return invalid_data("a problem has the type '{}'", type);
  } else {
    if (type != kernels::kProblemNames[index]) return read_problem<index + 1>(from, type);
    std::variant_alternative_t<index, kernels::Problem> problem;
    Reader reader(from, "problem");
    std::string ignored;
    reader.read("type", ignored);
    reader.read_fields(problem);
    RETURN_IF_ERROR(reader.finish());
    return kernels::Problem(std::move(problem));
  }
}

}  // namespace

Result<kernels::Problem> problem_from_json(const json& from) {
  if (!from.is_object() || !from.contains("type") || !from["type"].is_string())
    return invalid_data("a problem has no type");
  ASSIGN_OR_RETURN(kernels::Problem problem, read_problem(from, from["type"].get<std::string>()));
  RETURN_IF_ERROR(kernels::check_problem(problem));
  return problem;
}

json plan_to_json(const Plan& plan) {
  json object{{"storages", json::array()},
              {"slots", json::array()},
              {"steps", json::array()},
              {"fused", json::array()},
              {"outputs", plan.outputs},
              {"input_infos", infos_to_json(plan.input_infos)},
              {"output_infos", infos_to_json(plan.output_infos)},
              {"arena_bytes", plan.arena_bytes},
              {"threads", plan.threads},
              {"useful_threads", plan.useful_threads},
              {"least_arena_bytes", plan.least_arena_bytes},
              {"whole_arena_bytes", plan.whole_arena_bytes},
              {"constant_bytes", plan.constant_bytes}};
  for (const Storage& storage : plan.storages)
    object["storages"].push_back(storage_to_json(storage));
  for (const Slot& slot : plan.slots) object["slots"].push_back(slot_to_json(slot));
  for (const Step& step : plan.steps) object["steps"].push_back(step_to_json(step));
  for (const FusedSteps& fused : plan.fused) object["fused"].push_back(fused_to_json(fused));
  return object;
}

namespace {

Result<Plan> read_plan(const json& from) {
  if (!from.is_object()) return invalid_data("it is no object");
  Plan plan;
  RETURN_IF_ERROR(read_array(from, "storages", plan.storages, storage_from_json));
  RETURN_IF_ERROR(read_array(from, "slots", plan.slots, slot_from_json));
  RETURN_IF_ERROR(read_array(from, "steps", plan.steps, step_from_json));
  RETURN_IF_ERROR(read_array(from, "fused", plan.fused, fused_from_json));
  RETURN_IF_ERROR(read_array(from, "input_infos", plan.input_infos, info_from_json));
  RETURN_IF_ERROR(read_array(from, "output_infos", plan.output_infos, info_from_json));
  json rest = from;
  for (const char* array : {"storages", "slots", "steps", "fused", "input_infos", "output_infos"})
    rest.erase(array);
  Reader reader(rest, "");
  reader.read("outputs", plan.outputs);
  reader.read("arena_bytes", plan.arena_bytes);
  reader.read("threads", plan.threads);
  reader.read("useful_threads", plan.useful_threads);
  reader.read("least_arena_bytes", plan.least_arena_bytes);
  reader.read("whole_arena_bytes", plan.whole_arena_bytes);
  reader.read("constant_bytes", plan.constant_bytes);
  RETURN_IF_ERROR(reader.finish());
  return plan;
}

}  // namespace

Result<Plan> plan_from_json(const json& from) {
  auto plan = read_plan(from);
  if (!plan.ok()) return plan.error().with_context("plan");
  RETURN_IF_ERROR(check_plan(*plan));
  return plan;
}

}  // namespace lathe::engine
