#include "tests/support/runbooks.h"

#include <algorithm>
#include <filesystem>

#include "core/text.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {

std::vector<std::string> fenced_blocks(std::string_view markdown, std::string_view kind) {
  const std::string opening = "```" + std::string(kind);
  std::vector<std::string> blocks;
  bool inside = false;
  for (const std::string& line : split(markdown, '\n')) {
    if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back() += line + "\n";
    } else if (line == opening) {
      blocks.emplace_back();
      inside = true;
    }
  }
  return blocks;
}

std::vector<Runbook> runbooks() {
  std::vector<Runbook> found;
  for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(SOURCE_DIR) / "docs/runbooks")) {
    Runbook runbook{file.path().stem().string(), slurp(file.path()), {}, {}};
    runbook.queries = fenced_blocks(runbook.text, "sql");
    runbook.commands = fenced_blocks(runbook.text, "sql-change");
    found.push_back(std::move(runbook));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.rule < b.rule; });
  return found;
}

}  // namespace pgvigil
