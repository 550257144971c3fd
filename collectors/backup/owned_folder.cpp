#include "collectors/backup/owned_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "core/error.h"
#include "core/file.h"

namespace pgvigil {

namespace {

constexpr std::string_view marker_name = ".pgvigil-run";

[[noreturn]] void fail(std::string_view what, const std::filesystem::path& path, const std::error_code& error) {
  throw Error(Error::Kind::unavailable, fmt::format("cannot {} {}: {}", what, path.string(), error.message()));
}

// Of the path itself, not of what it links to.
std::filesystem::file_type type_of(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_type type = std::filesystem::symlink_status(path, error).type();
  if (type == std::filesystem::file_type::none) fail("look at", path, error);
  return type;
}

void remove_tree(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) fail("remove", path, error);
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
  if (type_of(folder) != std::filesystem::file_type::directory) return false;
  if (type_of(folder / marker_name) != std::filesystem::file_type::regular) return false;
  return read_file(folder / marker_name, 1024) == fmt::format("{}\n", run);
}

bool remove_owned_folder(const std::filesystem::path& folder, std::string_view run) {
  // An empty folder was made just before its marker: it holds nothing that anybody could miss.
  if (!owns_folder(folder, run)) return ::rmdir(folder.c_str()) == 0 || errno == ENOENT;
  std::error_code error;
  std::vector<std::filesystem::path> content;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (entry->path().filename() != marker_name) content.push_back(entry->path());
  }
  if (error) fail("list", folder, error);
  // The marker goes last: what cannot be removed now is still known as the run's when it is tried again.
  for (const std::filesystem::path& path : content) remove_tree(path);
  remove_tree(folder);
  return true;
}

void release_owned_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::remove(folder / marker_name, error);
  if (error) fail("remove the marker of", folder, error);
}

}  // namespace pgvigil
