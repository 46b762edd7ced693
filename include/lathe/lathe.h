// Lathe as a library: read a model, compile it, run it. c_api.h is the same for C.
//
//   find_package(lathe REQUIRED)
//   target_link_libraries(program PRIVATE lathe::lathe)
//
// These headers need nothing but the standard library of C++20. The classes hide what they are made
// of, so that a program need not be built anew for a later release with the same minor version.
#pragma once

#include "lathe/cancellation.h"
#include "lathe/classifier.h"
#include "lathe/devices.h"
#include "lathe/executable.h"
#include "lathe/expected.h"
#include "lathe/model.h"
#include "lathe/tensor.h"
#include "lathe/worker_pool.h"
