#pragma once

#include <filesystem>

#include "collectors/backup/backup_store.h"

namespace pgvigil {

// Backup sets as folders of a file system: FOLDER/JOB/ID/{objects, manifest.json}. Objects are written under a partial
// name, synced and renamed; the manifest comes last.
class FolderStore final : public BackupStore {
 public:
  FolderStore(const std::filesystem::path& folder, const std::string& job) : folder_(folder / job) {}

  std::string location(const std::string& id) const override { return (folder_ / id).string(); }
  std::unique_ptr<PartialSet> begin(const std::string& id) override;
  std::vector<std::string> ids() const override;
  Manifest manifest(const std::string& id) const override;
  void read(const std::string& id, const std::string& object, ByteSink& to, const std::stop_token& stop) const override;

 private:
  std::filesystem::path folder_;  // of the job
};

// Whether the set in `folder` was committed. Throws Error::unavailable when that cannot be seen.
bool is_committed_set(const std::filesystem::path& folder);

}  // namespace pgvigil
