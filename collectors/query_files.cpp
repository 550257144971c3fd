#include "collectors/query_files.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>

namespace pgvigil {

namespace {

struct Matches {
  glob_t found{};
  Matches() = default;
  Matches(const Matches&) = delete;
  Matches& operator=(const Matches&) = delete;
  ~Matches() { ::globfree(&found); }
};

std::vector<std::filesystem::path> matching(const std::string& pattern) {
  Matches matches;
  if (::glob(pattern.c_str(), 0, nullptr, &matches.found) != 0) return {};
  return {matches.found.gl_pathv, matches.found.gl_pathv + matches.found.gl_pathc};
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder, const YamlValue& item) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const auto extension = entry->path().extension();
    if (extension == ".yaml" || extension == ".yml") files.push_back(entry->path());
  }
  if (error) item.fail(fmt::format("cannot read the folder {}: {}", folder.string(), error.message()));
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<std::filesystem::path> query_files(const YamlValue& item) {
  const auto text = item.text();
  if (!text) return {};
  const auto base = std::filesystem::path(item.file()).parent_path();
  const auto path = std::filesystem::absolute(base / *text).lexically_normal();
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return files_in(path, item);
  if (std::filesystem::exists(path, error)) return {path};
  std::vector<std::filesystem::path> files;
  if (path.string().find_first_of("*?[") != std::string::npos) files = matching(path.string());
  if (files.empty()) item.fail(fmt::format("{}: there is no such file", path.string()));
  return files;
}

}  // namespace pgvigil
