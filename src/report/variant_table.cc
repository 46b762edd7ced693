#include "report/variant_table.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "report/quantities.h"

namespace lathe::report {

std::string comparison_text(const measure::VariantComparison& comparison, bool bold_header,
                            int width) {
  const auto& variants = comparison.variants;
  if (variants.empty()) return {};
  std::vector<Column> columns{{""}};
  for (const measure::Variant& variant : variants) {
    columns.push_back({variant.name, Align::kRight});
    if (columns.size() > 2) columns.push_back({"change"});
  }
  TextTable table(std::move(columns));
  const QuantityFormatter formatter(variants);
  for (const Quantity& quantity : quantities()) {
    const bool any = std::any_of(variants.begin(), variants.end(), [&](const auto& variant) {
      return std::isfinite(quantity.value(variant));
    });
    if (*quantity.short_name == '\0' || !any) continue;
    std::vector<std::string> row{quantity.short_name};
    for (const measure::Variant& variant : variants) {
      row.push_back(formatter.show(quantity, variant));
      if (row.size() > 2) row.push_back(quantity.change(variants[0], variant).text);
    }
    table.add_row(std::move(row));
  }
  std::string text = table.rows() > 0 ? table.to_string(bold_header, width) : std::string();
  std::string notes;
  for (const measure::Variant& variant : std::span(variants).subspan(1)) {
    if (const std::string note = explain_accuracy(variants[0], variant); !note.empty())
      notes += note + "\n";
  }
  if (!notes.empty()) text += "\n" + wrap_lines(notes, width);
  return text;
}

}  // namespace lathe::report
