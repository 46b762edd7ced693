#include "api/c/handles.h"

using lathe::c::check_shape;
using lathe::c::fail;
using lathe::c::fail_count;
using lathe::c::fail_index;
using lathe::c::fill;
using lathe::c::guarded;
using lathe::c::hand_out;

lathe_values::lathe_values(std::vector<lathe::ValueInfo> of) : infos(std::move(of)) {
  for (const lathe::ValueInfo& info : infos) {
    std::vector<const char*>& texts = dimensions.emplace_back();
    for (const std::string& dimension : info.dimensions) texts.push_back(dimension.c_str());
  }
}

extern "C" {

lathe_status lathe_model_load(const char* path, lathe_model** model) {
  LATHE_REQUIRE(path);
  LATHE_REQUIRE(model);
  return guarded([&] { return hand_out(lathe::Model::load(path), model); });
}

lathe_status lathe_model_parse(const void* onnx, size_t size, lathe_model** model) {
  if (size > 0) LATHE_REQUIRE(onnx);
  LATHE_REQUIRE(model);
  return guarded([&] {
    const auto* bytes = static_cast<const std::byte*>(onnx);
    return hand_out(lathe::Model::parse({bytes, size}), model);
  });
}

void lathe_model_free(lathe_model* model) { delete model; }

const lathe_values* lathe_model_inputs(const lathe_model* model) {
  return model == nullptr ? nullptr : &model->inputs;
}
const lathe_values* lathe_model_outputs(const lathe_model* model) {
  return model == nullptr ? nullptr : &model->outputs;
}

size_t lathe_model_metadata_count(const lathe_model* model) {
  return model == nullptr ? 0 : model->model.metadata().size();
}

lathe_status lathe_model_metadata_at(const lathe_model* model, size_t index, const char** key,
                                     const char** value) {
  LATHE_REQUIRE(model);
  LATHE_REQUIRE(key);
  LATHE_REQUIRE(value);
  const auto& metadata = model->model.metadata();
  if (index >= metadata.size()) return fail_index(__func__, index, metadata.size());
  const auto entry = std::next(metadata.begin(), static_cast<std::ptrdiff_t>(index));
  *key = entry->first.c_str();
  *value = entry->second.c_str();
  return LATHE_OK;
}

const char* lathe_model_metadata(const lathe_model* model, const char* key) {
  if (model == nullptr || key == nullptr) return nullptr;
  const auto& metadata = model->model.metadata();
  const auto entry = metadata.find(std::string_view(key));
  return entry == metadata.end() ? nullptr : entry->second.c_str();
}

size_t lathe_values_count(const lathe_values* values) {
  return values == nullptr ? 0 : values->infos.size();
}

lathe_status lathe_values_at(const lathe_values* values, size_t index, lathe_value_info* info) {
  LATHE_REQUIRE(values);
  LATHE_REQUIRE(info);
  if (index >= values->infos.size()) return fail_index(__func__, index, values->infos.size());
  const lathe::ValueInfo& value = values->infos[index];
  return fill(info, {0, value.name.c_str(), static_cast<lathe_data_type>(value.data_type),
                     value.has_rank ? static_cast<int32_t>(value.shape.size()) : -1,
                     value.shape.data(), values->dimensions[index].data()});
}

lathe_status lathe_values_find(const lathe_values* values, const char* name, size_t* index) {
  LATHE_REQUIRE(values);
  LATHE_REQUIRE(name);
  LATHE_REQUIRE(index);
  for (std::size_t i = 0; i < values->infos.size(); ++i) {
    if (values->infos[i].name != name) continue;
    *index = i;
    return LATHE_OK;
  }
  return guarded([&] {
    std::string text = "there is no value '" + std::string(name) + "'";
    for (const lathe::ValueInfo& info : values->infos)
      text += (&info == values->infos.data() ? ": known are '" : ", '") + info.name + "'";
    return fail(LATHE_NOT_FOUND, text);
  });
}

void lathe_values_free(lathe_values* values) { delete values; }

lathe_status lathe_options_create(lathe_options** options) {
  LATHE_REQUIRE(options);
  return guarded([&] {
    *options = new lathe_options();
    return LATHE_OK;
  });
}

void lathe_options_free(lathe_options* options) { delete options; }

lathe_status lathe_options_set_threads(lathe_options* options, int32_t threads) {
  LATHE_REQUIRE(options);
  if (threads < 0) return fail(LATHE_INVALID_ARGUMENT, "threads cannot be negative");
  options->options.threads = threads;
  return LATHE_OK;
}

lathe_status lathe_options_set_batch(lathe_options* options, int64_t batch) {
  LATHE_REQUIRE(options);
  if (batch < 1) return fail(LATHE_INVALID_ARGUMENT, "the batch has to be 1 or more");
  options->options.batch = batch;
  return LATHE_OK;
}

lathe_status lathe_options_set_dimension(lathe_options* options, const char* name, int64_t extent) {
  LATHE_REQUIRE(options);
  LATHE_REQUIRE(name);
  return guarded([&] {
    options->options.dimensions[name] = extent;
    return LATHE_OK;
  });
}

lathe_status lathe_options_set_shape(lathe_options* options, const char* name, const int64_t* shape,
                                     size_t rank) {
  LATHE_REQUIRE(options);
  LATHE_REQUIRE(name);
  if (const lathe_status status = check_shape(__func__, shape, rank); status != LATHE_OK)
    return status;
  return guarded([&] {
    options->options.shapes[name].assign(shape, shape + rank);
    return LATHE_OK;
  });
}

lathe_status lathe_options_set_backend(lathe_options* options, const char* name) {
  LATHE_REQUIRE(options);
  LATHE_REQUIRE(name);
  return guarded([&] {
    options->options.backend = name;
    return LATHE_OK;
  });
}

lathe_status lathe_options_set_streams(lathe_options* options, int32_t streams) {
  LATHE_REQUIRE(options);
  if (streams < 0) return fail(LATHE_INVALID_ARGUMENT, "streams cannot be negative");
  options->options.streams = streams;
  return LATHE_OK;
}

lathe_status lathe_options_set_preference(lathe_options* options, int32_t preference) {
  LATHE_REQUIRE(options);
  if (preference != LATHE_LATENCY && preference != LATHE_THROUGHPUT)
    return fail(LATHE_INVALID_ARGUMENT, "an unknown preference");
  options->options.preference = static_cast<lathe::Preference>(preference);
  return LATHE_OK;
}

lathe_status lathe_options_set_precision(lathe_options* options, int32_t precision) {
  LATHE_REQUIRE(options);
  if (precision < LATHE_COMPUTE_FLOAT32 || precision > LATHE_COMPUTE_FLOAT16)
    return fail(LATHE_INVALID_ARGUMENT, "an unknown precision");
  options->options.precision = static_cast<lathe::Precision>(precision);
  return LATHE_OK;
}

lathe_status lathe_options_set_memory_limit(lathe_options* options, int64_t bytes) {
  LATHE_REQUIRE(options);
  if (bytes < 0) return fail(LATHE_INVALID_ARGUMENT, "a memory limit cannot be negative");
  options->options.memory_limit = bytes;
  return LATHE_OK;
}

lathe_status lathe_options_set_worker_pool(lathe_options* options, const lathe_worker_pool* pool) {
  LATHE_REQUIRE(options);
  options->options.pool.reset();
  if (pool != nullptr) options->options.pool = pool->pool;
  return LATHE_OK;
}

lathe_status lathe_options_add_provider(lathe_options* options, const char* name) {
  LATHE_REQUIRE(options);
  LATHE_REQUIRE(name);
  return guarded([&] {
    options->options.providers.emplace_back(name);
    return LATHE_OK;
  });
}

lathe_status lathe_options_set_provider_option(lathe_options* options, const char* provider,
                                               const char* key, const char* value) {
  LATHE_REQUIRE(options);
  LATHE_REQUIRE(provider);
  LATHE_REQUIRE(key);
  LATHE_REQUIRE(value);
  return guarded([&] {
    options->options.provider_options[provider][key] = value;
    return LATHE_OK;
  });
}

lathe_status lathe_worker_pool_create(int32_t threads, lathe_worker_pool** pool) {
  LATHE_REQUIRE(pool);
  if (threads < 0) return fail(LATHE_INVALID_ARGUMENT, "threads cannot be negative");
  return guarded([&] {
    *pool = new lathe_worker_pool{lathe::WorkerPool(threads)};
    return LATHE_OK;
  });
}

int32_t lathe_worker_pool_threads(const lathe_worker_pool* pool) {
  return pool == nullptr ? 0 : pool->pool.threads();
}

void lathe_worker_pool_free(lathe_worker_pool* pool) { delete pool; }

lathe_status lathe_model_compile(const lathe_model* model, const lathe_options* options,
                                 lathe_executable** executable) {
  LATHE_REQUIRE(model);
  LATHE_REQUIRE(executable);
  return guarded([&] {
    return hand_out(
        model->model.compile(options == nullptr ? lathe::CompileOptions() : options->options),
        executable);
  });
}

void lathe_executable_free(lathe_executable* executable) { delete executable; }

const lathe_values* lathe_executable_inputs(const lathe_executable* executable) {
  return executable == nullptr ? nullptr : &executable->inputs;
}
const lathe_values* lathe_executable_outputs(const lathe_executable* executable) {
  return executable == nullptr ? nullptr : &executable->outputs;
}

lathe_status lathe_executable_plan(const lathe_executable* executable, const int64_t* const* shapes,
                                   const size_t* ranks, size_t count, lathe_values** outputs) {
  LATHE_REQUIRE(executable);
  LATHE_REQUIRE(outputs);
  if (count > 0) {
    LATHE_REQUIRE(shapes);
    LATHE_REQUIRE(ranks);
  }
  if (count != executable->inputs.infos.size())
    return fail_count(__func__, "shapes", count, executable->inputs.infos.size());
  for (size_t i = 0; i < count; ++i) {
    if (const lathe_status status = check_shape(__func__, shapes[i], ranks[i]); status != LATHE_OK)
      return status;
  }
  return guarded([&] {
    std::vector<std::vector<std::int64_t>> given;
    for (size_t i = 0; i < count; ++i) given.emplace_back(shapes[i], shapes[i] + ranks[i]);
    return hand_out(executable->executable.plan(given), outputs);
  });
}

int32_t lathe_executable_threads(const lathe_executable* executable) {
  return executable == nullptr ? 0 : executable->executable.threads();
}
int32_t lathe_executable_streams(const lathe_executable* executable) {
  return executable == nullptr ? 0 : executable->executable.streams();
}
size_t lathe_executable_arena_bytes(const lathe_executable* executable) {
  return executable == nullptr ? 0 : executable->executable.arena_bytes();
}
size_t lathe_executable_weight_bytes(const lathe_executable* executable) {
  return executable == nullptr ? 0 : executable->executable.weight_bytes();
}
size_t lathe_executable_note_count(const lathe_executable* executable) {
  return executable == nullptr ? 0 : executable->notes.size();
}
const char* lathe_executable_note(const lathe_executable* executable, size_t index) {
  if (executable == nullptr || index >= executable->notes.size()) return nullptr;
  return executable->notes[index].c_str();
}
}
