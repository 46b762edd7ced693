// The comparison of a model's variants for a terminal.
#pragma once

#include <string>

#include "measure/compare_variants.h"
#include "report/text_table.h"

namespace lathe::report {

// A row for each quantity that is known of any variant, with how the others differ from the first;
// below it how far differences of accuracy can be trusted.
std::string comparison_text(const measure::VariantComparison& comparison, bool bold_header,
                            int width = output_width());

}  // namespace lathe::report
