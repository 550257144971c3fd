#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/pg_connection.h"
#include "core/sample.h"

namespace pgvigil {

// What a query returned whose column `value` is a number and whose other columns are labels.
struct LabelledRows {
  std::vector<std::string> label_names;
  std::vector<Sample> rows;  // NULL, and what is no finite number, is NaN: not known
  std::size_t dropped = 0;   // beyond the limit
};

enum class ValueColumn {
  named,          // `value`
  named_or_only,  // `value`, or the only column whatever its name
};

// Reads at most `max_rows` rows. Throws Error::invalid when there is no column for the value, when it is no number,
// when a label has a name that Prometheus does not allow or one of `reserved`, or a text of more than a kilobyte, and
// when two rows have the same labels.
LabelledRows labelled_rows(const PgRows& result, ValueColumn value, std::size_t max_rows,
                           const std::vector<std::string>& reserved = {});

}  // namespace pgvigil
