#include <memory>

#include "api/access.h"
#include "api/c/handles.h"

using lathe::Expected;
using lathe::Tensor;
using lathe::c::check_shape;
using lathe::c::fail;
using lathe::c::fail_index;
using lathe::c::fill;
using lathe::c::guarded;
using lathe::c::hand_out;
using lathe::c::run_options;

struct lathe_context {
  lathe::Context context;
  std::vector<std::string> input_names;
  std::vector<std::string> output_names;
  // Of the run going on; kept so that the next one allocates nothing but outputs.
  std::vector<const Tensor*> inputs;
  std::vector<Tensor*> outputs;
  std::vector<lathe_tensor*> wanted;
};

struct lathe_request {
  lathe::Request request;
  std::size_t output_count;
};

struct lathe_profile {
  std::vector<lathe::StepTime> steps;
};

namespace {

using Tensors = std::vector<std::unique_ptr<lathe_tensor>>;

std::vector<std::string> names_of(const lathe_values& values) {
  std::vector<std::string> names;
  for (const lathe::ValueInfo& info : values.infos) names.push_back(info.name);
  return names;
}

// The place of each name among all; an empty list where one is not there or there twice.
lathe_status find_places(const char* const* wanted, std::size_t count,
                         const std::vector<std::string>& all, const char* what,
                         std::vector<std::size_t>& places) {
  for (std::size_t i = 0; i < count; ++i) {
    if (wanted[i] == nullptr) return lathe::c::fail_null("lathe_context_run_named", what);
    const auto found = std::find(all.begin(), all.end(), wanted[i]);
    const auto place = static_cast<std::size_t>(found - all.begin());
    if (found == all.end()) {
      return fail(LATHE_NOT_FOUND,
                  std::string("the model has no ") + what + " '" + wanted[i] + "'");
    }
    if (std::find(places.begin(), places.end(), place) != places.end()) {
      return fail(LATHE_INVALID_ARGUMENT,
                  std::string(what) + " '" + wanted[i] + "' is given twice");
    }
    places.push_back(place);
  }
  return LATHE_OK;
}

// context.wanted has the tensor to write to for each output, or null; makes those that are.
lathe_status run(lathe_context& context, const lathe_cancellation* cancellation, Tensors& made) {
  context.outputs.clear();
  for (lathe_tensor*& output : context.wanted) {
    if (output == nullptr) output = made.emplace_back(std::make_unique<lathe_tensor>()).get();
    if (std::find(context.outputs.begin(), context.outputs.end(), &output->tensor) !=
        context.outputs.end())
      return fail(LATHE_INVALID_ARGUMENT, "one tensor is given for two outputs");
    context.outputs.push_back(&output->tensor);
  }
  const Expected<void> done = lathe::Access::run(context.context, context.inputs, context.outputs,
                                                 run_options(cancellation));
  return done.ok() ? LATHE_OK : fail(done.failure());
}

// Fills the null entries among so many outputs, from context.wanted at `place_of(i)`.
template <typename PlaceOf>
void hand_over(const lathe_context& context, Tensors& made, lathe_tensor** outputs,
               std::size_t count, const PlaceOf& place_of) {
  for (std::size_t i = 0; i < count; ++i) {
    if (outputs[i] != nullptr) continue;
    outputs[i] = context.wanted[place_of(i)];
    for (std::unique_ptr<lathe_tensor>& tensor : made)
      if (tensor.get() == outputs[i]) static_cast<void>(tensor.release());
  }
}

template <typename Make>
lathe_status make_tensor(const char* function, const int64_t* shape, size_t rank,
                         lathe_tensor** tensor, const Make& make) {
  if (const lathe_status status = check_shape(function, shape, rank); status != LATHE_OK)
    return status;
  return guarded(
      [&] { return hand_out(make(std::vector<std::int64_t>(shape, shape + rank)), tensor); });
}

lathe_status fail_count(const char* what, std::size_t given, std::size_t expected) {
  return fail(LATHE_INVALID_ARGUMENT, std::to_string(given) + " " + what +
                                          " given, the model has " + std::to_string(expected));
}

}  // namespace

