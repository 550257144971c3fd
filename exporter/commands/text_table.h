#pragma once

#include <string>
#include <vector>

namespace pgvigil {

// Columns for a terminal: as wide as they must be, the last one as it is.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> titles) { rows_.push_back(std::move(titles)); }

  // As many cells as there are titles; each becomes one line without control characters.
  void add(std::vector<std::string> cells);

  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace pgvigil
