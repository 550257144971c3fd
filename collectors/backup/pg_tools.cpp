#include "collectors/backup/pg_tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "core/child_process.h"
#include "core/error.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr milliseconds version_timeout{10000};

// Debian keeps each major version's programs apart; elsewhere they are in PATH.
std::vector<std::filesystem::path> usual_folders() {
  std::vector<std::filesystem::path> folders;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    folders.push_back(entry.path() / "bin");
  }
  std::sort(folders.begin(), folders.end());
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  const char* path = std::getenv("PATH");
  for (const std::string& folder : split(path == nullptr ? "" : path, ':')) {
    if (!folder.empty()) folders.emplace_back(folder);
  }
  return folders;
}

std::optional<std::string> missing_program(const std::filesystem::path& folder,
                                           const std::vector<std::string>& programs) {
  std::error_code ignored;
  for (const std::string& program : programs) {
    if (!std::filesystem::exists(folder / program, ignored)) return program;
  }
  return std::nullopt;
}

std::optional<PgTools> inspect(const std::filesystem::path& folder, const std::string& program,
                               const std::stop_token& stop) {
  const Output output = run({{(folder / program).string(), "--version"}, {}, {}, {}}, version_timeout, stop);
  const auto version = output.status.ok() ? parse_tool_version(output.text) : std::nullopt;
  if (!version) return std::nullopt;
  return PgTools{folder, version->first, version->second};
}

PgTools inspect_configured(const std::filesystem::path& folder, int minimum, const std::vector<std::string>& programs,
                           const std::stop_token& stop) {
  if (const auto missing = missing_program(folder, programs)) {
    throw Error(Error::Kind::invalid, fmt::format("pg_bin: there is no {} in {}", *missing, folder.string()));
  }
  const auto tools = inspect(folder, programs.front(), stop);
  if (!tools)
    throw Error(Error::Kind::invalid,
                fmt::format("pg_bin: {} does not tell its version", (folder / programs.front()).string()));
  if (tools->major < minimum) {
    throw Error(Error::Kind::invalid, fmt::format("pg_bin: the programs in {} are of version {}, {} or newer is needed",
                                                  folder.string(), tools->version, minimum));
  }
  return *tools;
}

}  // namespace

std::optional<std::pair<int, std::string>> parse_tool_version(std::string_view output) {
  constexpr std::string_view before = "(PostgreSQL) ";
  const std::size_t at = output.find(before);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string version = one_line(trim(output.substr(at + before.size())), 100);
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  if (major <= 0) return std::nullopt;
  return std::pair(major, version);
}

std::optional<PgTools> choose_tools(const std::vector<PgTools>& installed, int minimum) {
  std::optional<PgTools> best;
  for (const PgTools& tools : installed) {
    if (tools.major >= minimum && (!best || tools.major < best->major)) best = tools;
  }
  return best;
}

PgTools find_tools(const std::optional<std::filesystem::path>& configured, int minimum,
                   const std::vector<std::string>& programs, const std::stop_token& stop) {
  if (configured) return inspect_configured(*configured, minimum, programs, stop);
  std::vector<PgTools> installed;
  std::vector<std::string> seen;
  for (const std::filesystem::path& folder : usual_folders()) {
    if (missing_program(folder, programs)) continue;
    const auto tools = inspect(folder, programs.front(), stop);
    if (!tools) continue;
    installed.push_back(*tools);
    seen.push_back(fmt::format("{} in {}", tools->version, folder.string()));
  }
  if (auto best = choose_tools(installed, minimum)) return *best;
  throw Error(
      Error::Kind::invalid,
      fmt::format("{} of PostgreSQL {} or newer is needed, found: {}; install it or name its folder with pg_bin",
                  programs.front(), minimum, seen.empty() ? "none" : join(seen, ", ")));
}

}  // namespace pgvigil
