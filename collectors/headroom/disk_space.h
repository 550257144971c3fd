#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "collectors/headroom/rate_tracker.h"
#include "core/sample.h"

namespace pgvigil {

// A file system, as it is now.
struct FileSystem {
  std::string mount;  // the folder where it is mounted
  double size = 0;    // bytes
  double free = 0;    // bytes that a process without privileges can still use
  double inodes = 0;  // 0: it has no fixed number of them, as btrfs
  double inodes_free = 0;
};

// The file system that holds `folder`; nullopt with a reason when it cannot be asked. It need not be permitted to look
// into the folder.
struct FileSystemAnswer {
  std::optional<FileSystem> found;
  std::string problem;
};
FileSystemAnswer file_system_of(const std::filesystem::path& folder);

// What the file systems that the server's directories are on have left, and for how long. No I/O, one thread at a time.
class DiskSpace {
 public:
  // `directories`: what is where, such as "data" and "wal"; several may share a file system.
  std::vector<Family> observe(SteadyTime now, const std::map<std::string, FileSystem>& directories);

 private:
  std::map<std::string, RateTracker> used_;  // by mount
};

}  // namespace pgvigil
