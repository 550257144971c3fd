#include "collectors/labelled_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

#include "collectors/value_text.h"
#include "core/error.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr std::size_t longest_label = 1024;

template <typename... Parts>
[[noreturn]] void refuse(fmt::format_string<Parts...> what, Parts&&... parts) {
  throw Error(Error::Kind::invalid, fmt::format(what, std::forward<Parts>(parts)...));
}

bool is_label_name(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto part = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && letter(name.front()) && std::all_of(name.begin(), name.end(), part) &&
         !name.starts_with("__") && name != "le" && name != "quantile";
}

int value_column(const PgRows& result, ValueColumn kind) {
  std::optional<int> found;
  for (int column = 0; column < result.columns(); ++column) {
    if (result.column_name(column) != "value") continue;
    if (found) refuse("the query returns the column value more than once");
    found = column;
  }
  if (!found && kind == ValueColumn::named_or_only && result.columns() == 1) found = 0;
  if (!found) refuse("the query returns no column value");
  const std::string name = result.column_name(*found);
  if (!is_number_type(result.column_type(*found))) {
    refuse("the column {} is not a number: {}", name, number_remedy(result.column_type(*found), name));
  }
  return *found;
}

void check_label(const std::string& name, const std::vector<std::string>& known,
                 const std::vector<std::string>& reserved) {
  if (!is_label_name(name)) refuse("the column '{}' cannot be a label: give it another name", one_line(name, 100));
  if (std::find(reserved.begin(), reserved.end(), name) != reserved.end()) {
    refuse("the column {} has the name of a label that the agent sets: give it another name", name);
  }
  if (std::find(known.begin(), known.end(), name) != known.end()) {
    refuse("the query returns the column {} more than once", name);
  }
}

std::string describe(const std::vector<std::string>& names, const std::vector<std::string>& values) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < names.size(); ++i) parts.push_back(fmt::format("{}={}", names[i], values[i]));
  return parts.empty() ? "no labels" : "the labels " + one_line(join(parts, ", "), 200);
}

}  // namespace

LabelledRows labelled_rows(const PgRows& result, ValueColumn value, std::size_t max_rows,
                           const std::vector<std::string>& reserved) {
  const int value_at = value_column(result, value);
  LabelledRows labelled;
  std::vector<int> labels_at;
  for (int column = 0; column < result.columns(); ++column) {
    if (column == value_at) continue;
    check_label(result.column_name(column), labelled.label_names, reserved);
    labelled.label_names.push_back(result.column_name(column));
    labels_at.push_back(column);
  }
  const auto all = static_cast<std::size_t>(result.rows());
  const std::size_t count = std::min(all, max_rows);
  labelled.dropped = all - count;
  std::set<std::vector<std::string>> seen;
  for (int row = 0; row < static_cast<int>(count); ++row) {
    Sample sample;
    for (const int column : labels_at) {
      sample.label_values.push_back(result.text(row, column));
      if (sample.label_values.back().size() > longest_label) {
        refuse("the column {} has a text of more than {} bytes", result.column_name(column), longest_label);
      }
    }
    const auto number = result.get(row, value_at);
    sample.value = (number ? number_of(*number) : std::nullopt).value_or(std::numeric_limits<double>::quiet_NaN());
    if (!seen.insert(sample.label_values).second) {
      refuse("two rows have {}", describe(labelled.label_names, sample.label_values));
    }
    labelled.rows.push_back(std::move(sample));
  }
  return labelled;
}

}  // namespace pgvigil
