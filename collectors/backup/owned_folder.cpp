#include "collectors/backup/owned_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/error.h"
#include "core/file.h"

namespace pgvigil {

namespace {

constexpr std::string_view marker_name = ".pgvigil-run";

[[noreturn]] void fail(std::string_view what, const std::filesystem::path& path, const std::error_code& error) {
  throw Error(Error::Kind::unavailable, fmt::format("cannot {} {}: {}", what, path.string(), error.message()));
}

}  // namespace

void make_owned_folder(const std::filesystem::path& folder, std::string_view run) {
  std::error_code error;
  std::filesystem::create_directories(folder.parent_path(), error);
  if (error) fail("create", folder.parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) != 0) fail("create", folder, {errno, std::generic_category()});
  const Fd marker = create_file(folder / marker_name);
  write_all(marker, fmt::format("{}\n", run));
  sync(marker);
  sync_folder(folder);
  sync_folder(folder.parent_path());
}

bool owns_folder(const std::filesystem::path& folder, std::string_view run) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(std::filesystem::symlink_status(folder, ignored))) return false;
  if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(folder / marker_name, ignored))) return false;
  return read_file(folder / marker_name, 1024) == fmt::format("{}\n", run);
}

bool remove_owned_folder(const std::filesystem::path& folder, std::string_view run) {
  std::error_code error;
  // An empty folder was made just before its marker: it holds nothing that anybody could miss.
  if (!owns_folder(folder, run)) return ::rmdir(folder.c_str()) == 0 || errno == ENOENT;
  std::filesystem::remove_all(folder, error);
  if (error) fail("remove", folder, error);
  return true;
}

void release_owned_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::remove(folder / marker_name, error);
  if (error) fail("remove the marker of", folder, error);
}

}  // namespace pgvigil
