// Extents that the operands of one node have in common, by the names that the specification gives
// them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ops/op_def.h"

namespace lathe::ops {

//   NamedExtents extents(context);
//   RETURN_IF_ERROR(extents.match(0, {"N", "C", "H", "W"}));
//   RETURN_IF_ERROR(extents.match(1, {"rois", "4"}));
//   const ir::Dim& channels = extents["C"];
//
// Refers to the context.
class NamedExtents {
 public:
  explicit NamedExtents(const InferContext& context) : context_(context) {}

  // Takes the extents of an input, where it is there and its rank is known. Refuses it where it has
  // another rank, or an extent that differs from what its name stands for already. A name may be a
  // number, which is that extent.
  Status match(std::size_t input, const std::vector<std::string>& names);

  // Gives a name its extent. Where it has one, what says more is kept.
  void set(const std::string& name, const ir::Dim& extent);

  // Unknown where nobody has told.
  [[nodiscard]] ir::Dim operator[](std::string_view name) const;

 private:
  [[nodiscard]] std::string expected(const std::vector<std::string>& names) const;

  const InferContext& context_;
  std::map<std::string, ir::Dim, std::less<>> extents_;
};

}  // namespace lathe::ops
