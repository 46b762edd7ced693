// What operators on sequences share. The sequences that they make leave the shapes of their items
// open in ir::Datum::Sequence::element, since these come and go.
#pragma once

#include <vector>

#include "ops/op_def.h"

namespace lathe::ops {

// What an input that is a sequence holds; a type of which nothing is known where its own is not.
ir::Type element_type(const InferContext& context, std::size_t input);

// A sequence of it; a type of which nothing is known where nothing is known of the element.
ir::Type sequence_of(const ir::Type& element);

// The items of a value that is a sequence.
const std::vector<ir::Datum>& items_of(const ir::Datum& value);

// A sequence of items of this type, whose shapes do not count.
ir::Datum make_sequence(const ir::Type& element, std::vector<ir::Datum> items);

}  // namespace lathe::ops
