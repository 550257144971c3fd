#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace pgvigil {

// A folder with PostgreSQL's programs of one version.
struct PgTools {
  std::filesystem::path folder;
  int major = 0;
  std::string version;  // "15.18 (Debian 15.18-1.pgdg120+1)"

  std::string program(std::string_view name) const { return (folder / name).string(); }
  bool operator==(const PgTools&) const = default;
};

// What "pg_dump --version" printed: the major version and the text of the version.
std::optional<std::pair<int, std::string>> parse_tool_version(std::string_view output);

// The lowest major version that is at least `minimum`: older programs refuse a newer server, and a dump by newer ones
// needs newer ones to restore.
std::optional<PgTools> choose_tools(const std::vector<PgTools>& installed, int minimum);

// The programs to use for a server or dump of major version `minimum`: those in `configured`, otherwise the best of the
// installed ones that have every one of `programs`. Throws Error::invalid that says what was found and where.
PgTools find_tools(const std::optional<std::filesystem::path>& configured, int minimum,
                   const std::vector<std::string>& programs, const std::stop_token& stop);

}  // namespace pgvigil
