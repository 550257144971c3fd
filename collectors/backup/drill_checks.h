#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/backup/options.h"
#include "collectors/backup/row_counts.h"

// What a restored database must show. Pure.
namespace pgvigil {

// One sentence for each table that is missing or whose rows are not those of the manifest. Where the manifest has an
// estimate, the table must be there, and not be empty when it was not.
std::vector<std::string> compare_rows(const std::vector<TableRows>& expected, const std::vector<TableRows>& restored);

// The answer to a verification query: how many rows came, and the first column of the first one (nullopt: NULL).
struct Answer {
  int rows = 0;
  std::optional<std::string> value;
};

// Why the answer is not good, or nothing.
std::optional<std::string> judge(const VerificationQuery& query, const Answer& answer);

}  // namespace pgvigil
