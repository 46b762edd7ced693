// What the handles of lathe/c_api.h are made of, and what its functions share.
#pragma once

#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lathe/c_api.h"
#include "lathe/lathe.h"

struct lathe_values {
  explicit lathe_values(std::vector<lathe::ValueInfo> of);
  const std::vector<lathe::ValueInfo> infos;
  std::vector<std::vector<const char*>> dimensions;
};

struct lathe_model {
  explicit lathe_model(lathe::Model of)
      : model(std::move(of)), inputs(model.inputs()), outputs(model.outputs()) {}
  const lathe::Model model;
  const lathe_values inputs;
  const lathe_values outputs;
};

struct lathe_options {
  lathe::CompileOptions options;
};

struct lathe_executable {
  explicit lathe_executable(lathe::Executable of)
      : executable(std::move(of)),
        inputs(executable.inputs()),
        outputs(executable.outputs()),
        notes(executable.notes()) {}
  const lathe::Executable executable;
  const lathe_values inputs;
  const lathe_values outputs;
  const std::vector<std::string> notes;
};

struct lathe_worker_pool {
  lathe::WorkerPool pool;
};

struct lathe_cancellation {
  lathe::Cancellation cancellation;
};

struct lathe_tensor {
  lathe::Tensor tensor;
};

namespace lathe::c {

// Keep the text for lathe_last_error(), and return the status.
lathe_status fail(lathe_status status, std::string_view text) noexcept;
lathe_status fail(const Failure& failure) noexcept;
// "FUNCTION: NAME is NULL"
lathe_status fail_null(const char* function, const char* name) noexcept;
lathe_status fail_index(const char* function, std::size_t index, std::size_t count) noexcept;
// A wrong number of something that the model has a number of.
lathe_status fail_count(const char* function, const char* what, std::size_t given,
                        std::size_t wanted) noexcept;

// The body's status; what it throws becomes one.
template <typename Body>
lathe_status guarded(const Body& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return fail(LATHE_RESOURCE_EXHAUSTED, "no memory");
  } catch (const std::length_error&) {
    return fail(LATHE_RESOURCE_EXHAUSTED, "no memory");
  } catch (const std::exception& problem) {
    return fail(LATHE_INTERNAL, problem.what());
  } catch (...) {
    return fail(LATHE_INTERNAL, "an unknown exception");
  }
}

// Puts a new handle for the value into `*made`, or fails.
template <typename Handle, typename T>
lathe_status hand_out(Expected<T> value, Handle** made) {
  if (!value.ok()) return fail(value.failure());
  *made = new Handle{*std::move(value)};
  return LATHE_OK;
}

// Fills as much of the caller's structure as it has room for. What is smaller than the structure of
// the first release has not been set.
template <typename Struct>
lathe_status fill(Struct* out, Struct value) noexcept {
  const std::size_t size = out->struct_size;
  if (size < sizeof(Struct)) {
    return fail(LATHE_INVALID_ARGUMENT,
                "struct_size has to be set to the size of the structure before the call");
  }
  value.struct_size = size;
  std::memcpy(out, &value, sizeof(Struct));
  return LATHE_OK;
}

// Of at most this many axes; more are a mistake of the caller's.
inline constexpr std::size_t kMostAxes = 64;
// LATHE_OK, or what is wrong with a shape given as an array.
lathe_status check_shape(const char* function, const int64_t* shape, std::size_t rank) noexcept;

inline RunOptions run_options(const lathe_cancellation* cancellation) {
  RunOptions options;
  if (cancellation != nullptr) options.cancellation = cancellation->cancellation;
  return options;
}

}  // namespace lathe::c

// In a function that returns a status: refuses NULL.
#define LATHE_REQUIRE(argument) \
  if ((argument) == nullptr) return lathe::c::fail_null(__func__, #argument)
