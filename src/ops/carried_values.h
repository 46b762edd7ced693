// The values that the body of a Loop or Scan takes, and makes anew in each run.
#pragma once

#include <string_view>
#include <vector>

#include "ops/op_def.h"

namespace lathe::ops {

// Both infer their body a few times, so those within each other do it more often than any file
// should be able to ask for. Refuses a body that has too many.
Status check_nesting(const ir::Graph& body);

struct BodyTypes {
  std::vector<ir::Type> carried;  // which hold before the first run and behind each
  Types outputs;                  // of the body
};

// Of the graph that an attribute holds. Its inputs are `before`, the carried values, `behind`; its
// outputs from `first_output` on are the carried values, then others. `initial` are the types that
// the carried values begin with. What changes from run to run is left open.
Result<BodyTypes> infer_body(const InferContext& context, std::string_view attribute,
                             const Types& before, std::vector<ir::Type> initial,
                             const Types& behind, std::size_t first_output);

// Whether the body takes an optional and makes of it what such an optional contains, which is
// allowed: the next run gets it in an optional, and it comes out of the loop without.
bool is_unwrapped(const ir::Type& carried, const ir::Type& made);

}  // namespace lathe::ops
