#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace pgvigil {

// A folder of its own under the system's temporary folder, removed with all that is in it when its owner goes.
// Its path is short enough for a PostgreSQL socket (107 bytes). Only for tests.
class TempDir {
 public:
  enum class Access { owner_only, readable_by_all };  // the second lets the system user `postgres` in

  explicit TempDir(Access access = Access::owner_only);
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

  // Writes a file into the folder and returns its path; parent folders are made.
  std::filesystem::path write(std::string_view name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

// The whole file, for tests that look at what was written. Throws when it is not there.
std::string slurp(const std::filesystem::path& path);

}  // namespace pgvigil
