#pragma once

#include <filesystem>

#include "collectors/connections.h"
#include "collectors/headroom/disk_space.h"
#include "collectors/task.h"
#include "core/yaml_section.h"

namespace pgvigil {

// The section `collectors: disk_space:`. Empty: where the server says they are, when it runs on the agent's host.
struct DiskSpaceOptions {
  std::filesystem::path data_directory;
  std::filesystem::path wal_directory;
};

DiskSpaceOptions decode_disk_space(Section& section);

// The task "disk_space": free space where the server keeps its data and its WAL, seen from the agent's host, and how
// many processors that host has. Unless the
// folders are configured it is skipped for a server elsewhere: a folder of the same name here says nothing about it.
class DiskSpaceTask final : public Task {
 public:
  static constexpr milliseconds default_interval{60000};

  explicit DiskSpaceTask(DiskSpaceOptions options, milliseconds interval = default_interval);
  const TaskInfo& info() const override { return info_; }
  std::vector<Family> run(RunContext& context) override;

 private:
  struct Folder {
    std::filesystem::path path;  // empty: not known
    std::string problem;
  };
  Folder data_folder(RunContext& context) const;

  DiskSpaceOptions options_;
  TaskInfo info_;
  DiskSpace space_;
  std::string last_problem_;  // of the WAL's folder, logged when it changes
};

}  // namespace pgvigil
