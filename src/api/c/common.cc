#include <algorithm>
#include <cstdio>

#include "api/c/handles.h"

using lathe::Failure;

namespace lathe::c {
namespace {

// Without a destructor, so that threads may fail while the program ends.
constexpr std::size_t kMostText = 4096;
thread_local char last_error[kMostText] = "";

}  // namespace

lathe_status fail(lathe_status status, std::string_view text) noexcept {
  std::size_t size = std::min(text.size(), kMostText - 1);
  // Not within a character of UTF-8.
  if (size < text.size())
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  text.copy(last_error, size);
  last_error[size] = 0;
  return status;
}

// Kinds are numbered in the same order, from 0.
static_assert(static_cast<int>(Failure::Kind::kInvalidArgument) + 1 == LATHE_INVALID_ARGUMENT);
static_assert(static_cast<int>(Failure::Kind::kUnsupported) + 1 == LATHE_UNSUPPORTED);
static_assert(static_cast<int>(Failure::Kind::kInternal) + 1 == LATHE_INTERNAL);
static_assert(static_cast<int>(Failure::Kind::kCancelled) + 1 == LATHE_CANCELLED);

lathe_status fail(const Failure& failure) noexcept {
  return fail(static_cast<lathe_status>(failure.kind()) + 1, failure.message());
}

lathe_status fail_null(const char* function, const char* name) noexcept {
  std::snprintf(last_error, kMostText, "%s: %s is NULL", function, name);
  return LATHE_INVALID_ARGUMENT;
}

lathe_status fail_index(const char* function, std::size_t index, std::size_t count) noexcept {
  std::snprintf(last_error, kMostText, "%s: there is no entry %zu, there are %zu", function, index,
                count);
  return LATHE_INVALID_ARGUMENT;
}

lathe_status fail_count(const char* function, const char* what, std::size_t given,
                        std::size_t wanted) noexcept {
  std::snprintf(last_error, kMostText, "%s: %zu %s given, the model wants %zu", function, given,
                what, wanted);
  return LATHE_INVALID_ARGUMENT;
}

lathe_status check_shape(const char* function, const int64_t* shape, std::size_t rank) noexcept {
  if (rank > kMostAxes) {
    std::snprintf(last_error, kMostText, "%s: a shape of %zu axes, at most %zu can be had",
                  function, rank, kMostAxes);
    return LATHE_INVALID_ARGUMENT;
  }
  return shape == nullptr && rank > 0 ? fail_null(function, "shape") : LATHE_OK;
}

}  // namespace lathe::c

extern "C" {

const char* lathe_version(void) { return LATHE_VERSION; }

const char* lathe_status_name(lathe_status status) {
  switch (status) {
    case LATHE_OK:
      return "ok";
    case LATHE_INVALID_ARGUMENT:
      return "invalid argument";
    case LATHE_INVALID_DATA:
      return "invalid data";
    case LATHE_NOT_FOUND:
      return "not found";
    case LATHE_UNSUPPORTED:
      return "unsupported";
    case LATHE_RESOURCE_EXHAUSTED:
      return "resource exhausted";
    case LATHE_IO:
      return "input or output failed";
    case LATHE_UNAVAILABLE:
      return "unavailable";
    case LATHE_INTERNAL:
      return "internal fault";
    case LATHE_CANCELLED:
      return "cancelled";
    default:
      return "unknown status";
  }
}

const char* lathe_last_error(void) { return lathe::c::last_error; }

const char* lathe_data_type_name(lathe_data_type type) {
  // Names are literals.
  return lathe::data_type_name(static_cast<lathe::DataType>(type)).data();
}
}
