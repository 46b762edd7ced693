// The edge where LibTorch's exceptions become errors.
#pragma once

#include <c10/util/Exception.h>
#include <exception>
#include <new>
#include <utility>

#include "base/result.h"

namespace lathe::train {

// What `work` returns, a Result or Status, or the error that an exception in it stands for.
template <typename Work>
auto guarded(Work&& work) -> decltype(work()) {
  try {
    return std::forward<Work>(work)();
  } catch (const c10::Error& problem) {
    return error(ErrorCode::kInvalidData, "LibTorch: {}", problem.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    return error(ErrorCode::kResourceExhausted, "out of memory");
  } catch (const std::exception& problem) {
    return error(ErrorCode::kInternal, "LibTorch: {}", problem.what());
  }
}

}  // namespace lathe::train
