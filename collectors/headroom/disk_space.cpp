#include "collectors/headroom/disk_space.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

namespace pgvigil {

namespace {

std::optional<dev_t> device_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return status.st_dev;
}

// The highest folder above that is on the same device.
std::filesystem::path mount_of(std::filesystem::path folder) {
  const auto device = device_of(folder);
  while (folder.has_relative_path() && device_of(folder.parent_path()) == device) folder = folder.parent_path();
  return folder;
}

Family gauge(const char* name, const char* help) {
  return {name, help, MetricType::gauge, {"mount"}, {}};
}

}  // namespace

FileSystemAnswer file_system_of(const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(folder, error);
  const std::filesystem::space_info space = error ? std::filesystem::space_info{} : std::filesystem::space(real, error);
  if (error) return {std::nullopt, fmt::format("{}: {}", folder.string(), error.message())};
  FileSystem found{mount_of(real).string(), static_cast<double>(space.capacity), static_cast<double>(space.available)};
  struct statvfs status {};
  if (::statvfs(real.c_str(), &status) == 0) {
    found.inodes = static_cast<double>(status.f_files);
    found.inodes_free = static_cast<double>(status.f_favail);
  }
  return {std::move(found), {}};
}

std::vector<Family> DiskSpace::observe(SteadyTime now, const std::map<std::string, FileSystem>& directories) {
  Family info{"pg_disk_directory_info",
              "Which file system each of the server's directories is on, as labels; the value is always 1.",
              MetricType::gauge,
              {"directory", "mount"},
              {}};
  Family size = gauge("pg_disk_size_bytes", "Size of the file system that the server's directory is on.");
  Family free = gauge("pg_disk_free_bytes", "What the server can still use of it.");
  Family full = gauge("pg_disk_full_estimated_seconds",
                      "How long until the file system is full, if it filled as fast as lately (half-life 1 hour). "
                      "Absent while it does not fill.");
  Family inodes =
      gauge("pg_disk_inodes", "Files that the file system can hold. Absent where there is no fixed number.");
  Family inodes_free = gauge("pg_disk_inodes_free", "Files that the server can still make on it.");
  std::map<std::string, FileSystem> mounts;
  for (const auto& [directory, file_system] : directories) {
    info.samples.push_back({{directory, file_system.mount}, 1});
    mounts.emplace(file_system.mount, file_system);
  }
  for (const auto& [mount, file_system] : mounts) {
    auto& used = used_.try_emplace(mount, RateTracker::Kind::level, std::chrono::hours(1), std::chrono::minutes(10))
                     .first->second;
    used.observe(now, file_system.size - file_system.free);
    size.samples.push_back({{mount}, file_system.size});
    free.samples.push_back({{mount}, file_system.free});
    full.samples.push_back({{mount}, seconds_until_used(file_system.free, used.per_second())});
    if (file_system.inodes <= 0) continue;
    inodes.samples.push_back({{mount}, file_system.inodes});
    inodes_free.samples.push_back({{mount}, file_system.inodes_free});
  }
  std::vector<Family> families;
  for (Family* family : {&info, &size, &free, &full, &inodes, &inodes_free}) families.push_back(std::move(*family));
  return families;
}

}  // namespace pgvigil
