#include "collectors/backup/drill_checks.h"

#include <fmt/format.h>

#include <charconv>
#include <map>

namespace pgvigil {

namespace {

std::optional<std::string> difference(const TableRows& expected, const std::int64_t* restored) {
  if (restored == nullptr) return fmt::format("table {} is missing", expected.table);
  if (expected.exact && *restored != expected.rows) {
    return fmt::format("table {} has {} rows, the backup's snapshot had {}", expected.table, *restored, expected.rows);
  }
  if (!expected.exact && *restored == 0 && expected.rows > 0) {
    return fmt::format("table {} is empty, the backup's snapshot had about {} rows", expected.table, expected.rows);
  }
  return std::nullopt;
}

std::optional<double> to_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::vector<std::string> compare_rows(const std::vector<TableRows>& expected, const std::vector<TableRows>& restored) {
  std::map<std::string_view, const TableRows*> by_name;
  for (const TableRows& table : restored) by_name[table.table] = &table;
  std::vector<std::string> differences;
  for (const TableRows& table : expected) {
    const auto found = by_name.find(table.table);
    if (auto text = difference(table, found == by_name.end() ? nullptr : &found->second->rows)) {
      differences.push_back(std::move(*text));
    }
  }
  return differences;
}

std::optional<std::string> judge(const VerificationQuery& query, const Answer& answer) {
  if (answer.rows != 1) return fmt::format("it returned {} rows instead of one", answer.rows);
  if (!answer.value) return "it returned NULL";
  if (!query.min) {
    if (*answer.value == "t" || *answer.value == "true") return std::nullopt;
    return fmt::format("it returned {} instead of true", *answer.value);
  }
  const auto number = to_number(*answer.value);
  if (!number) return fmt::format("it returned {}, which is no number", *answer.value);
  if (*number >= *query.min) return std::nullopt;
  return fmt::format("it returned {}, which is less than {}", *answer.value, *query.min);
}

}  // namespace pgvigil