extern "C" {

lathe_status lathe_tensor_create(lathe_data_type type, const int64_t* shape, size_t rank,
                                 lathe_tensor** tensor) {
  LATHE_REQUIRE(tensor);
  return make_tensor(__func__, shape, rank, tensor, [&](std::vector<std::int64_t> dims) {
    return Tensor::zeros(static_cast<lathe::DataType>(type), std::move(dims));
  });
}

lathe_status lathe_tensor_borrow(lathe_data_type type, const int64_t* shape, size_t rank,
                                 const void* data, size_t bytes, lathe_tensor** tensor) {
  LATHE_REQUIRE(tensor);
  if (bytes > 0) LATHE_REQUIRE(data);
  return make_tensor(__func__, shape, rank, tensor, [&](std::vector<std::int64_t> dims) {
    return Tensor::borrow(static_cast<lathe::DataType>(type), std::move(dims),
                          {static_cast<const std::byte*>(data), bytes});
  });
}

lathe_status lathe_tensor_borrow_writable(lathe_data_type type, const int64_t* shape, size_t rank,
                                          void* data, size_t bytes, lathe_tensor** tensor) {
  LATHE_REQUIRE(tensor);
  if (bytes > 0) LATHE_REQUIRE(data);
  return make_tensor(__func__, shape, rank, tensor, [&](std::vector<std::int64_t> dims) {
    return Tensor::borrow_writable(static_cast<lathe::DataType>(type), std::move(dims),
                                   {static_cast<std::byte*>(data), bytes});
  });
}

void lathe_tensor_free(lathe_tensor* tensor) { delete tensor; }

lathe_data_type lathe_tensor_data_type(const lathe_tensor* tensor) {
  return tensor == nullptr ? LATHE_UNDEFINED
                           : static_cast<lathe_data_type>(tensor->tensor.data_type());
}
size_t lathe_tensor_rank(const lathe_tensor* tensor) {
  return tensor == nullptr ? 0 : tensor->tensor.shape().size();
}
const int64_t* lathe_tensor_shape(const lathe_tensor* tensor) {
  return tensor == nullptr ? nullptr : tensor->tensor.shape().data();
}
int64_t lathe_tensor_size(const lathe_tensor* tensor) {
  return tensor == nullptr ? 0 : tensor->tensor.size();
}
size_t lathe_tensor_byte_count(const lathe_tensor* tensor) {
  return tensor == nullptr ? 0 : tensor->tensor.bytes().size();
}
const void* lathe_tensor_data(const lathe_tensor* tensor) {
  return tensor == nullptr ? nullptr : tensor->tensor.bytes().data();
}
void* lathe_tensor_mutable_data(lathe_tensor* tensor) {
  void* data = nullptr;
  if (tensor != nullptr) {
    guarded([&] {
      data = tensor->tensor.mutable_bytes().data();
      return LATHE_OK;
    });
  }
  return data;
}

lathe_status lathe_context_create(const lathe_executable* executable, lathe_context** context) {
  LATHE_REQUIRE(executable);
  LATHE_REQUIRE(context);
  return guarded([&] {
    *context = new lathe_context{executable->executable.new_context(),
                                 names_of(executable->inputs),
                                 names_of(executable->outputs),
                                 {},
                                 {},
                                 {}};
    return LATHE_OK;
  });
}

void lathe_context_free(lathe_context* context) { delete context; }

lathe_status lathe_context_run(lathe_context* context, const lathe_tensor* const* inputs,
                               size_t input_count, lathe_tensor** outputs, size_t output_count,
                               const lathe_cancellation* cancellation) {
  LATHE_REQUIRE(context);
  if (input_count > 0) LATHE_REQUIRE(inputs);
  if (output_count > 0) LATHE_REQUIRE(outputs);
  return guarded([&] {
    if (input_count != context->input_names.size())
      return fail_count("inputs", input_count, context->input_names.size());
    if (output_count != context->output_names.size())
      return fail_count("outputs", output_count, context->output_names.size());
    context->inputs.clear();
    for (size_t i = 0; i < input_count; ++i) {
      if (inputs[i] == nullptr) return lathe::c::fail_null("lathe_context_run", "an input");
      context->inputs.push_back(&inputs[i]->tensor);
    }
    context->wanted.assign(outputs, outputs + output_count);
    Tensors made;
    if (const lathe_status status = run(*context, cancellation, made); status != LATHE_OK)
      return status;
    hand_over(*context, made, outputs, output_count, [](size_t i) { return i; });
    return lathe_status{LATHE_OK};
  });
}

lathe_status lathe_context_run_named(lathe_context* context, const char* const* input_names,
                                     const lathe_tensor* const* inputs, size_t input_count,
                                     const char* const* output_names, lathe_tensor** outputs,
                                     size_t output_count, const lathe_cancellation* cancellation) {
  LATHE_REQUIRE(context);
  if (input_count > 0) {
    LATHE_REQUIRE(input_names);
    LATHE_REQUIRE(inputs);
  }
  if (output_count > 0) {
    LATHE_REQUIRE(output_names);
    LATHE_REQUIRE(outputs);
  }
  return guarded([&] {
    if (input_count != context->input_names.size())
      return fail_count("inputs", input_count, context->input_names.size());
    std::vector<size_t> input_places;
    std::vector<size_t> output_places;
    if (const lathe_status status =
            find_places(input_names, input_count, context->input_names, "input", input_places);
        status != LATHE_OK)
      return status;
    if (const lathe_status status =
            find_places(output_names, output_count, context->output_names, "output", output_places);
        status != LATHE_OK)
      return status;
    context->inputs.assign(input_count, nullptr);
    for (size_t i = 0; i < input_count; ++i) {
      if (inputs[i] == nullptr) return lathe::c::fail_null("lathe_context_run_named", "an input");
      context->inputs[input_places[i]] = &inputs[i]->tensor;
    }
    context->wanted.assign(context->output_names.size(), nullptr);
    for (size_t i = 0; i < output_count; ++i) context->wanted[output_places[i]] = outputs[i];
    Tensors made;
    if (const lathe_status status = run(*context, cancellation, made); status != LATHE_OK)
      return status;
    hand_over(*context, made, outputs, output_count, [&](size_t i) { return output_places[i]; });
    return lathe_status{LATHE_OK};
  });
}

lathe_status lathe_executable_submit(const lathe_executable* executable,
                                     const lathe_tensor* const* inputs, size_t input_count,
                                     int32_t completion, const lathe_cancellation* cancellation,
                                     lathe_request** request) {
  LATHE_REQUIRE(executable);
  LATHE_REQUIRE(request);
  if (input_count > 0) LATHE_REQUIRE(inputs);
  if (completion != LATHE_COMPLETE_ANY && completion != LATHE_COMPLETE_IN_ORDER)
    return fail(LATHE_INVALID_ARGUMENT, "an unknown completion");
  return guarded([&] {
    std::vector<Tensor> given;
    for (size_t i = 0; i < input_count; ++i) {
      if (inputs[i] == nullptr) return lathe::c::fail_null("lathe_executable_submit", "an input");
      given.push_back(inputs[i]->tensor);
    }
    *request = new lathe_request{
        executable->executable.submit(std::move(given), static_cast<lathe::Completion>(completion),
                                      run_options(cancellation)),
        executable->outputs.infos.size()};
    return lathe_status{LATHE_OK};
  });
}

int32_t lathe_request_ready(const lathe_request* request) {
  return request != nullptr && request->request.ready() ? 1 : 0;
}

lathe_status lathe_request_wait(const lathe_request* request) {
  LATHE_REQUIRE(request);
  return guarded([&] {
    request->request.wait();
    return LATHE_OK;
  });
}

lathe_status lathe_request_cancel(const lathe_request* request) {
  LATHE_REQUIRE(request);
  request->request.cancel();
  return LATHE_OK;
}

lathe_status lathe_request_get(lathe_request* request, lathe_tensor** outputs,
                               size_t output_count) {
  LATHE_REQUIRE(request);
  if (output_count > 0) LATHE_REQUIRE(outputs);
  return guarded([&] {
    if (output_count != request->output_count)
      return fail_count("outputs", output_count, request->output_count);
    for (size_t i = 0; i < output_count; ++i) {
      if (outputs[i] != nullptr) {
        return fail(LATHE_INVALID_ARGUMENT,
                    "places for the outputs of a request have to be NULL: it makes the tensors");
      }
    }
    Expected<std::vector<Tensor>> values = request->request.get();
    if (!values.ok()) return fail(values.failure());
    Tensors made;
    for (Tensor& value : *values)
      made.push_back(std::make_unique<lathe_tensor>(lathe_tensor{std::move(value)}));
    for (size_t i = 0; i < made.size(); ++i) outputs[i] = made[i].release();
    return lathe_status{LATHE_OK};
  });
}

void lathe_request_free(lathe_request* request) { delete request; }

lathe_status lathe_cancellation_create(lathe_cancellation** cancellation) {
  LATHE_REQUIRE(cancellation);
  return guarded([&] {
    *cancellation = new lathe_cancellation();
    return LATHE_OK;
  });
}

lathe_status lathe_cancellation_cancel(const lathe_cancellation* cancellation) {
  LATHE_REQUIRE(cancellation);
  cancellation->cancellation.cancel();
  return LATHE_OK;
}

int32_t lathe_cancellation_cancelled(const lathe_cancellation* cancellation) {
  return cancellation != nullptr && cancellation->cancellation.cancelled() ? 1 : 0;
}

void lathe_cancellation_free(lathe_cancellation* cancellation) { delete cancellation; }

lathe_status lathe_context_enable_profiling(lathe_context* context) {
  LATHE_REQUIRE(context);
  return guarded([&] {
    context->context.enable_profiling();
    return LATHE_OK;
  });
}

lathe_status lathe_context_profile(const lathe_context* context, lathe_profile** profile) {
  LATHE_REQUIRE(context);
  LATHE_REQUIRE(profile);
  return guarded([&] {
    *profile = new lathe_profile{context->context.profile()};
    return LATHE_OK;
  });
}

void lathe_profile_free(lathe_profile* profile) { delete profile; }

size_t lathe_profile_count(const lathe_profile* profile) {
  return profile == nullptr ? 0 : profile->steps.size();
}

lathe_status lathe_profile_step(const lathe_profile* profile, size_t index, lathe_step_time* step) {
  LATHE_REQUIRE(profile);
  LATHE_REQUIRE(step);
  if (index >= profile->steps.size()) return fail_index(__func__, index, profile->steps.size());
  const lathe::StepTime& from = profile->steps[index];
  return fill(step, {0, from.name.c_str(), from.operators.c_str(), from.kernel.c_str(),
                     from.missing.c_str(), from.macs, from.runs, from.total_ms});
}
}
