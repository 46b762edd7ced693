// The first inferences of a profile as trace events, which chrome://tracing and
// https://ui.perfetto.dev show ("Trace Event Format", JSON object form).
#pragma once

#include <string>

#include "measure/profile.h"
#include "report/profile_table.h"

namespace lathe::report {

// A complete event ("ph": "X", times in microseconds) for each inference and each run of a node,
// which lies within its inference, and within the node that ran its graph. They are on the track of
// the thread that called: what workers did meanwhile is not known.
std::string to_trace(const ProfileTitle& title, const measure::ModelProfile& profile);

}  // namespace lathe::report
