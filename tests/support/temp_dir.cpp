#include "tests/support/temp_dir.h"

#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX, not C++

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace pgvigil {

TempDir::TempDir(Access access) {
  std::string name = (std::filesystem::temp_directory_path() / "pgv.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
  path_ = name;
  if (access == Access::readable_by_all) {
    using std::filesystem::perms;
    std::filesystem::permissions(
        path_, perms::owner_all | perms::group_read | perms::group_exec | perms::others_read | perms::others_exec);
  }
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TempDir::write(std::string_view name, std::string_view content) const {
  const auto path = path_ / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << content;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path.string());
  return path;
}

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace pgvigil
