#include "exporter/commands/text_table.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace pgvigil {

void TextTable::add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = one_line(cell);
  rows_.push_back(std::move(cells));
}

std::string TextTable::text() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string result;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      result += row[i];
      result.append(widths[i] - row[i].size() + 2, ' ');
    }
    result += row.back() + "\n";
  }
  return result;
}

}  // namespace pgvigil
