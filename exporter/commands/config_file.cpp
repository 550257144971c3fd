#include "exporter/commands/config_file.h"

#include <fmt/format.h>

#include <cstdio>

namespace pgvigil {

std::optional<Config> read_config(const std::filesystem::path& file) {
  Problems problems;
  auto config = load_config(file, problems);
  for (const std::string& line : problems.lines()) fmt::print(stderr, "{}\n", line);
  return config;
}

}  // namespace pgvigil
